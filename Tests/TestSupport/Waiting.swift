import Synchronization

/// How long a test waits for what a busy machine does late. Nothing takes that long unless it never comes.
public let patience = Duration.seconds(60)

/// Asks again and again until `condition` holds, for what nobody reports by itself.
///
/// - Parameter what: what is waited for, for the error.
/// - Throws: `TestProblem` when it does not hold in time.
public func waitUntil(
  _ what: @autoclosure () -> String, within limit: Duration = patience, _ condition: () async throws -> Bool
) async throws {
  let end = ContinuousClock.now + limit
  while try await !condition() {
    guard ContinuousClock.now < end else { throw TestProblem("not within \(limit): \(what())") }
    try await Task.sleep(for: .milliseconds(20))
  }
}

/// Holds up whoever waits until it is opened, or until a time is over: the test then fails by what it expects.
public final class Gate: Sendable {
  private let state = Mutex((isOpen: false, waiting: [AsyncStream<Never>.Continuation]()))

  public init() {}

  /// Lets all go on that wait, and all that come later.
  public func open() {
    let waiting = state.withLock { state in
      defer { state = (true, []) }
      return state.waiting
    }
    for continuation in waiting { continuation.finish() }
  }

  /// Waits until the gate is open.
  public func wait(within limit: Duration = patience) async {
    let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
    let isOpen = state.withLock { state in
      if !state.isOpen { state.waiting.append(continuation) }
      return state.isOpen
    }
    if isOpen { return }
    let timer = Task {
      try await Task.sleep(for: limit)
      continuation.finish()
    }
    defer { timer.cancel() }
    for await _ in stream {}
  }
}
