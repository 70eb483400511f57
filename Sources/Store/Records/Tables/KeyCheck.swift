import SyncCore

/// Checks keys of one kind one after the other. Neighbours share most columns, which are looked at once.
struct KeyCheck {
  private let table: KindTable
  /// The last proper text of each column.
  private var known: [[UInt8]]

  init(_ table: KindTable) {
    self.table = table
    known = Array(repeating: [], count: table.kind.key.count)
  }

  /// True for a key that may be shown.
  mutating func isProper(_ key: RecordKey) -> Bool {
    var start = 0
    for column in known.indices {
      guard start <= key.bytes.count else { return false }
      var end = start
      while end < key.bytes.count, key.bytes[end] != RecordKey.separator { end += 1 }
      let text = key.bytes[start..<end]
      if text.isEmpty { return false }
      if !text.elementsEqual(known[column]) {
        let type = table.kind.key[column].type
        let isPlain = (type == .text || type.isReference) && text.count < 256 && text.allSatisfy { $0 > 0 && $0 < 128 }
        guard isPlain || Validity.problem(key: Array(text), type) == nil else { return false }
        known[column] = Array(text)
      }
      start = end + 1
    }
    return start == key.bytes.count + 1
  }
}

extension FieldType {
  var isReference: Bool { if case .ref = self { true } else { false } }
}
