import Dispatch

/// Sends HTTP requests through libcurl, one after the other, over connections that it keeps.
///
/// Never follows redirects, speaks plain HTTP with this machine only and TLS 1.2 or later with all others. Waiting
/// happens on a queue of its own, so no thread of Swift's pool is blocked.
public final class HTTPClient: Sendable {
  private let queue = DispatchQueue(label: "birlik.transport")
  private let handle: EasyHandle

  /// - Parameters:
  ///   - userAgent: who the requests say they come from.
  ///   - trust: by what the server is known.
  ///   - caFile: certificates to trust in place of the system's, in PEM.
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
