/* Opens audit databases, for reading and for writing.
 *
 * Invariants: only a regular file is opened, and one that is written is this user's own under this one name, so that
 * nobody is made to write elsewhere; no statement of ours meets a schema that is not exactly ours (schema.c compares
 * it), and triggers, functions with effects, other files and writes to the schema are off beside that. Readers never
 * wait for a writer: while there is one, the database has a log beside it (SQLite's WAL), and the last to close it
 * takes that away, so that at rest the database is one file. A reader that stays longer than a moment leaves
 * the log's files behind, empty of anything that the database lacks; the next writer takes them away. What is deleted
 * is written over. Left out on
 * purpose: who wrote the rows. A database is as trustworthy as whoever could write to it. docs/queries.md. */
#include "checker/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "checker/checker.h"
#include "checker/schema.h"

enum { PAUSE_MS = 20, CLOSE_MS = 2000, VALUE_BYTES_MAX = 64 << 20, STATEMENT_BYTES_MAX = 1 << 20 };
static const uint64_t second_ns = 1000000000, patience_ns = UINT64_C(3600) * 1000000000;

/* SQLite's busy handler: waits on, with patience. */
static int busy(void *self, int count)
{
    struct database_wait *wait = self;
    uint64_t now = elapsed_now_ns();
    if (count == 0)
        wait->since_ns = now;
    uint64_t waited = now - wait->since_ns;
    if (waited > patience_ns)
        return 0;
    if (wait->told && waited > second_ns)
        wait->told(wait->self, "waiting for another process that has the database", waited / second_ns, 0);
    sqlite3_sleep(PAUSE_MS);
    return 1;
}

/* SQLite opens these by name; a pipe there would hold it up for ever. */
static enum status beside_fine(const char *path, struct error *error)
{
    static const char *const suffixes[] = { "-journal", "-wal", "-shm" };
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char name[4096 + 16];
        struct stat st;
        if (snprintf(name, sizeof name, "%s%s", path, suffixes[i]) >= (int)sizeof name)
            return error_set(error, STATUS_LIMIT, "the database's name is too long");
        if (lstat(name, &st) == 0 && !S_ISREG(st.st_mode))
            return error_set(error, STATUS_DENIED, "%s is no regular file, so the database beside it is not opened",
                             name);
    }
    return STATUS_OK;
}

static enum status file_fine(const char *path, enum database_mode mode, struct stat *ret, struct error *error)
{
    bool write = mode != DATABASE_READ;
    int flags = (write ? O_RDWR | O_NOFOLLOW : O_RDONLY) | (mode == DATABASE_WRITE ? O_CREAT : 0);
    int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0 && write && errno == ELOOP)
        return error_set(error, STATUS_DENIED, "%s is a symbolic link; name the database itself", path);
    if (fd < 0 && (errno == ENXIO || errno == EISDIR))
        return error_set(error, STATUS_DENIED, "%s is no regular file; a database is", path);
    if (fd < 0)
        return error_set_errno(error, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno, "cannot open %s", path);
    int failed = fstat(fd, ret);
    close(fd); /* before SQLite locks it: closing would take those locks away */
    if (failed)
        return error_set_errno(error, STATUS_IO, errno, "cannot look at %s", path);
    if (!S_ISREG(ret->st_mode))
        return error_set(error, STATUS_DENIED, "%s is no regular file; a database is", path);
    if (write && ret->st_uid != geteuid())
        return error_set(error, STATUS_DENIED, "%s belongs to another user; it is not written to", path);
    if (write && ret->st_nlink > 1)
        return error_set(error, STATUS_DENIED, "%s has a second name (a hard link); it is not written to", path);
    return beside_fine(path, error);
}

static bool configure(sqlite3 *db)
{
    static const int on[] = { SQLITE_DBCONFIG_DEFENSIVE, SQLITE_DBCONFIG_ENABLE_VIEW };
    static const int off[] = { SQLITE_DBCONFIG_TRUSTED_SCHEMA,  SQLITE_DBCONFIG_ENABLE_TRIGGER,
                               SQLITE_DBCONFIG_ENABLE_FKEY,     SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION,
                               SQLITE_DBCONFIG_WRITABLE_SCHEMA, SQLITE_DBCONFIG_DQS_DDL,
                               SQLITE_DBCONFIG_DQS_DML };
    int failed = 0;
    for (size_t i = 0; i < sizeof on / sizeof on[0]; i++)
        failed |= sqlite3_db_config(db, on[i], 1, NULL);
    for (size_t i = 0; i < sizeof off / sizeof off[0]; i++)
        failed |= sqlite3_db_config(db, off[i], 0, NULL);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
    sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, STATEMENT_BYTES_MAX);
    sqlite3_limit(db, SQLITE_LIMIT_WORKER_THREADS, 0);
    failed |= sqlite3_exec(db, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA secure_delete = ON", NULL,
                           NULL, NULL);
    return failed == SQLITE_OK;
}

static enum status connect(const char *path, int flags, struct database_wait *wait, sqlite3 **ret, struct error *error)
{
    if (sqlite3_open_v2(path, ret, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return *ret ? database_failed(*ret, path, error) : error_set(error, STATUS_NO_MEMORY, "%s: no memory", path);
    sqlite3_busy_handler(*ret, busy, wait);
    return configure(*ret) ? STATUS_OK : error_set(error, STATUS_INTERNAL, "%s: this SQLite cannot be made safe", path);
}

/* A log beside the database, while it is written to, lets readers go on. Where the file system cannot have one, readers
 * wait. */
static void log_begin(sqlite3 *db) { sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL); }

static enum status open_for_reading(const char *path, struct database_wait *wait, sqlite3 **ret, struct error *error)
{
    enum status s = connect(path, SQLITE_OPEN_READONLY, wait, ret, error);
    return s == STATUS_OK ? schema_check(*ret, path, error) : s;
}

static enum status open_for_writing(const char *path, bool make, struct database_wait *wait, sqlite3 **ret,
                                    struct error *error)
{
    enum status s = connect(path, SQLITE_OPEN_READWRITE, wait, ret, error);
    if (s == STATUS_OK && !make)
        s = schema_check(*ret, path, error);
    if (s == STATUS_OK)
        s = schema_open(*ret, path, error);
    if (s == STATUS_OK)
        log_begin(*ret);
    return s;
}

enum status database_open(const char *path, enum database_mode mode, struct database_wait *wait, sqlite3 **ret,
                          struct error *error)
{
    struct stat before, after;
    char name[4096];
    sqlite3 *db = NULL;
    bool temporary = mode == DATABASE_WRITE && strcmp(path, CHECKER_TEMPORARY) == 0; /* which SQLite makes for "" */
    bool memory = temporary || (mode == DATABASE_WRITE && strcmp(path, ":memory:") == 0);
    /* SQLite would take some names for something else than a file's. */
    bool special = path[0] == ':' || strncmp(path, "file:", 5) == 0;
    if (path[0] == 0)
        return error_set(error, STATUS_INVALID, "the database's name is empty");
    if (snprintf(name, sizeof name, "%s%s", special && !memory ? "./" : "", temporary ? "" : path) >= (int)sizeof name)
        return error_set(error, STATUS_LIMIT, "the database's name is too long");
    enum status s = memory ? STATUS_OK : file_fine(name, mode, &before, error);
    if (s == STATUS_OK && mode != DATABASE_READ)
        s = open_for_writing(name, mode == DATABASE_WRITE, wait, &db, error);
    else if (s == STATUS_OK)
        s = open_for_reading(name, wait, &db, error);
    if (s == STATUS_OK && !memory &&
        (stat(name, &after) < 0 || after.st_dev != before.st_dev || after.st_ino != before.st_ino))
        s = error_set(error, STATUS_DENIED, "%s was replaced while it was opened", path);
    if (s != STATUS_OK) {
        sqlite3_close(db);
        return s;
    }
    *ret = db;
    return STATUS_OK;
}

bool database_is(const char *path, const char *other)
{
    struct stat a, b;
    return stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

void database_close(sqlite3 *db)
{
    if (!db)
        return;
    if (!sqlite3_db_readonly(db, "main")) {
        /* What is in the log goes into the database, so that its file alone is whole; the log goes where nobody else
         * reads. */
        sqlite3_busy_timeout(db, CLOSE_MS);
        sqlite3_exec(db, "PRAGMA wal_checkpoint(FULL)", NULL, NULL, NULL);
        int code = SQLITE_BUSY;
        for (int waited = 0; code == SQLITE_BUSY && waited < CLOSE_MS; waited += PAUSE_MS) {
            code = sqlite3_exec(db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
            if (code == SQLITE_BUSY)
                sqlite3_sleep(PAUSE_MS);
        }
    }
    sqlite3_close(db);
}
