/* store_db.c: opens the SQLite file of a store and makes sure that it is one. */
#include "local/store_db.h"

#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "local/store_file.h"
#include "local/store_turn.h"

enum { SCHEMA = 1, APPLICATION = 0x6b707374 /* "kpst" */ };

/* The journal is a rollback journal: SQLite before 3.51.3 can damage a write-ahead log that several connections reset,
 * and all programs of the host must agree on one mode whatever their SQLite; it also works on network file systems.
 * PERSIST is the cheapest, and keeps the journal file and so the owner and mode that we gave it. synchronous=OFF is
 * exact whatever processes are killed, because the system keeps what they wrote. A power cut may damage the file, which
 * is then replaced: lockouts and rates are worth minutes, and a sync on each call would cost ten times the call. */
static const char settings[] = "PRAGMA trusted_schema=OFF;"
                               "PRAGMA cell_size_check=ON;"
                               "PRAGMA mmap_size=0;"
                               "PRAGMA temp_store=MEMORY;"
                               "PRAGMA cache_size=-256;"
                               "PRAGMA synchronous=OFF;"
                               "PRAGMA journal_mode=PERSIST;"
                               "PRAGMA journal_size_limit=65536;";

static const char schema[] =
    "CREATE TABLE kv(name TEXT PRIMARY KEY, value BLOB NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX kv_expires ON kv(expires);"
    "PRAGMA application_id=0x6b707374;"
    "PRAGMA user_version=1;";

static const char *const statement_text[KP_SQLS] = {
    /* A transaction that begins by reading and then writes is told BUSY without a way to wait. */
    [KP_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [KP_SQL_COMMIT] = "COMMIT",
    [KP_SQL_ROLLBACK] = "ROLLBACK",
    [KP_SQL_GET] = "SELECT value FROM kv WHERE name=?1 AND expires>?2",
    [KP_SQL_PUT] = "INSERT INTO kv VALUES(?1,?2,?3) ON CONFLICT(name) DO UPDATE SET value=?2, expires=?3",
    [KP_SQL_REMOVE] = "DELETE FROM kv WHERE name=?1",
    [KP_SQL_EXPIRE] = "DELETE FROM kv WHERE name IN (SELECT name FROM kv WHERE expires<=?1 ORDER BY expires LIMIT ?2)",
};

/* The number that a query gives; an error goes to *error. */
static int64_t query(sqlite3 *db, const char *sql, int *error) {
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    else
        *error = code;
    sqlite3_finalize(statement);
    return number;
}

/* Inside a transaction: makes the tables, or checks that they are ours. SQLite's code, and *why if it does not say it.
 */
static int check_schema(sqlite3 *db, const char **why) {
    int error = SQLITE_OK;
    int64_t tables = query(db, "SELECT count(*) FROM sqlite_master", &error);
    int64_t version = query(db, "PRAGMA user_version", &error);
    int64_t application = query(db, "PRAGMA application_id", &error);
    if (error)
        return error;
    if (tables == 0 && version == 0 && application == 0)
        return sqlite3_exec(db, schema, NULL, NULL, NULL);
    if (application == APPLICATION && version == SCHEMA)
        return SQLITE_OK;
    if (application == APPLICATION && version > SCHEMA)
        *why = "a newer keyplate made it; update this keyplate, or set the option store to another path";
    else
        *why = "it is the database of another program; set the option store to another path";
    return SQLITE_ERROR;
}

static int check(kp_db *db, const char **why) {
    int error = sqlite3_exec(db->sqlite, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (!error)
        error = check_schema(db->sqlite, why);
    if (!error)
        error = sqlite3_exec(db->sqlite, "COMMIT", NULL, NULL, NULL);
    if (error && !sqlite3_get_autocommit(db->sqlite))
        sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
    return error;
}

static int prepare(kp_db *db) {
    int error = SQLITE_OK;
    for (int i = 0; i < KP_SQLS && !error; i++)
        if (!db->statement[i])
            error = sqlite3_prepare_v3(db->sqlite, statement_text[i], -1, SQLITE_PREPARE_PERSISTENT, &db->statement[i],
                                       NULL);
    return error;
}

/* Each stage is done once, however often a later one finds the file locked. */
int kp_db_ready(kp_db *db, const char **why) {
    int error = SQLITE_OK;
    while (!error && db->stage != KP_DB_READY) {
        switch (db->stage) {
        case KP_DB_OPEN: error = sqlite3_exec(db->sqlite, settings, NULL, NULL, NULL); break;
        case KP_DB_SET: error = check(db, why); break;
        case KP_DB_CHECKED: error = prepare(db); break;
        case KP_DB_READY: break;
        }
        if (!error)
            db->stage++;
    }
    return error;
}

static int open_sqlite(kp_db *db, const char *path) {
    struct stat file;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    int error = sqlite3_open_v2(path, &db->sqlite, flags, NULL);
    if (error)
        return error;
    sqlite3_extended_result_codes(db->sqlite, 1);
    sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_busy_timeout(db->sqlite, 0); /* waiting is done outside of all locks */
    if (stat(path, &file) != 0)
        return SQLITE_CANTOPEN;
    db->device = file.st_dev;
    db->inode = file.st_ino;
    db->turns = kp_turn_open(path);
    return SQLITE_OK;
}

kp_db *kp_db_open(const char *path, int *error, const char **why) {
    kp_db *db = kp_zalloc(1, sizeof *db);
    *error = SQLITE_NOMEM;
    if (!db)
        return NULL;
    db->pid = getpid();
    db->turns = -1;
    *why = kp_store_file_make(path);
    *error = *why ? SQLITE_CANTOPEN : open_sqlite(db, path);
    if (*error) {
        kp_db_close(db);
        return NULL;
    }
    return db;
}

void kp_db_close(kp_db *db) {
    if (!db)
        return;
    for (size_t i = 0; i < KP_SQLS; i++)
        sqlite3_finalize(db->statement[i]);
    sqlite3_close_v2(db->sqlite);
    if (db->turns >= 0)
        close(db->turns);
    kp_free(db);
}

void kp_db_abandon(kp_db *db) {
    static _Atomic(kp_db *) abandoned; /* kept, so that checkers of leaks can tell them from leaks */
    if (!db)
        return;
    db->next = atomic_load(&abandoned);
    while (!atomic_compare_exchange_weak(&abandoned, &db->next, db))
        continue;
}

bool kp_db_is_current(const kp_db *db, const char *path) {
    struct stat file;
    return stat(path, &file) == 0 && file.st_dev == db->device && file.st_ino == db->inode;
}

bool kp_db_damaged(int error) {
    return (error & 0xff) == SQLITE_CORRUPT || (error & 0xff) == SQLITE_NOTADB;
}

const char *kp_db_reason(int error) {
    switch (error & 0xff) {
    case SQLITE_OK:
    case SQLITE_NOMEM: return "memory is short";
    case SQLITE_BUSY: return "other processes keep it locked";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "it is damaged, or no state file; move it away and a new one is made (lockouts and counts start anew)";
    case SQLITE_FULL: return "the disk is full";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return "it cannot be written";
    case SQLITE_CANTOPEN: return "it or its journal cannot be opened";
    case SQLITE_IOERR: return "the system reports an I/O error";
    default: return sqlite3_errstr(error);
    }
}
