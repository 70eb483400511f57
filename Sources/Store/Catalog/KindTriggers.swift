import SyncCore

/// The triggers that capture edits of one kind's table: permanent and in plain SQL, so that any SQLite client captures
/// with nothing loaded.
struct KindTriggers {
  private let kind: Kind
  private let fields: [Field]
  private let registers: [Register]

  init(_ shape: KindShape) {
    kind = shape.kind
    fields = shape.fields
    registers = shape.registers
  }

  private static let now = "CAST((julianday('now')-2440587.5)*86400000.0+0.5 AS INTEGER)"

  /// The triggers by name; none for a local kind, which is never captured.
  var all: [(name: String, sql: String)] {
    guard kind.recordClass != .local else { return [] }
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

  private var recordOldValues: String {
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
    let existing = "SELECT 1 FROM \(kind.name) WHERE \(sameKey("NEW")) AND federation IS NOT NEW.federation"
    return [
      trigger("insert", "AFTER INSERT ON \(kind.name)", [capture(-1, "NEW")]),
      trigger(
        "federation",
        "BEFORE UPDATE OF federation ON \(kind.name) WHEN OLD.federation IS NOT NEW.federation",
        ["SELECT RAISE(ABORT,'\(kind.name).federation is set once')"]),
      // OR REPLACE does not fire the trigger above.
      trigger(
        "replace", "BEFORE INSERT ON \(kind.name) WHEN EXISTS(\(existing))",
        ["SELECT RAISE(ABORT,'\(kind.name).federation is set once')"]),
      // Neither does UPDATE OR REPLACE of a key.
      trigger(
        "moved",
        "BEFORE UPDATE OF \(kind.key.map(\.name.sql).joined(separator: ",")) ON \(kind.name) WHEN EXISTS(\(existing))",
        ["SELECT RAISE(ABORT,'\(kind.name).federation is set once')"]),
    ]
  }

  private var updateTriggers: [(name: String, sql: String)] {
    let keys = kind.key.map(\.name.sql)
    let moved = keys.map { "OLD.\($0) IS NOT NEW.\($0)" }.joined(separator: " OR ")
    var triggers = [
      trigger("delete", "AFTER DELETE ON \(kind.name)", [capture(0, "OLD"), recordOldValues]),
      trigger(
        "key", "AFTER UPDATE OF \(keys.joined(separator: ",")) ON \(kind.name) WHEN \(moved)",
        [capture(0, "OLD"), recordOldValues, capture(-1, "NEW")]),
    ]
    for register in registers {
      let columns = register.fields.map(\.name.sql)
      guard !columns.isEmpty else { continue }
      let differs = columns.map { "OLD.\($0) IS NOT NEW.\($0)" }.joined(separator: " OR ")
      triggers.append(
        trigger(
          register.id.description, "AFTER UPDATE OF \(columns.joined(separator: ",")) ON \(kind.name) WHEN \(differs)",
          [capture(register.id.bit, "NEW")]))
      if register.rule == .frozen { triggers += frozenTriggers(register) }
    }
    return triggers
  }

  /// A frozen field is set once: an empty one may be filled, a filled one not changed.
  private func frozenTriggers(_ register: Register) -> [(name: String, sql: String)] {
    register.fields.flatMap { field in
      let message = "SELECT RAISE(ABORT,'\(kind.name).\(field.name) is set once')"
      // An upsert that does not name the field fires this as well, so NULL is let through: what OR REPLACE empties comes
      // back when it is sealed.
      let existing =
        "SELECT 1 FROM \(kind.name) WHERE \(sameKey("NEW")) AND \(field.name.sql)<>NEW.\(field.name.sql)"
      return [
        trigger(
          "frozen_\(field.id)",
          "BEFORE UPDATE OF \(field.name.sql) ON \(kind.name) "
            + "WHEN OLD.\(field.name.sql) IS NOT NULL AND OLD.\(field.name.sql) IS NOT NEW.\(field.name.sql)",
          [message]),
        trigger("frozen_replace_\(field.id)", "BEFORE INSERT ON \(kind.name) WHEN EXISTS(\(existing))", [message]),
      ]
    }
  }

  private var appendOnlyTriggers: [(name: String, sql: String)] {
    let columns = ["federation"] + fields.map(\.name.sql)
    let all = kind.key.map(\.name.sql) + columns
    let differs = all.map { "OLD.\($0) IS NOT NEW.\($0)" }.joined(separator: " OR ")
    let other = columns.map { "\($0) IS NOT NEW.\($0)" }.joined(separator: " OR ")
    let existing = "SELECT 1 FROM \(kind.name) WHERE \(sameKey("NEW")) AND (\(other))"
    return [
      trigger(
        "fixed", "BEFORE UPDATE ON \(kind.name) WHEN \(differs)",
        ["SELECT RAISE(ABORT,'\(kind.name) is written once: enter a new record beside the old one')"]),
      trigger(
        "kept", "BEFORE DELETE ON \(kind.name)",
        ["SELECT RAISE(ABORT,'\(kind.name) is written once: its records are not deleted')"]),
      trigger(
        "once", "BEFORE INSERT ON \(kind.name) WHEN EXISTS(\(existing))",
        ["SELECT RAISE(ABORT,'\(kind.name) is written once: another value stands under this key')"]),
    ]
  }
}
