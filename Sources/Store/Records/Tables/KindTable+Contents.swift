import SyncCore

extension KindTable {
  var setMask: Int64 { shape.setMask }

  /// True when the catalog allows every value and sets stand in canonical form.
  func isProper(_ row: ShownRow) -> Bool {
    for (index, value) in row.values.enumerated() {
      if problem(value, field: index) != nil { return false }
      // An empty set is shown as NULL: heads do not tell them apart.
      if fields[index].type == .set, case .text(let json) = value {
        guard let set = TextSet(json: json), set.json == json, !set.elements.isEmpty else { return false }
      }
    }
    return true
  }

  /// A row's values by register: a set's elements one by one, a group's fields together.
  func contents(of row: ShownRow) -> [RegisterKey: Content] { shape.contents { row.values[$0] } }

  /// A set's elements. Text that is no JSON array is kept as one element that no valid set could hold.
  func elements(_ json: [UInt8]) -> [[UInt8]] { shape.elements(json) }

  /// Why the catalog does not allow a register's content, with the field's name; nil when it does.
  func problem(_ content: Content, of key: RegisterKey) -> (field: String, value: Value, reason: String)? {
    shape.problem(content, of: key)
  }

  /// Why the catalog does not allow a value in one of `fields`.
  func problem(_ value: Value, field index: Int) -> String? { shape.problem(value, field: index) }

  /// Binds the columns of a key to the first places of a statement.
  func bindKey(_ key: RecordKey, _ statement: Prepared) {
    var start = 0
    for column in kind.key.indices {
      var end = start
      while end < key.bytes.count, key.bytes[end] != RecordKey.separator { end += 1 }
      statement.bind(column + 1, text: key.bytes[start..<end])
      start = Swift.min(end + 1, key.bytes.count)
    }
  }

  /// Why a record with this key is not shown; nil for a proper key.
  func problem(key: RecordKey) -> (field: String, reason: String)? { shape.problem(key: key) }
}

extension KindTable {
  /// All columns a person may name.
  var columnNames: [String] {
    kind.key.map(\.name) + (isShared ? ["federation"] : []) + kind.fields.map(\.name)
  }

  func unknownField(_ name: String) -> StoreError {
    StoreError(
      .unknown, "reading the fields", "\(kind.name) has no field '\(name)'",
      hint: "it has \(columnNames.joined(separator: ", "))")
  }

  /// The key that a person wrote, columns joined by `/`.
  ///
  /// - Throws: `StoreError` with code `invalid` for text that is no key of the kind.
  func key(written text: String) throws(StoreError) -> RecordKey {
    guard let key = RecordKey(written: text, columnCount: kind.key.count) else {
      throw StoreError(
        .invalid, "reading the key", "'\(text)' is not a key of \(kind.name)",
        hint: "write \(kind.key.map(\.name).joined(separator: "/"))")
    }
    return key
  }
}

extension KindTable {
  /// The value of a shared field in a row; nil for another column.
  func value(named name: String, in row: ShownRow) -> Value? {
    fieldIndex(named: name).flatMap { row.values.indices.contains($0) ? row.values[$0] : nil }
  }

  /// Which columns of a row are amounts, and in which currency.
  func amounts(_ row: ShownRow?) -> Amounts {
    Amounts(kind) { name in row.flatMap { value(named: name, in: $0) } }
  }

  /// The type of a field or key column; text for every other column.
  func type(of column: String) -> FieldType {
    kind.key.first { $0.name.sameBytes(as: column) }?.type ?? kind.field(named: column)?.type ?? .text
  }
}
