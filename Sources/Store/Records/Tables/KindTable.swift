import SyncCore

/// The SQL of one kind: its plain table and the statements that read and write its rows.
final class KindTable: Sendable {
  let shape: KindShape
  let kind: Kind
  /// As in `KindShape`; copied, because they are read for every cell.
  let fields: [Field]
  let registers: [Register]
  let registerOfField: [Int]

  let selectRow: String
  let insertRow: String
  let upsertRow: String
  let deleteRow: String

  init(_ kind: Kind) {
    shape = KindShape(kind)
    self.kind = kind
    fields = shape.fields
    registers = shape.registers
    registerOfField = shape.registerOfField
    let shared = fields
    let keys = kind.key.map(\.name.sql)
    let values = ["federation"] + shared.map(\.name.sql)
    let all = keys + values
    let whereKey = keys.enumerated().map { "\($1)=?\($0 + 1)" }.joined(separator: " AND ")
    selectRow = "SELECT \(values.joined(separator: ",")) FROM \(kind.name) WHERE \(whereKey)"
    insertRow =
      "INSERT INTO \(kind.name)(\(all.joined(separator: ","))) VALUES("
      + all.indices.map { "?\($0 + 1)" }.joined(separator: ",") + ")"
    upsertRow =
      insertRow + " ON CONFLICT(\(keys.joined(separator: ","))) DO UPDATE SET "
      + values.map { "\($0)=excluded.\($0)" }.joined(separator: ",")
    deleteRow = "DELETE FROM \(kind.name) WHERE \(whereKey)"
  }

  var isShared: Bool { shape.isShared }

  /// The register with an id; nil for one that the kind has not.
  func register(_ id: RegisterID) -> Register? { registers.first { $0.id == id } }

  func registerIndex(id: RegisterID) -> Int? { shape.registerIndex(id: id) }

  func fieldIndex(id: FieldID) -> Int? { shape.fieldIndex(id: id) }

  func fieldIndex(named name: String) -> Int? { fields.firstIndex { $0.name.sameBytes(as: name) } }

  /// The triggers by name.
  var triggers: [(name: String, sql: String)] { KindTriggers(shape).all }

  // MARK: The table

  /// - Parameter federation: the node's own, which a clerk need not type.
  func createTable(federation: String, named name: String? = nil) -> String {
    var columns = kind.key.map { "\($0.name.sql) TEXT NOT NULL" + ColumnChecks.key($0) }
    if isShared {
      columns.append("federation TEXT NOT NULL DEFAULT '\(federation)'" + ColumnChecks.federation(own: federation))
    }
    columns += kind.fields.map(Self.column)
    columns.append("PRIMARY KEY(\(kind.key.map(\.name.sql).joined(separator: ", ")))")
    columns.append(ColumnChecks.wholeKey(kind))
    return "CREATE TABLE \(name ?? kind.name)(\n  " + columns.joined(separator: ",\n  ") + ") WITHOUT ROWID"
  }

  /// The definition of one field's column, as in CREATE TABLE and ALTER TABLE ADD COLUMN.
  static func column(_ field: Field) -> String {
    "\(field.name.sql) \(field.type.isInteger ? "INTEGER" : "TEXT")" + ColumnChecks.field(field)
  }
}

extension String {
  /// The name of a column as SQL takes it even where it is a word of the language, such as `on`.
  var sql: String { "\"\(replacing("\"", with: "\"\""))\"" }
}
