#pragma once
#include <sqlite3.h>

/// `sqlite3_db_config` and `sqlite3_config` are C-variadic, which Swift cannot call.
/// Each function below is one typed call of theirs and returns SQLite's result code.
int birlik_sqlite_set_triggers(sqlite3 *db, int enabled);
int birlik_sqlite_set_trusted_schema(sqlite3 *db, int enabled);
int birlik_sqlite_set_defensive(sqlite3 *db, int enabled);
/// Keeps statement journals in memory and does not count memory, which takes a lock at every allocation.
/// To be called before SQLite is first used; later it does nothing and returns `SQLITE_MISUSE`.
int birlik_sqlite_configure(void);
