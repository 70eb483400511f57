import SyncCore

/// What triggers noted of one record, folded in the order in which it was typed.
struct CapturedEdits {
  /// The bit that marks a captured edit which says again what is shown, to be sealed although nothing differs.
  static let confirmation: Int64 = 1 << 62

  /// Registers edited since the last deletion or insertion, one bit each.
  private(set) var edited: Int64 = 0
  /// The wall time of the last edit of each register, in milliseconds since 1970.
  private(set) var editedAt: [Int: Int64] = [:]
  /// The wall time of the insertion that stands, if any.
  private(set) var insertedAt: Int64?
  /// The capture that noted the first deletion and what the row held, and the wall time of the last one.
  private(set) var deletion: (sequence: Int64, at: Int64)?
  /// Registers edited before the first deletion; all where a row was written whole over the one that stood.
  private(set) var editedBeforeDeletion: Int64 = 0
  private(set) var lastAt: Int64 = 0

  mutating func add(sequence: Int64, mask: Int64, at time: Int64) {
    lastAt = time
    switch mask {
    case -1:
      insertedAt = time
      edited = 0
      editedAt = [:]
    case 0:
      // What an insertion brought and a deletion took away was never seen by anybody.
      if deletion == nil { editedBeforeDeletion = insertedAt == nil ? edited : Int64.max }
      deletion = (deletion?.sequence ?? sequence, time)
      insertedAt = nil
      edited = 0
    default:
      edited |= mask
      // Not the latest time but that of the last edit: clocks step back.
      for register in 1..<62 where mask & (1 << Int64(register)) != 0 { editedAt[register] = time }
    }
  }

  /// True when the changes can be told only from what was sealed before, which a row that was typed over lost: of sets
  /// the elements added and removed, of rows written whole over others the fields that differ.
  func needSealedValues(sets: Int64) -> Bool {
    if deletion == nil { return insertedAt != nil || edited & sets != 0 }
    return insertedAt == nil && editedBeforeDeletion != 0
  }

  /// True when a person decided a conflict and said again what is shown.
  var confirms: Bool { edited & Self.confirmation != 0 }

  func time(of register: Int) -> Int64 { editedAt[register] ?? lastAt }
}

/// All captured edits, by kind and key.
struct CaptureLog {
  struct Entry {
    var kind: Int
    /// The place of the key in `keys`.
    var key: Range<Int>
    var sequence: Int64
    var mask: Int64
    var at: Int64
  }

  private(set) var entries: [Entry] = []
  private var keys: [UInt8] = []
  private(set) var lastSequence: Int64 = 0

  /// Reads at most `limit` captured edits.
  init(_ connection: Connection, keyColumns: [Int: Int], limit: Int) throws {
    let statement = try connection.prepared(
      "SELECT seq, kind, mask, ms, k1, k2, k3, k4 FROM birlik_capture ORDER BY seq LIMIT ?1")
    statement.bind(1, limit)
    while try statement.step() {
      let start = keys.count
      let kind = statement.int(1)
      for column in 0..<(keyColumns[kind] ?? 1) {
        if column > 0 { keys.append(RecordKey.separator) }
        statement.withBytes(4 + column) { keys.append(contentsOf: $0) }
      }
      lastSequence = statement.int64(0)
      entries.append(
        Entry(
          kind: kind, key: start..<keys.count, sequence: lastSequence, mask: statement.int64(2), at: statement.int64(3))
      )
    }
    // Imports come in order; sorting what is sorted would be the dearest part of sealing.
    if !isSorted { entries = entries.sorted { precedes($0, $1) } }
  }

  var isEmpty: Bool { entries.isEmpty }

  func key(_ entry: Entry) -> RecordKey { RecordKey(bytes: Array(keys[entry.key])) }

  func sameRecord(_ a: Entry, _ b: Entry) -> Bool { a.kind == b.kind && compare(a, b) == 0 }

  private var isSorted: Bool {
    for index in entries.indices.dropFirst() where precedes(entries[index], entries[index - 1]) { return false }
    return true
  }

  private func precedes(_ a: Entry, _ b: Entry) -> Bool {
    if a.kind != b.kind { return a.kind < b.kind }
    let order = compare(a, b)
    return order == 0 ? a.sequence < b.sequence : order < 0
  }

  private func compare(_ a: Entry, _ b: Entry) -> Int {
    keys.withUnsafeBufferPointer { buffer in
      let x = buffer[a.key]
      let y = buffer[b.key]
      for (left, right) in zip(x, y) where left != right { return left < right ? -1 : 1 }
      return x.count - y.count
    }
  }
}
