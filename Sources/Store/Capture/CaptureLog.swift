import SyncCore

/// Captured edits in order of kind and key, those of one record in the order in which they were typed.
struct CaptureLog {
  struct Entry {
    var kind: KindID
    /// The place of the key in `keys`.
    var key: Range<Int>
    var sequence: Int64
    var mask: Int64
    var at: Int64
  }

  /// An edit of a row whose key no record can have.
  struct Unusable {
    var kind: KindID
    var key: TypedKey
    var sequence: Int64
    var mask: Int64
    var at: Int64
  }

  private(set) var entries: [Entry] = []
  /// In the order in which they were typed.
  private(set) var unusable: [Unusable] = []
  private var keys: [UInt8] = []
  private(set) var lastSequence: Int64 = 0

  /// Adds an edit, later than all others.
  ///
  /// - Parameter key: appends the bytes of the record's key.
  mutating func append(kind: KindID, sequence: Int64, mask: Int64, at: Int64, key: (inout [UInt8]) -> Void) {
    let start = keys.count
    key(&keys)
    lastSequence = sequence
    entries.append(Entry(kind: kind, key: start..<keys.count, sequence: sequence, mask: mask, at: at))
  }

  /// Adds an edit of a row whose key no record can have, later than all others.
  mutating func append(_ edit: Unusable) {
    lastSequence = edit.sequence
    unusable.append(edit)
  }

  /// Takes out the edits that need not be sealed.
  mutating func remove(_ sequences: Set<Int64>) {
    if !sequences.isEmpty { entries.removeAll { sequences.contains($0.sequence) } }
  }

  /// Orders the edits by kind, key and sequence.
  mutating func sort() {
    // Imports come in order; sorting what is sorted would be the most expensive part of sealing.
    if !isSorted { entries = entries.sorted { precedes($0, $1) } }
  }

  var isEmpty: Bool { entries.isEmpty && unusable.isEmpty }

  /// How many edits there are, those of unusable keys included.
  var count: Int { entries.count + unusable.count }

  /// The captures of deletions that are one half of a key's change: the trigger captures the record under its new key
  /// right after, in the same moment.
  var moves: Set<Int64> {
    let insertions = Dictionary(
      entries.lazy.filter { $0.mask == -1 }.map { ($0.sequence, $0) }, uniquingKeysWith: { $1 })
    return Set(
      entries.lazy.filter { entry in
        guard entry.mask == 0, let next = insertions[entry.sequence &+ 1] else { return false }
        return next.kind == entry.kind && next.at == entry.at
      }.map(\.sequence))
  }

  func key(_ entry: Entry) -> RecordKey { RecordKey(bytes: Array(keys[entry.key])) }

  /// The runs of `entries` that are of one record each, in order.
  var records: some Sequence<Range<Int>> {
    sequence(state: 0) { start -> Range<Int>? in
      guard start < entries.count else { return nil }
      var end = start + 1
      while end < entries.count, sameRecord(entries[start], entries[end]) { end += 1 }
      defer { start = end }
      return start..<end
    }
  }

  private func sameRecord(_ a: Entry, _ b: Entry) -> Bool { a.kind == b.kind && compare(a, b) == 0 }

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
