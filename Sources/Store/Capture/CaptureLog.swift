import SyncCore

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
