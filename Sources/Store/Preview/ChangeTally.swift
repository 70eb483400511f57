import SyncCore
import Wire

/// What changes amount to, for a person who wants to know before they are made.
public struct ChangeTally: Sendable, Equatable {
  /// The changes of one kind.
  public struct Part: Sendable, Equatable {
    public var kind: String
    public var records = 0
    public var changes = 0
    /// The first few, each with the key of its record.
    public var first: [Row] = []
  }

  public struct Row: Sendable, Equatable {
    /// The key as people write it.
    public var key: String
    public var entry: HistoryEntry
  }

  /// How many changes of each kind are listed one by one.
  static let listed = 3

  /// By kind, in the catalog's order.
  public internal(set) var parts: [Part] = []
  public var changes: Int { parts.reduce(0) { $0 + $1.changes } }

  public init() {}
}

/// Counts changes segment by segment.
struct ChangeCounter {
  private var parts: [KindID: ChangeTally.Part] = [:]
  /// The distinct records of each kind.
  private var records: [KindID: Set<RecordKey>] = [:]

  mutating func add(_ segment: Segment, _ transaction: Transaction) throws {
    // One whose body cannot be read is kept by the absorber as well.
    guard let blocks = try? segment.blocks() else { return }
    let stream = try transaction.log.position(of: segment.hash)?.stream
    var sequence = segment.header.first
    for block in blocks {
      defer { sequence &+= Int64(block.count) }
      var part = parts[block.kind] ?? ChangeTally.Part(kind: "")
      part.changes += block.count
      var cursor = KindBlock.Cursor(block)
      for place in 0..<block.count {
        defer { cursor.pass(place, of: block) }
        let key = block.key(place)
        records[block.kind, default: []].insert(key)
        guard part.first.count < ChangeTally.listed, let stream, let table = transaction.table(block.kind) else {
          continue
        }
        let logged = LoggedChange(
          change: block.change(place, at: cursor),
          clock: Clock(stream: stream, sequence: sequence &+ Int64(place), time: block.times[place]),
          seen: VersionVector(), hash: segment.hash)
        if let entry = try HistoryReader(transaction).entry(logged, table) {
          part.first.append(ChangeTally.Row(key: key.display, entry: entry))
        }
      }
      parts[block.kind] = part
    }
  }

  func result(_ transaction: Transaction) -> ChangeTally {
    var tally = ChangeTally()
    tally.parts = parts.sorted { $0.key < $1.key }.map { kind, part in
      var part = part
      part.kind = transaction.table(kind)?.kind.name ?? SystemKind.kind(kind)?.name ?? "kind \(kind)"
      part.records = records[kind]?.count ?? 0
      return part
    }
    return tally
  }
}
