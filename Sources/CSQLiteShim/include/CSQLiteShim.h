#pragma once
#include <sqlite3.h>

/// `sqlite3_db_config` and `sqlite3_config` are C-variadic, which Swift cannot call.
/// Each function below is one typed call of theirs and returns SQLite's result code.
int birlik_sqlite_set_triggers(sqlite3 *db, int enabled);
int birlik_sqlite_set_trusted_schema(sqlite3 *db, int enabled);
int birlik_sqlite_set_defensive(sqlite3 *db, int enabled);
/// Leaves a file in WAL mode as it is when the connection closes.
int birlik_sqlite_set_no_checkpoint_on_close(sqlite3 *db, int enabled);
/// Leaves out of the schema what this SQLite cannot read, instead of refusing the whole file. The schema stays protected
/// from writing while the connection is defensive.
int birlik_sqlite_set_lenient_schema(sqlite3 *db, int enabled);
/// Whether that is so.
int birlik_sqlite_has_lenient_schema(sqlite3 *db);
/// Keeps statement journals in memory and does not count memory, which takes a lock at every allocation.
/// To be called before SQLite is first used; later it does nothing and returns `SQLITE_MISUSE`.
int birlik_sqlite_configure(void);
