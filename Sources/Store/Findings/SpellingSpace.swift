import SyncCore

/// Texts of which two that look alike probably mean one thing: the keys of a kind together with all references to them, or
/// the words of one column of a key.
///
/// `org_unit` with its codes, the units of returns and the parents of links is one; `figure.measure` is another.
struct SpellingSpace {
  /// A column that uses the texts.
  struct Use {
    var table: KindTable
    var column: String
    var isKey: Bool
    /// Whether SQLite finds rows by it: the first column of the key.
    var isIndexed: Bool
  }

  /// The kind whose keys they are; nil for mere words.
  let registered: KindTable?
  let uses: [Use]
  /// `org_unit`, or `figure.measure`.
  let title: String

  /// The kind that findings name.
  var kind: String { (registered ?? uses.first?.table)?.kind.name ?? "" }

  /// All of a catalog, in the catalog's order.
  static func all(of tables: [KindID: KindTable]) -> [SpellingSpace] {
    let tables = tables.sorted { $0.key < $1.key }.map(\.value)
    var spaces: [SpellingSpace] = []
    for table in tables {
      let keys = table.kind.key
      if keys.count == 1, keys.first?.type == .text {
        let uses = tables.flatMap { Self.uses(of: table.kind.name, in: $0) }
        spaces.append(SpellingSpace(registered: table, uses: uses, title: table.kind.name))
      } else {
        for (index, column) in keys.enumerated() where column.type == .text {
          let use = Use(table: table, column: column.name, isKey: true, isIndexed: index == 0)
          spaces.append(SpellingSpace(registered: nil, uses: [use], title: "\(table.kind.name).\(column.name)"))
        }
      }
    }
    return spaces
  }

  private static func uses(of kind: String, in table: KindTable) -> [Use] {
    func refers(_ type: FieldType) -> Bool {
      if case .ref(let target) = type { target.sameBytes(as: kind) } else { false }
    }
    let keys = table.kind.key.enumerated().filter { refers($1.type) }.map {
      Use(table: table, column: $1.name, isKey: true, isIndexed: $0 == 0)
    }
    return keys
      + table.kind.fields.filter { refers($0.type) }.map {
        Use(table: table, column: $0.name, isKey: false, isIndexed: false)
      }
  }

  // MARK: Reading

  /// Calls `body` with every text of the space, until it returns false: the keys that are registered, and what is used and
  /// not registered. One that several columns use comes several times.
  ///
  /// - Parameter isQuick: leaves columns out for which a whole table would be read.
  func each(
    _ connection: Connection, isQuick: Bool = false, _ body: (UnsafeBufferPointer<UInt8>) -> Bool
  ) throws {
    var sources = uses.filter { !isQuick || $0.isIndexed }.map(unregistered)
    if let registered { sources.insert("SELECT \(Self.key(registered)) FROM \(registered.kind.name)", at: 0) }
    for source in sources {
      let select = try connection.prepared(source)
      defer { select.reset() }
      while try select.step() {
        guard select.withBytes(0, body) else { return }
      }
    }
  }

  func isRegistered(_ text: [UInt8], _ connection: Connection) throws -> Bool {
    guard let registered else { return false }
    let select = try connection.prepared("SELECT 1 FROM \(registered.kind.name) WHERE \(Self.key(registered))=?1")
    select.bind(1, text: text)
    defer { select.reset() }
    return try select.step()
  }

  /// A record that uses a text, by an indexed column: reading whole tables for it would take long.
  func user(of text: [UInt8], _ connection: Connection) throws -> (use: Use, record: FoundRecord)? {
    for use in uses where use.isIndexed {
      let select = try connection.prepared(
        "SELECT \(FoundRecord.columns(use.table)) FROM \(use.table.kind.name) WHERE \(use.column.sql)=?1 LIMIT 1")
      select.bind(1, text: text)
      defer { select.reset() }
      if try select.step() { return (use, FoundRecord(select, use.table)) }
    }
    return nil
  }

  private static func key(_ table: KindTable) -> String { table.kind.key.first?.name.sql ?? "''" }

  private func unregistered(_ use: Use) -> String {
    let (name, column) = (use.table.kind.name, use.column.sql)
    let isMissing = registered.map {
      "NOT EXISTS(SELECT 1 FROM \($0.kind.name) AS r WHERE r.\(Self.key($0))=u.text)"
    }
    // Going from one text to the next by the key needs a step for each text, and not for each row.
    let texts =
      use.isIndexed
      ? "WITH RECURSIVE u(text) AS (SELECT min(\(column)) FROM \(name) UNION ALL "
        + "SELECT (SELECT min(\(column)) FROM \(name) WHERE \(column)>u.text) FROM u WHERE u.text IS NOT NULL) "
        + "SELECT text FROM u WHERE text IS NOT NULL"
      : "SELECT text FROM (SELECT DISTINCT \(column) AS text FROM \(name) WHERE \(column)<>'') AS u WHERE 1"
    return texts + (isMissing.map { " AND \($0)" } ?? "")
  }
}
