import Dispatch

/// Sends HTTP requests through libcurl, one after the other, over connections that stay open.
///
/// Never follows redirects. Uses plain HTTP with this machine only, and TLS 1.2 or later with all others. A queue of its
/// own waits for libcurl, so no thread of Swift's pool is blocked.
public final class HTTPClient: Sendable {
  private let queue = DispatchQueue(label: "birlik.transport")
  private let handle: EasyHandle

  /// A client without open connections.
  ///
  /// - Parameters:
  ///   - userAgent: sent as `User-Agent`.
  ///   - trust: how the client recognizes the server.
  ///   - caFile: certificates to trust instead of the system's, in PEM.
  public init(userAgent: String = "birlik", trust: HTTPTrust = .authorities, caFile: String? = nil) {
    handle = EasyHandle(settings: .init(userAgent: userAgent, trust: trust, caFile: caFile))
  }

  /// Sends `request` and waits for the whole answer, of whatever status.
  ///
  /// Cancelling the task stops the transfer within about a second.
  public func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    let cancellation = Cancellation()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        queue.async { [handle] in
          continuation.resume(returning: handle.perform(request, cancellation: cancellation))
        }
      }
    } onCancel: {
      cancellation.cancel()
    }
    return try result.get()
  }
}
