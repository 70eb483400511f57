import Dispatch

/// Runs blocking work, such as a transaction, outside the threads that Swift's tasks share.
package func offload<Value: Sendable, Failure: Error>(
  _ body: @escaping @Sendable () throws(Failure) -> Value
) async throws(Failure) -> Value {
  let result = await withCheckedContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(returning: Result(catching: body)) }
  }
  return try result.get()
}
