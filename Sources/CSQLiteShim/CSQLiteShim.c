#include "CSQLiteShim.h"

int birlik_sqlite_set_triggers(sqlite3 *db, int enabled) {
  return sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, enabled, (int *)0);
}

int birlik_sqlite_set_trusted_schema(sqlite3 *db, int enabled) {
  return sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, enabled, (int *)0);
}

int birlik_sqlite_set_defensive(sqlite3 *db, int enabled) {
  return sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, enabled, (int *)0);
}

int birlik_sqlite_set_no_checkpoint_on_close(sqlite3 *db, int enabled) {
  return sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, enabled, (int *)0);
}

int birlik_sqlite_set_lenient_schema(sqlite3 *db, int enabled) {
  return sqlite3_db_config(db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, enabled, (int *)0);
}

int birlik_sqlite_has_lenient_schema(sqlite3 *db) {
  int enabled = 0;
  sqlite3_db_config(db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, -1, &enabled);
  return enabled;
}

int birlik_sqlite_configure(void) {
  int result = sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
  return result == SQLITE_OK ? sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) : result;
}
