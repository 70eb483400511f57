import SyncCore
import Wire

/// The sealed edits of this node that a batch is made of, by record.
struct OwnEdits {
  /// The edits of one record in one channel.
  struct Edits {
    var clocks: Set<Clock> = []
    var registers: Set<RegisterKey> = []
    /// Whether a whole row was written or deleted, so that every register may have changed.
    var isWhole = false

    /// Whether a change is one of them, or was made with knowledge of one.
    func isOrBefore(_ logged: LoggedChange) -> Bool {
      clocks.contains { clock in
        clock.stream == logged.clock.stream
          ? clock.sequence <= logged.clock.sequence : logged.seen.covers(clock)
      }
    }
  }

  private(set) var records: [KindID: [RecordKey: [ChannelNumber: Edits]]] = [:]
  private(set) var count = 0

  private let transaction: Transaction
  /// How much earlier than its own clock a node may have sealed what it captured: then older segments are not opened.
  private static let margin: Int64 = 7 * 86_400_000

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// Adds what was captured since a time.
  mutating func add(since time: Int64) throws {
    try add(after: { _ in 0 }, stopsBefore: time) { $0.captured >= time }
  }

  /// Adds what was captured of a kind within a time.
  mutating func add(of kind: KindID, captured: ClosedRange<Int64>) throws {
    try add(after: { _ in 0 }, stopsBefore: captured.lowerBound) {
      $0.kind == kind && captured.contains($0.captured)
    }
  }

  /// Adds what was sealed after one sequence of each stream, through another.
  mutating func add(after start: [StreamNumber: Int64], through end: [StreamNumber: Int64]) throws {
    try add(after: { start[$0] ?? 0 }, stopsBefore: nil, through: { end[$0] ?? 0 }) { _ in true }
  }

  private mutating func add(
    after start: (StreamNumber) -> Int64, stopsBefore time: Int64?,
    through end: (StreamNumber) -> Int64 = { _ in Int64.max },
    where isWanted: (Change) -> Bool
  ) throws {
    let log = transaction.log
    for (number, stream) in log.streams.numbered where transaction.directory.isOwn(stream.origin.node) {
      guard let channel = transaction.directory.number(of: stream.channel) else { continue }
      // The latest first: of older ones only the last is opened.
      for id in try log.numbers(of: number, after: start(number), limit: Int.max).reversed() {
        guard let logged = try log.segment(id), logged.hasBody, logged.first <= end(number) else { continue }
        // One that cannot be read here is listed by `birlik verify`.
        guard let blocks = try? Segment(bytes: logged.bytes).blocks() else { continue }
        var sequence = logged.first
        var latest = Int64.min
        for change in blocks.flatMap(\.changes) {
          defer { sequence &+= 1 }
          latest = max(latest, change.captured)
          guard sequence > start(number), sequence <= end(number), isWanted(change),
            transaction.table(change.kind)?.isShared == true
          else { continue }
          add(change, Clock(stream: number, sequence: sequence, time: change.time), channel)
        }
        if let time, latest < time &- Self.margin { break }
      }
    }
  }

  private mutating func add(_ change: Change, _ clock: Clock, _ channel: ChannelNumber) {
    count += 1
    var edits = records[change.kind]?[change.key]?[channel] ?? Edits()
    edits.clocks.insert(clock)
    edits.registers.formUnion(change.registers.map(\.key))
    if change.operation != .edit { edits.isWhole = true }
    records[change.kind, default: [:]][change.key, default: [:]][channel] = edits
  }
}
