import Glibc
import Hummingbird
import HummingbirdCore
import Limits
import Logging
import NIOCore
import ServiceLifecycle

/// Headquarters' HTTP server: `POST /v1/exchange`, `/v1/snapshot`, `/v1/join` and `/v1/renew-key`, and `GET /health`.
///
/// Shuts down gracefully with its `ServiceGroup`: idle connections close at once, the others after their answer.
public final class HeadquartersServer: Service {
  private let service: any HeadquartersService
  private let host: String
  private let port: Int
  private let certificate: CurrentCertificate?
  private let limits: ServerLimits
  private let logger: Logger
  private let onReady: @Sendable (Int) async -> Void

  /// - Parameters:
  ///   - host: the address to listen on.
  ///   - port: 0 for any free one.
  ///   - certificate: for TLS; nil for plain HTTP, which `run` refuses on any address that other machines reach.
  ///   - onReady: called with the port when the server listens.
  public init(
    service: any HeadquartersService, host: String = "127.0.0.1", port: Int, certificate: CurrentCertificate? = nil,
    limits: ServerLimits = ServerLimits(), logger: Logger,
    onReady: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
  ) {
    self.service = service
    self.host = host
    self.port = port
    self.certificate = certificate
    self.limits = limits
    self.logger = logger
    self.onReady = onReady
  }

  /// Serves until the graceful shutdown or the cancellation of the task.
  ///
  /// - Throws: `ServerError` when the address cannot be listened on.
  public func run() async throws {
    guard certificate != nil || ListenAddress.isLoopback(host) else { throw ServerError.plain(host: host, port: port) }
    let limits = limits
    let onReady = onReady
    let table = ConnectionTable(limits: limits)
    var channel = HTTP1Channel.Configuration(
      additionalChannelHandlers: [ConnectionGuard(limits: limits, table: table)],
      idleTimeout: TimeAmount(limits.idleTime))
    channel.httpDecoder = .init(
      maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
      maxHeaderFieldCount: limits.headerCount)
    let server: HTTPServerBuilder =
      if let certificate {
        .secure(certificate, handshakeTime: limits.handshakeTime, configuration: channel)
      } else { .http1(configuration: channel) }
    let application = Application(
      responder: Edge(service: service, limits: limits),
      server: server,
      configuration: ApplicationConfiguration(
        address: .hostname(host, port: port),
        availableConnectionsDelegate: .maximum(limits.connections + limits.spareConnections, logger: logger)),
      onServerRunning: { await onReady($0.localAddress?.port ?? 0) },
      logger: logger)
    do {
      try await application.run()
    } catch let error as CancellationError {
      throw error
    } catch {
      throw serverError(error)
    }
  }

  private func serverError(_ error: any Error) -> ServerError {
    let place = ListenAddress.text(host: host, port: port)
    let operation = "starting the server"
    switch (error as? IOError)?.errnoCode {
    case EADDRINUSE:
      return ServerError(
        code: .addressInUse, operation: operation,
        hint: "stop that program, or listen on another port with --listen, and send the nodes the line of `birlik pin`",
        detail: "another program listens on \(place) already")
    case EADDRNOTAVAIL:
      return ServerError(
        code: .addressRefused, operation: operation,
        hint: "listen on an address that `ip address` lists, or on 127.0.0.1",
        detail: "\(place) is no address of this machine")
    case EACCES:
      return ServerError(
        code: .addressRefused, operation: operation,
        hint: "listen on a port from 1024 on, or let the service have it (CAP_NET_BIND_SERVICE; see birlik.service)",
        detail: "this user may not listen on \(place)")
    default:
      if error is SocketAddressError.UnknownHost {
        return ServerError(
          code: .addressRefused, operation: operation, hint: "write an address of this machine, such as 127.0.0.1:8650",
          detail: "no machine is called \(host)")
      }
      return ServerError(
        code: .failed, operation: operation, hint: "look at the log of the system",
        detail: "\(place) cannot be listened on: \(error)")
    }
  }
}
