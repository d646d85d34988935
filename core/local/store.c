/* store.c: opens the store that a text names, or the one of this host. */
#include "local/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "local/paths.h"
#include "local/store_file.h"
#include "local/store_fork.h"

/* Makes text what people are shown. Memory being short costs only the remark. */
static kp_store *remark(kp_store *store, const kp_buf *why) {
    kp_buf text;
    if (!store || why->len == 0)
        return store;
    kp_buf_init(&text, NULL);
    kp_buf_fmt(&text, "%s (%s)", store->text, kp_buf_text(why));
    char *shown = kp_buf_take(&text);
    if (shown) {
        kp_free(store->text);
        store->text = shown;
    }
    return store;
}

/* The store of one process in place of the shared one. */
static kp_store *fall_back(const kp_buf *why) {
    kp_store *store = kp_store_memory();
    if (store)
        store->trouble = kp_strdup(why->len > 0 ? kp_buf_text(why) : "there is no place for the state of this host");
    if (store && !store->trouble) {
        kp_store_close(store);
        return NULL;
    }
    return remark(store, why);
}

static bool can_be_used(const char *path, kp_buf *problem) {
    kp_fork_enter_alone();
    const char *reason = kp_store_file_make(path);
    kp_fork_leave();
    if (reason)
        kp_buf_fmt(problem, "the state file %s cannot be used: %s", path, reason);
    return !reason;
}

/* Where nothing is configured and no place can be written keyplate still works, and says so. A folder that the user
   named is a configuration: there the calls fail. */
static kp_store *open_default(kp_buf *problem) {
    const char *named = getenv("KEYPLATE_STATE_DIR");
    bool chosen = named && named[0];
    kp_store *store = NULL;
    kp_buf path, note, why;
    kp_buf_init(&path, NULL);
    kp_buf_init(&note, NULL);
    kp_buf_init(&why, NULL);
    bool there = kp_state_dir(&path, &note, &why);
    kp_buf_str(&path, "/state.db");
    if (path.failed || note.failed || why.failed)
        kp_buf_str(problem, "memory is short");
    else if (there && (chosen || can_be_used(kp_buf_text(&path), &why)))
        store = remark(kp_store_sqlite_own(kp_buf_text(&path)), &note);
    else if (chosen)
        kp_buf_str(problem, kp_buf_text(&why));
    else
        store = fall_back(&why);
    kp_buf_free(&path);
    kp_buf_free(&note);
    kp_buf_free(&why);
    return store;
}

static kp_store *open_sqlite(const char *path, kp_buf *problem) {
    kp_buf full;
    kp_buf_init(&full, NULL);
    kp_store *store = NULL;
    bool homeless = kp_starts(path, "~/") && !kp_home_dir(&full);
    kp_buf_str(&full, kp_starts(path, "~/") ? path + 1 : path);
    if (homeless)
        kp_buf_str(problem, "the option store begins with ~, and this user has no home folder");
    else if (path[0] == '\0')
        kp_buf_str(problem, "the option store names no file behind sqlite:");
    else if (!full.failed)
        store = kp_store_sqlite(kp_buf_text(&full));
    kp_buf_free(&full);
    return store;
}

bool kp_store_is_remote(const char *text) {
    return text && (kp_starts(text, "redis:") || kp_starts(text, "rediss:") || kp_starts(text, "redis+unix:"));
}

kp_store *kp_store_open(const char *text, kp_buf *problem) {
    static const char sqlite[] = "sqlite:";
    kp_buf why;
    kp_buf_init(&why, NULL);
    kp_store *store = NULL;
    if (!text || text[0] == '\0')
        store = open_default(&why);
    else if (kp_same(text, "memory:"))
        store = kp_store_memory();
    else if (kp_starts(text, sqlite))
        store = open_sqlite(text + strlen(sqlite), &why);
    else if (kp_store_is_remote(text))
        kp_buf_str(&why,
                   "the option store names a Redis server, which keyplate-core cannot reach: that takes the library"
                   " keyplate");
    else
        kp_buf_str(&why, "the option store must be memory:, sqlite:PATH or redis://HOST");
    if (!store)
        kp_buf_str(problem, why.len > 0 ? kp_buf_text(&why) : "memory is short");
    kp_buf_free(&why);
    return store;
}

void kp_store_close(kp_store *store) {
    if (!store)
        return;
    kp_free(store->trouble);
    store->close(store);
}
