import SyncCore

/// The SQL of one kind: its plain table, its triggers, and the statements that read and write its rows.
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

  func registerIndex(id: Int) -> Int? { shape.registerIndex(id: id) }

  func fieldIndex(id: Int) -> Int? { shape.fieldIndex(id: id) }

  func fieldIndex(named name: String) -> Int? { fields.firstIndex { $0.name.sameBytes(as: name) } }

  // MARK: The table

  /// - Parameter federation: the node's own, which a clerk need not type.
  func createTable(federation: String, named name: String? = nil) -> String {
    var columns = kind.key.map { "\($0.name.sql) TEXT NOT NULL " + Self.textCheck($0.name, nullable: false) }
    if isShared {
      columns.append(
        "federation TEXT NOT NULL DEFAULT '\(federation)' " + Self.textCheck("federation", nullable: false))
    }
    columns += kind.fields.map(Self.column)
    columns.append("PRIMARY KEY(\(kind.key.map(\.name.sql).joined(separator: ", ")))")
    return "CREATE TABLE \(name ?? kind.name)(\n  " + columns.joined(separator: ",\n  ") + ") WITHOUT ROWID"
  }

  /// The definition of one field's column, as in CREATE TABLE and ALTER TABLE ADD COLUMN.
  static func column(_ field: Field) -> String {
    guard field.type.isInteger else { return "\(field.name.sql) TEXT " + textCheck(field.name, nullable: true) }
    return
      "\(field.name.sql) INTEGER CONSTRAINT \"\(field.name) must be a whole number or NULL\" "
      + "CHECK(\(field.name.sql) IS NULL OR typeof(\(field.name.sql))='integer')"
  }

  private static func textCheck(_ name: String, nullable: Bool) -> String {
    "CONSTRAINT \"\(name) must be text\(nullable ? " or NULL" : "")\" "
      + "CHECK(\(nullable ? "\(name.sql) IS NULL OR " : "")typeof(\(name.sql))='text')"
  }

  // MARK: Triggers

  private static let now = "CAST((julianday('now')-2440587.5)*86400000.0+0.5 AS INTEGER)"

  /// The triggers by name. Permanent and in plain SQL, so that any SQLite client captures with nothing loaded.
  var triggers: [(name: String, sql: String)] {
    guard isShared else { return [] }
    return (kind.appendOnly ? appendOnlyTriggers : updateTriggers) + commonTriggers
  }

  private func trigger(_ name: String, _ event: String, _ body: [String]) -> (name: String, sql: String) {
    let full = "birlik_\(kind.name)_\(name)"
    return (full, "CREATE TRIGGER \(full) \(event) BEGIN \(body.map { $0 + ";" }.joined(separator: " ")) END")
  }

  private func capture(_ mask: Int64, _ row: String) -> String {
    let places = kind.key.indices.map { "k\($0 + 1)" }.joined(separator: ",")
    let keys = kind.key.map { "\(row).\($0.name.sql)" }.joined(separator: ",")
    return "INSERT INTO birlik_capture(kind,mask,ms,\(places)) VALUES(\(kind.id),\(mask),\(Self.now),\(keys))"
  }

  private var noteOldValues: String {
    let places = fields.map { "v\($0.id)" }
    let values = fields.map { "OLD.\($0.name.sql)" }
    return
      "INSERT INTO birlik_old(\((["capture"] + places).joined(separator: ","))) "
      + "VALUES(\((["last_insert_rowid()"] + values).joined(separator: ",")))"
  }

  private func sameKey(_ prefix: String) -> String {
    kind.key.map { "\($0.name.sql)=\(prefix).\($0.name.sql)" }.joined(separator: " AND ")
  }

  private var commonTriggers: [(name: String, sql: String)] {
    let standing = "SELECT 1 FROM \(kind.name) WHERE \(sameKey("NEW")) AND federation IS NOT NEW.federation"
    return [
      trigger("insert", "AFTER INSERT ON \(kind.name)", [capture(-1, "NEW")]),
      trigger(
        "federation",
        "BEFORE UPDATE OF federation ON \(kind.name) WHEN OLD.federation IS NOT NEW.federation",
        ["SELECT RAISE(ABORT,'\(kind.name).federation is set once')"]),
      // OR REPLACE goes round the one above.
      trigger(
        "replace", "BEFORE INSERT ON \(kind.name) WHEN EXISTS(\(standing))",
        ["SELECT RAISE(ABORT,'\(kind.name).federation is set once')"]),
      // So does UPDATE OR REPLACE of a key.
      trigger(
        "moved",
        "BEFORE UPDATE OF \(kind.key.map(\.name.sql).joined(separator: ",")) ON \(kind.name) WHEN EXISTS(\(standing))",
        ["SELECT RAISE(ABORT,'\(kind.name).federation is set once')"]),
    ]
  }

  private var updateTriggers: [(name: String, sql: String)] {
    let keys = kind.key.map(\.name.sql)
    let moved = keys.map { "OLD.\($0) IS NOT NEW.\($0)" }.joined(separator: " OR ")
    var triggers = [
      trigger("delete", "AFTER DELETE ON \(kind.name)", [capture(0, "OLD"), noteOldValues]),
      trigger(
        "key", "AFTER UPDATE OF \(keys.joined(separator: ",")) ON \(kind.name) WHEN \(moved)",
        [capture(0, "OLD"), noteOldValues, capture(-1, "NEW")]),
    ]
    for register in registers {
      let columns = register.fields.map(\.name.sql)
      guard !columns.isEmpty else { continue }
      let differs = columns.map { "OLD.\($0) IS NOT NEW.\($0)" }.joined(separator: " OR ")
      triggers.append(
        trigger(
          String(register.id), "AFTER UPDATE OF \(columns.joined(separator: ",")) ON \(kind.name) WHEN \(differs)",
          [capture(1 << Int64(register.id), "NEW")]))
      if register.rule == .frozen { triggers += frozenTriggers(register) }
    }
    return triggers
  }

  /// A frozen field is set once: an empty one may be filled, a filled one not changed.
  private func frozenTriggers(_ register: Register) -> [(name: String, sql: String)] {
    register.fields.flatMap { field in
      let message = "SELECT RAISE(ABORT,'\(kind.name).\(field.name) is set once')"
      // An upsert that does not name the field fires this as well; what OR REPLACE empties comes back when it is sealed.
      let standing =
        "SELECT 1 FROM \(kind.name) WHERE \(sameKey("NEW")) AND \(field.name.sql)<>NEW.\(field.name.sql)"
      return [
        trigger(
          "frozen_\(field.id)",
          "BEFORE UPDATE OF \(field.name.sql) ON \(kind.name) "
            + "WHEN OLD.\(field.name.sql) IS NOT NULL AND OLD.\(field.name.sql) IS NOT NEW.\(field.name.sql)",
          [message]),
        trigger("frozen_replace_\(field.id)", "BEFORE INSERT ON \(kind.name) WHEN EXISTS(\(standing))", [message]),
      ]
    }
  }

  private var appendOnlyTriggers: [(name: String, sql: String)] {
    let columns = ["federation"] + fields.map(\.name.sql)
    let all = kind.key.map(\.name.sql) + columns
    let differs = all.map { "OLD.\($0) IS NOT NEW.\($0)" }.joined(separator: " OR ")
    let other = columns.map { "\($0) IS NOT NEW.\($0)" }.joined(separator: " OR ")
    let standing = "SELECT 1 FROM \(kind.name) WHERE \(sameKey("NEW")) AND (\(other))"
    return [
      trigger(
        "fixed", "BEFORE UPDATE ON \(kind.name) WHEN \(differs)",
        ["SELECT RAISE(ABORT,'\(kind.name) is written once: enter a new record beside the old one')"]),
      trigger(
        "kept", "BEFORE DELETE ON \(kind.name)",
        ["SELECT RAISE(ABORT,'\(kind.name) is written once: its records are not deleted')"]),
      trigger(
        "once", "BEFORE INSERT ON \(kind.name) WHEN EXISTS(\(standing))",
        ["SELECT RAISE(ABORT,'\(kind.name) is written once: another value stands under this key')"]),
    ]
  }
}

extension String {
  /// The name of a column as SQL takes it even where it is a word of the language, such as `on`.
  var sql: String { "\"\(replacing("\"", with: "\"\""))\"" }
}
