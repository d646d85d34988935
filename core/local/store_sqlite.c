/* store_sqlite.c: a store in an SQLite file that all processes of a host share: one transaction a verb. */
#include <pthread.h>
#include <unistd.h>

#include "keyplate_run.h"
#include "local/store.h"
#include "local/store_aside.h"
#include "local/store_db.h"
#include "local/store_fork.h"
#include "local/store_turn.h"

enum { PATIENCE_MS = 5000, SWEEP = 8, OPENS_MOST = 3 };

typedef struct {
    kp_store store;
    char *path;
    bool own; /* nobody but keyplate chose the path */
    pthread_mutex_t lock;
    kp_buf aside; /* where a damaged file was moved to */
    int held;     /* keeps other processes out of that file, -1 */
    kp_db *db;    /* NULL: not yet open, or no more */
    /* Of the transaction that is under way: */
    bool wrote;
    int error; /* SQLite's extended code */
} sqlite_store;

typedef enum { DONE, BUSY, NOT_OPEN, FAILED } outcome;

/* One call, over all its tries. */
typedef struct {
    kp_turn turn;
    int error;       /* of the last one */
    const char *why; /* if the code alone does not say it */
    int opens;
    bool over;  /* waited long enough */
    bool aside; /* a damaged file was moved aside: once a call */
} tries;

static outcome outcome_of(int error) {
    return (error & 0xff) == SQLITE_BUSY ? BUSY : FAILED;
}

/* ---- The map of a transaction ---- */

/* Runs a statement that gives no row. 0, or -1 and s->error. */
static int run(sqlite_store *s, kp_sql which) {
    int code = sqlite3_step(s->db->statement[which]);
    sqlite3_reset(s->db->statement[which]);
    if (code == SQLITE_DONE)
        return 0;
    s->error = code;
    return -1;
}

/* 0, or -1 and s->error. */
static int bind_name(sqlite_store *s, kp_sql which, kp_arg name) {
    s->error = sqlite3_bind_text64(s->db->statement[which], 1, name.text, name.len, SQLITE_STATIC, SQLITE_UTF8);
    return s->error ? -1 : 0;
}

static int get(void *self, kp_arg name, int64_t now_ms, kp_buf *value) {
    sqlite_store *s = self;
    sqlite3_stmt *statement = s->db->statement[KP_SQL_GET];
    if (bind_name(s, KP_SQL_GET, name))
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
    if (!value.text)
        return bind_name(s, KP_SQL_REMOVE, name) ? -1 : run(s, KP_SQL_REMOVE);
    sqlite3_stmt *statement = s->db->statement[KP_SQL_PUT];
    if (bind_name(s, KP_SQL_PUT, name))
        return -1;
    s->error = sqlite3_bind_blob64(statement, 2, value.text, value.len, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, expires_ms);
    return s->error ? -1 : run(s, KP_SQL_PUT);
}

/* A few at a time, so that no call pays for all. */
static int delete_expired(sqlite_store *s, int64_t now_ms) {
    sqlite3_bind_int64(s->db->statement[KP_SQL_EXPIRE], 1, now_ms);
    sqlite3_bind_int64(s->db->statement[KP_SQL_EXPIRE], 2, SWEEP);
    return run(s, KP_SQL_EXPIRE);
}

static outcome transact(sqlite_store *s, const kp_arg *args, size_t count, kp_buf *reply) {
    kp_kv kv = {s, get, put};
    kp_store_clock before = s->db->clock;
    int64_t now = 0;
    s->error = SQLITE_OK;
    s->wrote = false;
    if (run(s, KP_SQL_BEGIN))
        return outcome_of(s->error);
    bool done = kp_store_time(&s->db->clock, &kv, &now) == 0 && kp_admit(&kv, now, args, count, reply) == 0;
    if (done && s->wrote)
        done = delete_expired(s, now) == 0;
    if (done && run(s, KP_SQL_COMMIT) == 0)
        return DONE;
    int error = s->error;
    if (!sqlite3_get_autocommit(s->db->sqlite))
        run(s, KP_SQL_ROLLBACK);
    s->error = error;
    s->db->clock = before;
    return outcome_of(error);
}

/* ---- Calls ---- */

static void enter(sqlite_store *s, bool alone) {
    if (alone)
        kp_fork_enter_alone();
    else
        kp_fork_enter();
    pthread_mutex_lock(&s->lock);
}

static void leave(sqlite_store *s) {
    pthread_mutex_unlock(&s->lock);
    kp_fork_leave();
}

static void abandon(sqlite_store *s) {
    kp_db_abandon(s->db);
    s->db = NULL;
}

/* There are file systems that give a file another number each time: they must not keep a call for ever. */
static bool is_outdated(const sqlite_store *s, const tries *t) {
    return t->opens < OPENS_MOST && !kp_db_is_current(s->db, s->path);
}

static outcome attempt(sqlite_store *s, const kp_arg *args, size_t count, kp_buf *reply, tries *t) {
    if (s->db && s->db->pid != getpid())
        abandon(s);
    if (!s->db || is_outdated(s, t))
        return NOT_OPEN;
    t->error = SQLITE_BUSY;
    if (kp_turn_must_yield(&t->turn, s->db->turns))
        return BUSY;
    int error = kp_db_ready(s->db, &t->why);
    outcome result = error ? outcome_of(error) : transact(s, args, count, reply);
    if (result == BUSY)
        kp_turn_want(&t->turn, s->db->turns);
    else
        kp_turn_done(&t->turn, s->db->turns);
    t->error = error ? error : s->error;
    return result;
}

static void close_db(sqlite_store *s) {
    kp_db_close(s->db);
    s->db = NULL;
}

static outcome reopen(sqlite_store *s, tries *t) {
    if (s->db && is_outdated(s, t))
        close_db(s);
    t->opens++;
    if (!s->db)
        s->db = kp_db_open(s->path, &t->error, &t->why);
    /* Another process may have moved a damaged file aside just then. */
    bool again = s->own && t->opens < OPENS_MOST && t->error == SQLITE_CANTOPEN;
    return s->db || again ? NOT_OPEN : FAILED;
}

/* After an error: the next call begins with a fresh connection, or this one with a fresh file. */
static outcome start_over(sqlite_store *s, tries *t) {
    bool replaces = s->db && s->own && !t->aside && !t->why && kp_db_damaged(t->error);
    kp_aside aside = replaces ? kp_store_aside(s->db, s->path, &s->aside, &s->held) : KP_ASIDE_FAILED;
    if (aside == KP_ASIDE_BUSY && !t->over) {
        t->turn.tries++;
        return BUSY;
    }
    close_db(s);
    t->aside = aside == KP_ASIDE_DONE;
    return t->aside ? NOT_OPEN : FAILED;
}

/* What an attempt could not do under the shared lock. FAILED, or to be tried again. */
static outcome mend(sqlite_store *s, outcome result, tries *t) {
    enter(s, true);
    if (s->db)
        kp_turn_done(&t->turn, s->db->turns);
    if (result == NOT_OPEN)
        result = reopen(s, t);
    else if (result == FAILED)
        result = start_over(s, t);
    else
        result = FAILED; /* waited long enough */
    leave(s);
    return result;
}

static int call(kp_store *store, const kp_arg *args, size_t count, const kp_patience *patience, kp_buf *reply,
                kp_buf *problem) {
    sqlite_store *s = (sqlite_store *)store;
    uint64_t until = kp_local_mono_ms() + PATIENCE_MS;
    tries t = {.error = SQLITE_OK};
    for (;;) {
        enter(s, false);
        outcome result = attempt(s, args, count, reply, &t);
        leave(s);
        if (result == DONE)
            return 0;
        t.over = kp_local_mono_ms() > until || kp_patience_over(patience);
        if (result != BUSY || t.over)
            result = mend(s, result, &t);
        if (result == FAILED)
            break;
        if (result == BUSY)
            kp_turn_pause(&t.turn);
    }
    kp_buf_fmt(problem, "the state file %s cannot be used: %s", s->path, t.why ? t.why : kp_db_reason(t.error));
    return -1;
}

static void forked(kp_store *store) {
    abandon((sqlite_store *)store);
}

static void remark(kp_store *store, kp_buf *out) {
    sqlite_store *s = (sqlite_store *)store;
    enter(s, false);
    if (s->aside.len > 0)
        kp_buf_fmt(out, "the state file was damaged, so it was moved to %s; lockouts and counts began anew",
                   kp_buf_text(&s->aside));
    leave(s);
}

static void close_store(kp_store *store) {
    sqlite_store *s = (sqlite_store *)store;
    enter(s, true);
    if (s->db && s->db->pid != getpid())
        abandon(s);
    close_db(s);
    if (s->held >= 0)
        close(s->held);
    leave(s);
    pthread_mutex_destroy(&s->lock);
    kp_buf_free(&s->aside);
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

static kp_store *new_store(const char *path, bool own) {
    sqlite_store *s = path ? kp_zalloc(1, sizeof *s) : NULL;
    if (!s)
        return NULL;
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_buf_init(&s->aside, NULL);
    s->own = own;
    s->held = -1;
    s->path = absolute(path);
    kp_buf_str(&text, "sqlite:");
    kp_buf_str(&text, s->path);
    s->store =
        (kp_store){.call = call, .forked = forked, .close = close_store, .remark = remark, .text = kp_buf_take(&text)};
    if (!s->path || !s->store.text || pthread_mutex_init(&s->lock, NULL) != 0) {
        kp_free(s->path);
        kp_free(s->store.text);
        kp_free(s);
        return NULL;
    }
    return &s->store;
}

kp_store *kp_store_sqlite(const char *path) {
    return new_store(path, false);
}

kp_store *kp_store_sqlite_own(const char *path) {
    return new_store(path, true);
}
