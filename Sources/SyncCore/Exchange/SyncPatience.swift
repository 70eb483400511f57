/// Counts rounds that bring the sides no closer, so that a sync ends whatever the peer answers.
struct SyncPatience: Sendable {
  /// Rounds without progress: one shows the other's marks, one more confirms them.
  static let idleRounds = 2
  /// Rounds in which nothing goes either way, whatever frontiers the peer shows.
  static let barrenRounds = 16
  /// How often all that the peer lacked may be sent to a peer that gives nothing back.
  static let sendings: Int64 = 4

  /// Rounds in a row without progress.
  private(set) var idle = 0
  /// Rounds in a row in which no segment went either way.
  private var barren = 0
  /// Rounds in a row in which nothing new came.
  private var unanswered = 0
  /// Changes sent in the whole sync, and the most that the peer was ever found to lack.
  private var sent: Int64 = 0
  private var mostLacking: Int64 = 0
  /// Changes that this side held when the sync began, and how many it holds more since.
  private let heldAtFirst: Int64
  private var added: Int64 = 0

  /// - Parameter frontier: what this side holds when the sync begins.
  init(holding frontier: [FrontierEntry]) { heldAtFirst = Self.changes(frontier) }

  /// Counts what was sealed or absorbed since the sync began: of a large bulk the peer lacks more from part to part, which
  /// is no repetition.
  mutating func countHeld(_ frontier: [FrontierEntry]) {
    added = max(added, Self.changes(frontier).subtractingReportingOverflow(heldAtFirst).partialValue)
  }

  private static func changes(_ frontier: [FrontierEntry]) -> Int64 {
    frontier.reduce(0) { sum, entry in
      let (more, overflow) = sum.addingReportingOverflow(max(0, entry.tip.sequence))
      return overflow ? Int64.max : more
    }
  }

  /// Counts the changes of a request that was answered.
  mutating func countSent(_ changes: Int) { sent += Int64(changes) }

  /// Counts a round.
  ///
  /// - Parameters:
  ///   - received: segments that were new here.
  ///   - isMoving: whether either side's frontier changed.
  ///   - batch: what is sent next.
  mutating func countRound(received: Int, isMoving: Bool, next batch: SyncBatch) {
    idle = isMoving ? 0 : idle + 1
    barren = received > 0 || batch.segments > 0 ? 0 : barren + 1
    unanswered = received > 0 ? 0 : unanswered + 1
    mostLacking = max(mostLacking, batch.lacking)
  }

  var isExhausted: Bool { idle > Self.idleRounds || barren > Self.barrenRounds || isRepeating }

  /// Whether a peer that claims to lack the same for ever is sent it again and again.
  private var isRepeating: Bool { unanswered > Self.barrenRounds && isMoreThanEnough }

  private var isMoreThanEnough: Bool {
    let (most, overflow) = mostLacking.addingReportingOverflow(added)
    return !overflow && sent / Self.sendings > most
  }
}
