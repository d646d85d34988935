/* store_sqlite.c: a store in an SQLite file that all processes of a host share: one transaction a verb. */
#include <pthread.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "keyplate_run.h"
#include "local/store.h"
#include "local/store_clock.h"
#include "local/store_file.h"
#include "local/store_fork.h"

enum { SCHEMA = 1, APPLICATION = 0x6b707374 /* "kpst" */, PATIENCE_MS = 5000, SWEEP = 8 };

/* The journal is a rollback journal: SQLite before 3.51.3 can damage a write-ahead log that several connections reset,
 * and all programs of the host must agree on one mode whatever their SQLite; it also works on network file systems.
 * PERSIST is the cheapest, and keeps the journal file and so the owner and mode that we gave it. synchronous=OFF is
 * exact whatever processes are killed, because the system keeps what they wrote. A power cut may damage the file, which
 * is then told and replaced by hand: lockouts and rates are worth minutes, and a sync on each call would cost ten times
 * the call. */
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

enum { BEGIN, COMMIT, ROLLBACK, GET, PUT, REMOVE, EXPIRE, STATEMENTS };

static const char *const statement_text[STATEMENTS] = {
    /* A transaction that begins by reading and then writes is told BUSY without a way to wait. */
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [GET] = "SELECT value FROM kv WHERE name=?1 AND expires>?2",
    [PUT] = "INSERT INTO kv VALUES(?1,?2,?3) ON CONFLICT(name) DO UPDATE SET value=?2, expires=?3",
    [REMOVE] = "DELETE FROM kv WHERE name=?1",
    [EXPIRE] = "DELETE FROM kv WHERE name IN (SELECT name FROM kv WHERE expires<=?1 ORDER BY expires LIMIT ?2)",
};

typedef struct {
    kp_store store;
    char *path;
    pthread_mutex_t lock;
    pid_t pid; /* that opened db */
    dev_t device;
    ino_t inode;
    sqlite3 *db;
    sqlite3_stmt *statement[STATEMENTS];
    kp_store_clock clock;
    bool wrote;
    /* Of the call that is under way: */
    int error; /* SQLite's extended code */
    bool told;
    kp_buf *problem;
} sqlite_store;

typedef enum { DONE, BUSY, NOT_OPEN, FAILED } outcome;

static bool is_busy(int code) {
    return (code & 0xff) == SQLITE_BUSY;
}

static const char *reason(int code) {
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_NOMEM: return "memory is short";
    case SQLITE_BUSY: return "other processes have kept it locked for 5 s";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "it is damaged, or no state file; move it away and a new one is made (lockouts and counts start anew)";
    case SQLITE_FULL: return "the disk is full";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return "it cannot be written";
    case SQLITE_CANTOPEN: return "it or its journal cannot be opened";
    case SQLITE_IOERR: return "the system reports an I/O error";
    default: return sqlite3_errstr(code);
    }
}

static void tell(sqlite_store *s, const char *why) {
    s->told = true;
    kp_buf_fmt(s->problem, "the state file %s cannot be used: %s", s->path, why);
}

static void close_db(sqlite_store *s) {
    for (size_t i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(s->statement[i]);
        s->statement[i] = NULL;
    }
    sqlite3_close_v2(s->db);
    s->db = NULL;
    s->clock = (kp_store_clock){.known = false};
}

/* ---- Statements ---- */

/* Runs a statement that gives no row. 0, or -1 and s->error. */
static int run(sqlite_store *s, int which) {
    int code = sqlite3_step(s->statement[which]);
    sqlite3_reset(s->statement[which]);
    if (code == SQLITE_DONE)
        return 0;
    s->error = code;
    return -1;
}

/* 0, or -1 and s->error. */
static int bind_name(sqlite_store *s, int which, kp_arg name) {
    s->error = sqlite3_bind_text64(s->statement[which], 1, name.text, name.len, SQLITE_STATIC, SQLITE_UTF8);
    return s->error ? -1 : 0;
}

static int get(void *self, kp_arg name, int64_t now_ms, kp_buf *value) {
    sqlite_store *s = self;
    sqlite3_stmt *statement = s->statement[GET];
    if (bind_name(s, GET, name))
        return -1;
    sqlite3_bind_int64(statement, 2, now_ms);
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        const void *blob = sqlite3_column_blob(statement, 0);
        size_t len = (size_t)sqlite3_column_bytes(statement, 0);
        kp_buf_add(value, blob, len);
        if (len > 0 && !blob)
            s->error = SQLITE_NOMEM;
    } else if (code != SQLITE_DONE) {
        s->error = code;
    }
    sqlite3_reset(statement);
    if (s->error || value->failed)
        return -1;
    return code == SQLITE_ROW;
}

static int put(void *self, kp_arg name, kp_arg value, int64_t expires_ms) {
    sqlite_store *s = self;
    s->wrote = true;
    int which = value.text ? PUT : REMOVE;
    if (bind_name(s, which, name))
        return -1;
    if (value.text) {
        s->error = sqlite3_bind_blob64(s->statement[PUT], 2, value.text, value.len, SQLITE_STATIC);
        sqlite3_bind_int64(s->statement[PUT], 3, expires_ms);
    }
    return s->error ? -1 : run(s, which);
}

/* ---- Opening ---- */

/* The number that a query gives, -1 with s->error. */
static int64_t query(sqlite_store *s, const char *sql) {
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;
    int code = sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    else
        s->error = code;
    sqlite3_finalize(statement);
    return number;
}

static bool execute(sqlite_store *s, const char *sql) {
    int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    if (code != SQLITE_OK)
        s->error = code;
    return code == SQLITE_OK;
}

/* Inside a transaction: makes the tables, or checks that they are ours. */
static bool check_schema(sqlite_store *s) {
    int64_t tables = query(s, "SELECT count(*) FROM sqlite_master");
    int64_t version = query(s, "PRAGMA user_version");
    int64_t application = query(s, "PRAGMA application_id");
    if (s->error)
        return false;
    if (tables == 0 && version == 0 && application == 0)
        return execute(s, schema);
    if (application != APPLICATION || version < SCHEMA)
        tell(s, "it is the database of another program; set the option store to another path");
    else if (version > SCHEMA)
        tell(s, "a newer keyplate made it; update this keyplate, or set the option store to another path");
    return !s->told;
}

/* false with s->error, or with a sentence in *s->problem. */
static bool open_db(sqlite_store *s) {
    struct stat file;
    s->told = !kp_store_file_make(s->path, s->problem);
    if (s->told)
        return false;
    s->error =
        sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
    if (s->error)
        return false;
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_busy_timeout(s->db, 0); /* waiting is done outside of our locks */
    s->pid = getpid();
    if (stat(s->path, &file) != 0) {
        s->error = SQLITE_CANTOPEN;
        return false;
    }
    s->device = file.st_dev;
    s->inode = file.st_ino;
    if (!execute(s, settings) || !execute(s, "BEGIN IMMEDIATE"))
        return false;
    if (!check_schema(s) || !execute(s, "COMMIT"))
        return false;
    for (int i = 0; i < STATEMENTS && !s->error; i++)
        s->error = sqlite3_prepare_v3(s->db, statement_text[i], -1, SQLITE_PREPARE_PERSISTENT, &s->statement[i], NULL);
    return s->error == SQLITE_OK;
}

static outcome after_failure(sqlite_store *s) {
    if (is_busy(s->error))
        return BUSY;
    if (!s->told)
        tell(s, reason(s->error));
    return FAILED;
}

static outcome open_alone(sqlite_store *s) {
    s->error = SQLITE_OK;
    s->told = false;
    if (s->db || open_db(s))
        return DONE;
    close_db(s);
    return after_failure(s);
}

/* ---- Calls ---- */

static void forget_inherited(sqlite_store *s) {
    s->db = NULL;
    memset(s->statement, 0, sizeof s->statement);
    s->clock = (kp_store_clock){.known = false};
}

/* Somebody may have moved the file away or put another in its place. */
static bool is_still_the_file(const sqlite_store *s) {
    struct stat file;
    return stat(s->path, &file) == 0 && file.st_dev == s->device && file.st_ino == s->inode;
}

static outcome transact(sqlite_store *s, const kp_arg *args, size_t count, kp_buf *reply) {
    if (s->db && s->pid != getpid())
        forget_inherited(s);
    if (!s->db || !is_still_the_file(s))
        return NOT_OPEN;
    kp_kv kv = {s, get, put};
    kp_store_clock before = s->clock;
    int64_t now = 0;
    s->error = SQLITE_OK;
    s->told = false;
    s->wrote = false;
    if (run(s, BEGIN))
        return after_failure(s);
    bool done = kp_store_time(&s->clock, &kv, &now) == 0 && kp_admit(&kv, now, args, count, reply) == 0;
    if (done && s->wrote) {
        sqlite3_bind_int64(s->statement[EXPIRE], 1, now);
        sqlite3_bind_int64(s->statement[EXPIRE], 2, SWEEP);
        done = run(s, EXPIRE) == 0;
    }
    if (done && run(s, COMMIT) == 0)
        return DONE;
    int error = s->error;
    if (!sqlite3_get_autocommit(s->db))
        run(s, ROLLBACK);
    s->error = error;
    s->clock = before;
    return after_failure(s);
}

static outcome attempt(sqlite_store *s, const kp_arg *args, size_t count, kp_buf *reply, kp_buf *problem) {
    kp_fork_enter();
    pthread_mutex_lock(&s->lock);
    s->problem = problem;
    outcome result = transact(s, args, count, reply);
    pthread_mutex_unlock(&s->lock);
    kp_fork_leave();
    if (result != NOT_OPEN && result != FAILED)
        return result;
    kp_fork_enter_alone();
    pthread_mutex_lock(&s->lock);
    s->problem = problem;
    /* After a failure the next call begins with a fresh handle. */
    if (result == FAILED || (s->db && !is_still_the_file(s)))
        close_db(s);
    outcome opened = result == FAILED ? FAILED : open_alone(s);
    pthread_mutex_unlock(&s->lock);
    kp_fork_leave();
    return opened == DONE ? NOT_OPEN : opened;
}

/* Random, so that those who wait do not meet again. */
static void pause_before(int tries) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t mix = ((uint64_t)now.tv_nsec ^ (uint64_t)getpid() << 20) * 0x9e3779b97f4a7c15u;
    uint64_t most_us = tries < 6 ? 100u << tries : 5000;
    struct timespec nap = {0, (long)(50 + (mix >> 33) % most_us) * 1000};
    nanosleep(&nap, NULL);
}

static int call(kp_store *store, const kp_arg *args, size_t count, kp_buf *reply, kp_buf *problem) {
    sqlite_store *s = (sqlite_store *)store;
    uint64_t until = kp_local_mono_ms() + PATIENCE_MS;
    for (int tries = 0;; tries++) {
        outcome result = attempt(s, args, count, reply, problem);
        if (result == DONE)
            return 0;
        if (result == FAILED)
            return -1;
        if (kp_local_mono_ms() > until) {
            kp_buf_fmt(problem, "the state file %s cannot be used: %s", s->path, reason(SQLITE_BUSY));
            return -1;
        }
        if (result == BUSY)
            pause_before(tries);
    }
}

static void forked(kp_store *store) {
    forget_inherited((sqlite_store *)store);
}

static void close_store(kp_store *store) {
    sqlite_store *s = (sqlite_store *)store;
    kp_fork_enter_alone();
    if (s->db && s->pid != getpid())
        forget_inherited(s);
    close_db(s);
    kp_fork_leave();
    pthread_mutex_destroy(&s->lock);
    kp_free(s->path);
    kp_free(s->store.text);
    kp_free(s);
}

/* The path from the root, so that it still leads there when the program changes its folder. NULL: memory is short. */
static char *absolute(const char *path) {
    kp_buf b;
    kp_buf_init(&b, NULL);
    char here[4096];
    if (path[0] != '/' && getcwd(here, sizeof here)) {
        kp_buf_str(&b, here);
        kp_buf_char(&b, '/');
    }
    kp_buf_str(&b, path);
    return kp_buf_take(&b);
}

kp_store *kp_store_sqlite(const char *path) {
    sqlite_store *s = path ? kp_zalloc(1, sizeof *s) : NULL;
    if (!s)
        return NULL;
    kp_buf text;
    kp_buf_init(&text, NULL);
    s->path = absolute(path);
    kp_buf_str(&text, "sqlite:");
    kp_buf_str(&text, s->path);
    s->store = (kp_store){.call = call, .forked = forked, .close = close_store, .text = kp_buf_take(&text)};
    if (!s->path || !s->store.text || pthread_mutex_init(&s->lock, NULL) != 0) {
        kp_free(s->path);
        kp_free(s->store.text);
        kp_free(s);
        return NULL;
    }
    return &s->store;
}
