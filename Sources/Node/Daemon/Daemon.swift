import Foundation
import Logging
import Server
import ServiceLifecycle
import Store
import SyncCore
import UnixSignals
import Wire

/// `birlik serve`: headquarters answers exchanges, a federation syncs on a schedule and when rows change.
public enum Daemon {
  /// Runs until SIGTERM or SIGINT.
  ///
  /// - Throws: `NodeError` or `ServerError` if it cannot start, `StoreError` if it has to be started again.
  public static func run(node: LocalNode, settings: DaemonSettings, logger: Logger) async throws {
    let lock = try DaemonLock(database: node.store.path, logger: logger)
    defer { lock.release() }
    let notifier = ServiceNotifier(environment: ProcessInfo.processInfo.environment)
    var services: [any Service] = [Watchdog(notifier: notifier)]
    if node.store.identity.role.isHeadquarters {
      services += try await offload { try headquarters(node, settings, logger, notifier) }
    } else {
      services.append(Follower(node: node, settings: settings, logger: logger, notifier: notifier))
    }
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    defer { notifier.stopping() }
    try await group.run()
  }

  private static func headquarters(
    _ node: LocalNode, _ settings: DaemonSettings, _ logger: Logger, _ notifier: ServiceNotifier
  ) throws -> [any Service] {
    let address = try settings.listen ?? node.store.listen() ?? ServerPlace.usual
    let (host, port) = try parse(address)
    let files = try node.serverFiles(settings.tls)
    let certificate = try files.map { CurrentCertificate(try $0.load()) }
    let server = HeadquartersServer(
      service: try node.service(logger: logger), host: host, port: port, certificate: certificate, logger: logger
    ) { bound in
      let place = ListenAddress.text(host: host, port: bound)
      if settings.listen != nil, !ListenAddress.isWildcard(host) { await listens(node, on: place, logger) }
      logger.info("listening on \(place)", metadata: ["tls": certificate == nil ? "off" : "on"])
      notifier.ready()
      notifier.status("serving on \(place)")
    }
    var services: [any Service] = [server, SealingLoop(store: node.store, logger: logger)]
    if let files, let certificate {
      services.append(CertificateWatch(files: files, current: certificate, logger: logger))
      if files.key.place == .handedOver {
        services.append(ServerKeyWatch(pin: try files.trust().pin.base64, store: node.store, logger: logger))
      }
    }
    return services
  }

  /// Remembers where the server listens from now on, where that was named and is another place than before: invitations
  /// and the line of `birlik pin` name it.
  private static func listens(_ node: LocalNode, on place: String, _ logger: Logger) async {
    do {
      guard let before = try await offload({ try node.store.listen() }), before != place else { return }
      try await offload { try node.store.setListen(place) }
      logger.notice(
        "headquarters listened on \(before) before: nodes that reach it there need the line of `birlik pin`")
    } catch {
      logger.warning("where the server listens could not be written down", metadata: ["reason": "\(error)"])
    }
  }

  /// `host:port`, with an IPv6 address in brackets.
  static func parse(_ address: String) throws -> (host: String, port: Int) {
    guard let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]),
      (0...65_535).contains(port), colon > address.startIndex
    else {
      throw NodeError(
        .config, "reading the address to listen on", "'\(address)' is no host:port", hint: "write 127.0.0.1:8650")
    }
    return (address[..<colon].trimmingBrackets, port)
  }
}

extension Substring {
  fileprivate var trimmingBrackets: String {
    hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : String(self)
  }
}
