import Limits
import SyncCore

/// Writes rows as a clerk does: plain SQL on the plain table, with triggers.
struct ClerkWriter {
  private let table: KindTable
  private let types: [(name: String, type: FieldType, isPrivate: Bool)]
  private let update: Prepared?
  private let insert: Prepared
  private let exists: Prepared
  private let connection: Connection

  /// - Parameter fields: the columns besides the key that will be written, by name.
  /// - Throws: `StoreError` with code `unknown` for a column that the kind has not.
  init(_ table: KindTable, fields: [String], _ connection: Connection) throws {
    self.table = table
    self.connection = connection
    types = try fields.map { name in
      if name.sameBytes(as: "federation"), table.isShared { return (name, .text, false) }
      guard let field = table.kind.field(named: name) else { throw table.unknownField(name) }
      return (name, field.type, field.isLocal || !table.isShared)
    }
    let keys = table.kind.key.map(\.name.sql)
    let fields = fields.map(\.sql)
    let whereKey = keys.enumerated().map { "\($1)=?\($0 + 1)" }.joined(separator: " AND ")
    let all = keys + fields
    insert = try connection.prepared(
      "INSERT INTO \(table.kind.name)(\(all.joined(separator: ", "))) VALUES("
        + all.indices.map { "?\($0 + 1)" }.joined(separator: ", ") + ")")
    exists = try connection.prepared("SELECT 1 FROM \(table.kind.name) WHERE \(whereKey)")
    let sets = fields.enumerated().map { "\($1)=?\(keys.count + $0 + 1)" }.joined(separator: ", ")
    let differs = fields.enumerated().map { "\($1) IS NOT ?\(keys.count + $0 + 1)" }.joined(separator: " OR ")
    update =
      fields.isEmpty
      ? nil
      : try connection.prepared("UPDATE \(table.kind.name) SET \(sets) WHERE \(whereKey) AND (\(differs))")
  }

  /// Creates or edits one row.
  ///
  /// - Parameters:
  ///   - values: one text for each field; empty means NULL.
  ///   - checks: whether a value that the catalog does not allow is refused, as for a person who can mend it at once.
  func write(_ key: RecordKey, values: [String], checks: Bool) throws -> EditOutcome {
    let key = table.shape.normal(key: key) ?? key
    let parsed = try parsed(values, checks: checks)
    for (index, column) in key.columns.enumerated() { exists.bind(index + 1, text: column) }
    let isThere = try exists.step()
    exists.reset()
    if checks { try check(key, parsed, isThere: isThere) }
    guard let statement = isThere ? update : insert else { return .unchanged }
    for (index, column) in key.columns.enumerated() { statement.bind(index + 1, text: column) }
    for (index, value) in parsed.enumerated() { statement.bind(key.columns.count + index + 1, value) }
    do {
      try statement.step()
    } catch {
      // SQLite says "CHECK constraint failed: …" or gives a trigger's sentence.
      let words = error.detail.replacing("CHECK constraint failed: ", with: "")
      let name = table.isShared ? "\(table.kind.name) \(key.display)" : table.kind.name
      throw StoreError(error.code, "writing \(name)", words, hint: error.hint)
    }
    return isThere ? (connection.changes > 0 ? .changed : .unchanged) : .created
  }

  /// The values that texts mean: one for each field.
  func parsed(_ texts: [String], checks: Bool) throws -> [Value] {
    try texts.enumerated().map { try value($1, at: $0, checks: checks) }
  }

  /// Refuses what could not be sealed, so that nothing of it waits in the inbox later.
  ///
  /// - Parameter isThere: whether the record is there already. Then it may be edited even if nobody could type its key.
  private func check(_ key: RecordKey, _ values: [Value], isThere: Bool) throws {
    if let problem = isThere ? table.shape.problem(key: key) : table.shape.problem(typedKey: key) {
      throw StoreError(.invalid, "reading the key", "\(problem.field): \(problem.reason)")
    }
    guard table.isShared else { return }
    if key.bytes.count > WireLimits.keyBytes {
      throw StoreError(.invalid, "reading the key", "the key is longer than \(WireLimits.keyBytes) bytes")
    }
    let bytes = values.reduce(0) { if case .text(let text) = $1 { $0 + text.count } else { $0 } }
    if bytes > StoreLimits.recordBytes {
      throw StoreError(
        .invalid, "reading the fields", "the values are longer than \(StoreLimits.recordBytes) bytes together")
    }
    for (index, value) in values.enumerated() where types[index].name.sameBytes(as: "federation") {
      guard case .text(let code) = value, !FederationCode.isValid(String(decoding: code, as: UTF8.self)) else {
        continue
      }
      throw StoreError(
        .invalid, "reading the fields", "federation: '\(String(decoding: code, as: UTF8.self))' is no code like ftuu")
    }
  }

  private func value(_ text: String, at index: Int, checks: Bool) throws -> Value {
    let (name, type, isPrivate) = types[index]
    if text.isEmpty { return .null }
    var value = Value.text(text)
    if type.isInteger {
      guard let number = Int64(text) else {
        let shown = isPrivate ? "the value" : "'\(text)'"
        throw StoreError(.invalid, "reading the fields", "\(name): \(shown) is not a whole number")
      }
      value = .integer(number)
    }
    value = TypedValue.normal(value, type)
    if type == .set, case .text(let bytes) = value, let set = TextSet(json: bytes) { value = .text(set.json) }
    if checks, let reason = isPrivate ? Validity.problem(private: value, type) : Validity.problem(value, type) {
      throw StoreError(.invalid, "reading the fields", "\(name): \(reason)")
    }
    return value
  }
}
