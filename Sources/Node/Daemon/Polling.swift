import ServiceLifecycle

/// Work that a service does at once and then again after every pause, until it is shut down.
///
/// `AsyncTimerSequence` of swift-async-algorithms would be no shorter: it begins with a pause, and these services have to
/// look at once.
enum Polling {
  /// Repeats `body` with its state. A shutdown or a cancellation ends the pause at once.
  static func every<State: Sendable>(
    _ pause: Duration, from state: State, _ body: @escaping @Sendable (inout State) async throws -> Void
  ) async rethrows {
    try await cancelWhenGracefulShutdown {
      var state = state
      while !Task.isCancelled {
        try await body(&state)
        do { try await Task.sleep(for: pause) } catch { return }
      }
    }
  }
}
