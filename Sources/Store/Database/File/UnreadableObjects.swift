import CSQLiteShim
import GRDB
import GRDBSQLite

/// A view, trigger, index or table that this SQLite cannot read, as one that was written with a newer SQLite.
///
/// SQLite refuses the whole file because of one. Here the others are used all the same: nobody reads a clerk's view or
/// runs a clerk's trigger here. Only an index of a table that is written may not be passed over, for it would no longer
/// fit the table; then the file can be read, and nothing is written.
struct UnreadableObject: Equatable {
  var type: String
  var name: String
  /// The table to which it belongs; its own name for a table or a view.
  var table: String

  /// For a person, such as `view v`.
  var words: String { "\(type) \(name)" }

  private static var version: String { String(cString: sqlite3_libversion()) }

  /// What to know about objects that nothing here depends on; nil for none.
  static func warning(_ objects: [UnreadableObject]) -> String? {
    guard let first = objects.first else { return nil }
    let names = objects.map { "the \($0.words)" }.joined(separator: ", ")
    return
      "This machine's SQLite (\(version)) cannot read \(names): it was written with a newer SQLite. Birlik works without "
      + "it, but other programs on this machine may refuse the whole file as malformed. A program with the newer SQLite "
      + "removes it: \(first.drop)"
  }

  /// Why nothing can be read or written because of this one.
  func refusal(_ operation: String) -> StoreError { Self.refusal(words, drop, operation) }

  private static func refusal(_ words: String, _ drop: String, _ operation: String) -> StoreError {
    StoreError(
      .newerSQLite, operation,
      "this machine's SQLite (\(version)) cannot read the \(words), which was written with a newer SQLite",
      hint:
        "\(drop) in the program that made it, or install the newer SQLite here; nothing was lost, so restore nothing")
  }

  private var drop: String { type == "table" ? "write it without what is new" : "DROP \(type.uppercased()) \(name)" }

  /// The refusal that SQLite's own message means; nil for other messages.
  static func refusal(message: String, _ operation: String) -> StoreError? {
    let prefix = "malformed database schema ("
    guard message.hasPrefix(prefix) else { return nil }
    let rest = message.dropFirst(prefix.count)
    guard let end = rest.firstIndex(of: ")") else { return nil }
    // A name that is no name, and no sentence after it, is damage.
    let reason = rest[end...].dropFirst()
    guard !rest[..<end].isEmpty, ["error", "unrecognized token", "no such"].contains(where: { reason.contains($0) })
    else { return nil }
    let name = String(rest[..<end])
    return refusal("object \(name)", "drop \(name)", operation)
  }
}

extension Connection {
  /// Reads the schema without what cannot be read if there is such a thing.
  ///
  /// - Returns: whether there is.
  /// - Throws: `StoreError` with code `busy` when the schema cannot be read now.
  @discardableResult
  func tolerateUnreadableObjects() throws(StoreError) -> Bool {
    guard let handle = database.sqliteConnection else { return false }
    birlik_sqlite_set_lenient_schema(handle, 0)
    let code = stepsIntoSchema(handle)
    guard code & 0xFF != SQLITE_BUSY else { throw StoreError(sqlite: code, message: "", "reading the schema") }
    guard code & 0xFF == SQLITE_CORRUPT,
      String(cString: sqlite3_errmsg(handle)).hasPrefix("malformed database schema")
    else { return false }
    birlik_sqlite_set_lenient_schema(handle, 1)
    // The first statement after it may still fail.
    _ = stepsIntoSchema(handle)
    return true
  }

  /// Runs a statement before which SQLite reads the schema if it changed.
  private func stepsIntoSchema(_ handle: SQLiteConnection) -> Int32 {
    var statement: SQLiteStatement?
    defer { sqlite3_finalize(statement) }
    let code = sqlite3_prepare_v2(handle, "SELECT 1 FROM sqlite_master LIMIT 1", -1, &statement, nil)
    return code == SQLITE_OK ? sqlite3_step(statement) : code
  }

  /// Finds out what is left out, and leaves out from now on what other programs add.
  func lookForUnreadableObjects() throws {
    unreadable = try tolerateUnreadableObjects() ? findUnreadableObjects() : []
    leaveOutUnreadableObjects()
  }

  /// The same where the schema was just read.
  func beginLenientReading() throws {
    guard let handle = database.sqliteConnection else { return }
    if birlik_sqlite_has_lenient_schema(handle) != 0 { unreadable = try findUnreadableObjects() }
    leaveOutUnreadableObjects()
  }

  private func leaveOutUnreadableObjects() {
    guard let handle = database.sqliteConnection else { return }
    birlik_sqlite_set_lenient_schema(handle, 1)
  }

  /// Checks that nothing was left out that what is written depends on.
  ///
  /// - Parameter isUsed: whether a table is one of the file's own.
  /// - Throws: `StoreError` with code `newerSQLite`.
  func checkUnreadableObjects(types: Set<String>, _ isUsed: (String) -> Bool) throws {
    let hindrance = unreadable.first { object in
      object.name.lowercased().hasPrefix("birlik_") || types.contains(object.type) && isUsed(object.table)
    }
    if let hindrance { throw hindrance.refusal("using the database") }
  }

  /// Finds what is written in the schema and was left out of it.
  ///
  /// - Throws: `StoreError` with code `damaged` where the schema names pages that cannot be right.
  private func findUnreadableObjects() throws -> [UnreadableObject] {
    let pages = try prepared(
      "SELECT 1 FROM sqlite_master WHERE rootpage<0 OR rootpage>(SELECT page_count FROM pragma_page_count) UNION ALL "
        + "SELECT 1 FROM sqlite_master WHERE rootpage>0 GROUP BY rootpage HAVING count(*)>1")
    defer { pages.reset() }
    guard try !pages.step() else {
      throw StoreError(
        .damaged, "opening the database", "the database file is damaged",
        hint: "restore a backup: what headquarters has comes back")
    }
    let select = try prepared(
      "SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql IS NOT NULL "
        + "AND (rootpage>0 OR type IN ('view', 'trigger')) AND type IN ('table', 'index', 'view', 'trigger')")
    var found: [UnreadableObject] = []
    while try select.step() {
      let object = UnreadableObject(type: select.string(0), name: select.string(1), table: select.string(2))
      // SQLite compiles this, and it is not run, only for what it knows.
      let drop = "DROP \(object.type) main.\(object.name.sql)"
      var statement: SQLiteStatement?
      let isKnown = sqlite3_prepare_v2(database.sqliteConnection, drop, -1, &statement, nil) == SQLITE_OK
      sqlite3_finalize(statement)
      if !isKnown { found.append(object) }
    }
    return found
  }

  /// The refusal that SQLite's message about a function of a newer SQLite means, with the objects that use it; nil for
  /// other messages.
  func unknownFunction(_ message: String, _ operation: String) -> StoreError? {
    let prefixes = ["unknown function: ", "no such function: "]
    guard let prefix = prefixes.first(where: message.hasPrefix) else { return nil }
    let function = message.dropFirst(prefix.count).prefix { $0 != "(" }
    // It cannot recur: these statements call no such function.
    let select = try? prepared("SELECT type, name FROM sqlite_master WHERE instr(lower(sql), lower(?1)) LIMIT 3")
    select?.bind(1, text: "\(function)")
    var users: [String] = []
    while (try? select?.step()) == true { users.append("the \(select?.string(0) ?? "") \(select?.string(1) ?? "")") }
    return StoreError(
      .newerSQLite, operation,
      "\(users.isEmpty ? "something in the file" : users.joined(separator: ", ")) uses the function \(function), which "
        + "this machine's SQLite does not know",
      hint: "drop it or write it without that function; nothing was lost, so restore nothing")
  }
}
