import HTTPTypes
import Limits
import NIOCore
import NIOHTTPTypes

/// The body of a request did not arrive in time.
struct BodyDeadlineExceeded: Error {}

/// Puts deadlines on whole requests and closes connections gently; one for each connection.
///
/// The server's idle timeout restarts with every part of a body, so a slow body could hold its connection for ever. After
/// a response with `Connection: close` the server would go on reading the rest of the request; this handler closes the
/// connection.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let limits: ServerLimits
  private let table: ConnectionTable
  private var isCounted = false
  private var bodyDeadline: Scheduled<Void>?
  private var requestDeadline: Scheduled<Void>?
  private var lingerDeadline: Scheduled<Void>?
  /// Heads received whose response is not over; more than one when a client does not wait for answers.
  private var unanswered = 0
  private var closesAfterResponse = false
  private var isLingering = false
  private var lingeredBytes = 0

  init(limits: ServerLimits, table: ConnectionTable) {
    self.limits = limits
    self.table = table
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { count(context) }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    cancelDeadlines()
    table.remove(context.channel)
  }

  func channelActive(context: ChannelHandlerContext) {
    count(context)
    context.fireChannelActive()
  }

  private func count(_ context: ChannelHandlerContext) {
    guard !isCounted else { return }
    isCounted = true
    if !table.add(context.channel) { context.close(promise: nil) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    cancelDeadlines()
    table.remove(context.channel)
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = Self.unwrapInboundIn(data)
    if isLingering { return discard(part, context) }
    switch part {
    case .head:
      unanswered += 1
      if unanswered == 1 { table.mark(context.channel, isIdle: false) }
      bodyDeadline?.cancel()
      bodyDeadline = schedule(limits.bodyTime, context) { $0.fireErrorCaught(BodyDeadlineExceeded()) }
      if unanswered == 1 { startRequestDeadline(context) }
    case .body: break
    case .end:
      bodyDeadline?.cancel()
      bodyDeadline = nil
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch Self.unwrapOutboundIn(data) {
    case .head(let head):
      if head.headerFields[.connection] == "close" { closesAfterResponse = true }
      context.write(data, promise: promise)
    case .body:
      context.write(data, promise: promise)
    case .end:
      unanswered -= 1
      if unanswered == 0 { table.mark(context.channel, isIdle: true) }
      requestDeadline?.cancel()
      requestDeadline = nil
      guard closesAfterResponse else {
        if unanswered > 0 { startRequestDeadline(context) }
        return context.write(data, promise: promise)
      }
      context.writeAndFlush(data, promise: promise)
      linger(context)
    }
  }

  private func linger(_ context: ChannelHandlerContext) {
    isLingering = true
    bodyDeadline?.cancel()
    lingerDeadline = schedule(limits.lingerTime, context) { $0.close(promise: nil) }
    context.close(mode: .output, promise: nil)
  }

  private func discard(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
    if case .body(let buffer) = part { lingeredBytes += buffer.readableBytes }
    if case .end = part { return context.close(promise: nil) }
    if lingeredBytes > limits.lingerBytes { context.close(promise: nil) }
  }

  private func startRequestDeadline(_ context: ChannelHandlerContext) {
    requestDeadline = schedule(limits.requestTime, context) { $0.close(promise: nil) }
  }

  private func schedule(
    _ time: Duration, _ context: ChannelHandlerContext, _ action: @escaping (ChannelHandlerContext) -> Void
  ) -> Scheduled<Void> {
    // Cancelled when the handler is removed or the connection closes, so the context is alive whenever this runs.
    context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) { action(context) }
  }

  private func cancelDeadlines() {
    for deadline in [bodyDeadline, requestDeadline, lingerDeadline] { deadline?.cancel() }
    (bodyDeadline, requestDeadline, lingerDeadline) = (nil, nil, nil)
  }
}
