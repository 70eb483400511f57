import SyncCore

/// A key as a clerk's program stored it, column by column: it may be one that no record can have.
///
/// The columns of a `RecordKey` are joined by a zero byte. One that holds a zero byte itself would stand for another
/// record, and a BLOB is never equal to the text with the same bytes. So such a key is never made a `RecordKey`: the
/// edit is kept in the inbox, and its row goes.
struct TypedKey: Hashable {
  struct Column: Hashable {
    var bytes: [UInt8]
    var isBlob: Bool
  }

  var columns: [Column]

  /// Reads the columns of a key from a row.
  init(_ statement: Prepared, columns: some Sequence<Int>) {
    self.columns = columns.map { Column(bytes: statement.bytes($0), isBlob: statement.isBlob($0)) }
  }

  init(_ key: RecordKey) { columns = key.columns.map { Column(bytes: $0, isBlob: false) } }

  /// Whether a row's key is one that no record can have. The common case costs a look at each byte.
  static func isUnusable(_ statement: Prepared, columns: some Sequence<Int>) -> Bool {
    columns.contains { statement.isBlob($0) || statement.withBytes($0) { $0.contains(RecordKey.separator) } }
  }

  /// Why no record can have the key, in words that continue "… was not taken because".
  func problem(_ kind: Kind) -> String {
    let number = columns.firstIndex { $0.isBlob || $0.bytes.contains(RecordKey.separator) } ?? 0
    let name = kind.key.indices.contains(number) ? kind.key[number].name : "key"
    let what = columns.indices.contains(number) && columns[number].isBlob ? "is a BLOB" : "holds a zero byte"
    return "its \(name) \(what), which no key may: type it with a key of plain text"
  }

  /// The key for people: as other keys, with `%00` for a zero byte and a BLOB as SQL writes it.
  var display: String {
    let parts = columns.map { column -> String in
      if column.isBlob { return "X'\(Hex.string(column.bytes))'" }
      let pieces = column.bytes.split(separator: RecordKey.separator, omittingEmptySubsequences: false)
      return pieces.map { RecordKey(columns: [Array($0)]).display }.joined(separator: "%00")
    }
    return parts.joined(separator: "/")
  }

  /// Binds the columns to the first places of a statement.
  func bind(_ statement: Prepared) {
    for (index, column) in columns.enumerated() {
      if column.isBlob {
        statement.bind(index + 1, blob: column.bytes)
      } else {
        statement.bind(index + 1, text: column.bytes)
      }
    }
  }
}
