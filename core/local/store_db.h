/* store_db.h: one connection to the SQLite file of a store: opening, checking, closing, abandoning it. */
#ifndef KP_LOCAL_STORE_DB_H
#define KP_LOCAL_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <sys/types.h>

#include "local/store_clock.h"

typedef enum kp_sql {
    KP_SQL_BEGIN,
    KP_SQL_COMMIT,
    KP_SQL_ROLLBACK,
    KP_SQL_GET,
    KP_SQL_PUT,
    KP_SQL_REMOVE,
    KP_SQL_EXPIRE,
    KP_SQLS
} kp_sql;

typedef enum kp_db_stage { KP_DB_OPEN, KP_DB_SET, KP_DB_CHECKED, KP_DB_READY } kp_db_stage;

typedef struct kp_db {
    sqlite3 *sqlite;
    sqlite3_stmt *statement[KP_SQLS];
    kp_db_stage stage;
    int turns; /* descriptor for store_turn.h, -1 */
    pid_t pid; /* that opened it */
    dev_t device;
    ino_t inode;
    kp_store_clock clock;
    struct kp_db *next; /* among the abandoned */
} kp_db;

/* Opens the file, made if need be. NULL, and then SQLite's code in *error, and the reason in *why if the code alone
   does not say it. Call it, and kp_db_close, only alone (store_fork.h): a close of a descriptor ends the process's file
   locks. */
kp_db *kp_db_open(const char *path, int *error, const char **why);
/* Makes or checks the tables, once. SQLite's code, and *why as above. */
int kp_db_ready(kp_db *, const char **why);
void kp_db_close(kp_db *);
/* In a child after fork: it is never to be used or closed there. */
void kp_db_abandon(kp_db *);
/* false if somebody moved the file away or put another in its place. */
bool kp_db_is_current(const kp_db *, const char *path);
/* true if the code says that the file is no sound database. */
bool kp_db_damaged(int error);
/* What a code means to people. */
const char *kp_db_reason(int error);

#endif
