import CSQLiteShim
import GRDB
import GRDBSQLite
import Limits

extension SQLiteLimits {
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
