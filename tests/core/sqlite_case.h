/* sqlite_case.h: for tests of the SQLite store: its file in the scratch folder, and that file as another program sees
 * it. */
#ifndef KP_TESTS_SQLITE_CASE_H
#define KP_TESTS_SQLITE_CASE_H

#include "store_case.h"

#include <sqlite3.h>

static const char file[] = "state.db";

static inline kp_store *open_store(void) {
    return kp_store_sqlite(scratch_path(file));
}

static inline int setup(void **state) {
    return scratch_setup(state);
}

static inline int teardown(void **state) {
    hand_release();
    return scratch_teardown(state);
}

/* The first column of the first row, as another program sees the file; -1: it cannot be read. */
static inline int query(const char *sql, char *out, size_t size) {
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_open_v2(scratch_path(file), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    sqlite3_busy_timeout(db, 5000);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        snprintf(out, size, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : -1;
}

static inline void assert_query(const char *sql, const char *want) {
    char got[CASE_TEXT] = "";
    assert_int_equal(query(sql, got, sizeof got), 0);
    assert_string_equal(got, want);
}

static inline void execute(const char *sql) {
    char got[CASE_TEXT];
    assert_int_equal(query(sql, got, sizeof got), 0);
}

#endif
