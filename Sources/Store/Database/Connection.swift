import CSQLiteShim
import GRDB
import GRDBSQLite
import SyncCore

/// One connection to the store's file, for use from one thread at a time.
///
/// GRDB opens it and keeps its statements; the hot path binds and steps through SQLite's C functions, which is twice as
/// fast as argument arrays.
final class Connection {
  let database: Database
  /// The file's path, for messages.
  let path: String
  /// What was left out of the schema when that was last looked for.
  var unreadable: [UnreadableObject] = []
  private var statements: [String: Prepared] = [:]

  init(_ database: Database, path: String = "") {
    self.database = database
    self.path = path
  }

  /// Runs `body` where SQLite lets the schema's version be written, which it otherwise refuses.
  func withoutDefense(_ body: () throws -> Void) rethrows {
    guard let handle = database.sqliteConnection else { return try body() }
    birlik_sqlite_set_defensive(handle, 0)
    defer { birlik_sqlite_set_defensive(handle, 1) }
    try body()
  }

  /// Runs `body` where what is written counts as a clerk's edits: triggers note it, and SQLite checks it.
  func capturing<Value>(_ body: () throws -> Value) throws -> Value {
    try execute("PRAGMA ignore_check_constraints=OFF")
    let handle = database.sqliteConnection
    if let handle { birlik_sqlite_set_triggers(handle, 1) }
    defer {
      if let handle { birlik_sqlite_set_triggers(handle, 0) }
      // A flag of the connection: setting it does not touch the file, and where it failed SQLite only checks more.
      try? execute("PRAGMA ignore_check_constraints=ON")
    }
    return try body()
  }

  /// Runs `body` where renaming a table looks at nothing else in the schema, and changes nothing else: otherwise SQLite
  /// refuses beside a broken view, and lets views and references follow the table.
  func withoutFollowingNames(_ body: () throws -> Void) throws {
    try execute("PRAGMA legacy_alter_table=ON")
    // A flag of the connection, as above.
    defer { try? execute("PRAGMA legacy_alter_table=OFF") }
    // A defensive connection refuses beside what it cannot read.
    try withoutDefense(body)
  }

  /// A statement that is compiled once and reset after use.
  func prepared(_ sql: String) throws -> Prepared {
    if let known = statements[sql] { return known }
    let statement = try wrapping("preparing a statement") { try database.makeStatement(sql: sql) }
    let prepared = Prepared(statement, connection: database.sqliteConnection)
    statements[sql] = prepared
    return prepared
  }

  /// Forgets all statements, as when tables change.
  func forgetStatements() {
    statements = [:]
    epoch += 1
  }

  /// Counts how often statements were forgotten.
  private(set) var epoch = 0

  func execute(_ sql: String) throws {
    try wrapping("writing to the database") { try database.execute(sql: sql) }
  }

  /// The value of a PRAGMA that has one number.
  func pragma(_ name: String) throws -> Int64 {
    let statement = try prepared("PRAGMA \(name)")
    defer { statement.reset() }
    return try statement.step() ? statement.int64(0) : 0
  }

  /// How many rows a table has, or the part of it that a condition names.
  func count(_ source: String) throws -> Int {
    let statement = try prepared("SELECT count(*) FROM \(source)")
    defer { statement.reset() }
    return try statement.step() ? statement.int(0) : 0
  }

  /// The columns of a table, in order; none where there is no such table.
  func columns(of table: String, in schema: String = "main") throws -> [String] {
    let select = try prepared("SELECT name FROM pragma_table_info(?1, ?2)")
    select.bind(1, text: table)
    select.bind(2, text: schema)
    var names: [String] = []
    while try select.step() { names.append(select.string(0)) }
    return names
  }

  /// How many rows the last statement changed.
  var changes: Int32 { sqlite3_changes(database.sqliteConnection) }

  /// The row id that the last INSERT gave.
  var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(database.sqliteConnection) }

  /// Runs `body` in one transaction; rolls back on any error.
  ///
  /// - Parameter locks: false where the write lock is not to be taken at once.
  func transaction<Value>(locks: Bool = true, _ body: () throws -> Value) throws -> Value {
    if locks { try beginWriting() } else { try execute("BEGIN") }
    do {
      let value = try body()
      LockWaiting.set(LockWaiting.committing, on: database.sqliteConnection)
      defer { LockWaiting.set(LockWaiting.usual, on: database.sqliteConnection) }
      try execute("COMMIT")
      return value
    } catch {
      // A full disk or a lost lock may have rolled back already.
      endStrayTransaction()
      throw error
    }
  }

  /// Takes the write lock, in a rollback journal wherever that can be had.
  private func beginWriting() throws {
    try execute("BEGIN IMMEDIATE")
    let mode = JournalMode(self)
    guard try mode.endangersWriting() else { return }
    try execute("ROLLBACK")
    guard mode.leaveWAL() else { throw JournalMode.hindrance(path) }
    try execute("BEGIN IMMEDIATE")
    guard try mode.endangersWriting() else { return }
    // Another program was quicker.
    try execute("ROLLBACK")
    throw JournalMode.hindrance(path)
  }

  /// Runs `body` in one transaction that reads.
  func reading<Value>(_ body: () throws -> Value) throws -> Value {
    try execute("BEGIN")
    // Nothing was written, so an end that fails loses nothing.
    defer { for end in ["COMMIT", "ROLLBACK"] where isInTransaction { try? execute(end) } }
    return try body()
  }

  /// Rolls back what an error left open.
  func endStrayTransaction() {
    if isInTransaction { try? execute("ROLLBACK") }
  }

  private var isInTransaction: Bool { database.sqliteConnection.map { sqlite3_get_autocommit($0) == 0 } ?? false }

  private func wrapping<Value>(_ operation: String, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as DatabaseError {
      if let refusal = unknownFunction(error.message ?? "", operation) { throw refusal }
      throw StoreError(
        sqlite: error.resultCode.rawValue, message: error.message ?? "", operation, on: database.sqliteConnection)
    }
  }
}
