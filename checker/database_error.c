/* SQLite's failures as ours. */
#include "checker/database_error.h"

enum status database_failed(sqlite3 *db, const char *what, struct error *error)
{
    int code = sqlite3_errcode(db), extended = sqlite3_extended_errcode(db);
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(error, STATUS_IO, "%s: another process keeps it locked; try again when that is done", what);
    case SQLITE_FULL:
        return error_set(error, STATUS_NO_SPACE, "%s: %s", what, sqlite3_errmsg(db));
    case SQLITE_NOMEM:
        return error_set(error, STATUS_NO_MEMORY, "%s: no memory", what);
    case SQLITE_NOTADB:
        return error_set(error, STATUS_UNSUPPORTED, "%s: not a database", what);
    case SQLITE_CORRUPT:
        return error_set(error, STATUS_UNSUPPORTED, "%s: a damaged database: %s", what, sqlite3_errmsg(db));
    case SQLITE_READONLY:
        if (extended == SQLITE_READONLY_ROLLBACK || extended == SQLITE_READONLY_RECOVERY)
            return error_set(
                error, STATUS_IO,
                "%s: whoever wrote it was interrupted; `warrant check --db` on it, as its owner, puts it right", what);
        break;
    default:
        break;
    }
    return error_set(error, STATUS_IO, "%s: %s", what, sqlite3_errmsg(db));
}
