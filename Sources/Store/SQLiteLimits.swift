import CSQLiteShim
import GRDB
import GRDBSQLite

/// What SQLite may do with a file that somebody else may have prepared; set on every connection before its schema is
/// read. High enough for whatever clerks build beside the kinds' tables.
enum SQLiteLimits {
  /// Bytes of one value or row. The heads of one record may hold many large values.
  static let valueBytes: Int32 = 256 << 20
  /// Bytes of one statement, those of the schema included.
  static let statementBytes: Int32 = 1 << 20
  /// Columns of a table, an index, a result.
  static let columns: Int32 = 2000
  /// How deep expressions may nest, and how many SELECTs one statement may combine.
  static let expressionDepth: Int32 = 250
  static let combinedSelects: Int32 = 100
  /// Operations of a compiled statement.
  static let operations: Int32 = 1_000_000
  static let functionArguments: Int32 = 100
  /// Databases beside the main one: one at most, in which the log is folded again.
  static let attached: Int32 = 1
  static let patternBytes: Int32 = 4096
  static let variables: Int32 = 1000
  /// How deep a clerk's triggers may call each other.
  static let triggerDepth: Int32 = 50
  static let workerThreads: Int32 = 0

  /// Sets all of it, and what SQLite offers against a hostile file: no writing of the schema by hand, no functions with
  /// effects in it, cells of every page checked, nothing mapped into memory.
  static func apply(to handle: SQLiteConnection) {
    for (limit, value) in [
      (SQLITE_LIMIT_LENGTH, valueBytes), (SQLITE_LIMIT_SQL_LENGTH, statementBytes), (SQLITE_LIMIT_COLUMN, columns),
      (SQLITE_LIMIT_EXPR_DEPTH, expressionDepth), (SQLITE_LIMIT_COMPOUND_SELECT, combinedSelects),
      (SQLITE_LIMIT_VDBE_OP, operations), (SQLITE_LIMIT_FUNCTION_ARG, functionArguments),
      (SQLITE_LIMIT_ATTACHED, attached), (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, patternBytes),
      (SQLITE_LIMIT_VARIABLE_NUMBER, variables), (SQLITE_LIMIT_TRIGGER_DEPTH, triggerDepth),
      (SQLITE_LIMIT_WORKER_THREADS, workerThreads),
    ] {
      sqlite3_limit(handle, limit, value)
    }
    birlik_sqlite_set_defensive(handle, 1)
    birlik_sqlite_set_trusted_schema(handle, 0)
  }
}
