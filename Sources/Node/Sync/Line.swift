import SyncCore
import Synchronization

/// What the line to headquarters carries, as far as one sync has found out.
final class Line: Sendable {
  private struct State {
    var size: LineSize
    var takesParts = true
    var laggingCatalog: Int?
    /// Bytes of messages that went over whole.
    var moved = 0
  }

  /// So many bytes have to go over before a line counts as better than it was.
  private static let trial = 512 << 10

  private let state: Mutex<State>

  init(_ size: LineSize) { state = Mutex(State(size: size)) }

  /// How many bytes one message may have; nil while the line carries any.
  var bytes: Int? { state.withLock { $0.size.bytes } }

  /// Whether headquarters takes messages in parts, as far as is known.
  var takesParts: Bool { state.withLock { $0.takesParts } }

  /// How large a batch or an answer is asked for: some parts long, because each is stored in a transaction of its own.
  var answerLimit: Int { state.withLock { $0.size.answerLimit } }

  /// What the next sync begins with.
  var remembered: Int64? { state.withLock { $0.size.remembered(isTried: $0.moved >= Self.trial) } }

  /// The version of headquarters' catalog, where it is an earlier one than this node's and nobody heard of it yet.
  func takeLaggingCatalog() -> Int? {
    state.withLock { state in
      defer { state.laggingCatalog = nil }
      return state.laggingCatalog
    }
  }

  func setLaggingCatalog(_ version: Int) { state.withLock { $0.laggingCatalog = version } }

  func messageBroke() -> Bool { state.withLock { $0.size.messageBroke() } }
  func messageArrived() { state.withLock { $0.size.messageArrived() } }
  func refuseParts() { state.withLock { $0.takesParts = false } }

  /// Counts a message that went over.
  func count(_ bytes: Int) { state.withLock { $0.moved += bytes } }
}
