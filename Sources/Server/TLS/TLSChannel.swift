import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOSSL
import NIOTLS

/// Adds TLS to another kind of connection, with the certificate that is current when the connection begins.
struct TLSChannel<Base: ServerChildChannel>: ServerChildChannel {
  let base: Base
  let certificate: CurrentCertificate
  let handshakeTime: Duration

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
    channel.eventLoop.makeCompletedFuture {
      let secure = NIOSSLServerHandler(context: certificate.value.context)
      try channel.pipeline.syncOperations.addHandler(secure)
      try channel.pipeline.syncOperations.addHandler(HandshakeGuard(time: handshakeTime))
    }.flatMap {
      base.setup(channel: channel, logger: logger)
    }
  }

  func handle(value: Base.Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}

extension HTTPServerBuilder {
  /// HTTP/1 over TLS.
  static func secure(
    _ certificate: CurrentCertificate, handshakeTime: Duration, configuration: HTTP1Channel.Configuration
  ) -> HTTPServerBuilder {
    HTTPServerBuilder { responder in
      TLSChannel(
        base: HTTP1Channel(responder: responder, configuration: configuration), certificate: certificate,
        handshakeTime: handshakeTime)
    }
  }
}

/// Closes a connection whose handshake takes too long, even when bytes keep coming; one for each connection.
final class HandshakeGuard: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let time: Duration
  private var deadline: Scheduled<Void>?

  init(time: Duration) { self.time = time }

  func handlerAdded(context: ChannelHandlerContext) {
    // Cancelled when the handler is removed or the connection closes, so the context is alive whenever this runs.
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) { context.close(promise: nil) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

  func channelInactive(context: ChannelHandlerContext) {
    deadline?.cancel()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent { deadline?.cancel() }
    context.fireUserInboundEventTriggered(event)
  }
}
