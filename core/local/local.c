/* local.c: does the steps of an operation that need no network: READ, STORE, APPEND. */
#include "local/local.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/text.h"
#include "local/append.h"
#include "local/read.h"
#include "local/store_fork.h"

/* What a store or a record that others hold may still take when the operation was cancelled: they settle it. */
enum { SETTLE_MS = 500 };

struct kp_local {
    kp_client *client;
    kp_store_opener *remote;   /* NULL: there is none */
    _Atomic(kp_store *) store; /* opened at the first need, by whoever comes first */
    kp_append_files *files;
    pthread_mutex_t lock; /* of the texts */
    kp_buf problem;       /* why the last STORE failed; empty after one that worked */
    kp_buf shown, shown_trouble, shown_note;
};

kp_local *kp_local_new_with(kp_client *client, kp_store_opener *remote) {
    kp_local *local = kp_zalloc(1, sizeof *local);
    if (!local)
        return NULL;
    if (pthread_mutex_init(&local->lock, NULL) != 0) {
        kp_free(local);
        return NULL;
    }
    local->client = kp_client_keep(client);
    local->remote = remote;
    atomic_init(&local->store, NULL);
    local->files = kp_append_files_new();
    kp_buf_init(&local->problem, NULL);
    kp_buf_init(&local->shown, NULL);
    kp_buf_init(&local->shown_trouble, NULL);
    kp_buf_init(&local->shown_note, NULL);
    return local;
}

kp_local *kp_local_new(kp_client *client) {
    return kp_local_new_with(client, NULL);
}

void kp_local_free(kp_local *local) {
    if (!local)
        return;
    kp_store_close(atomic_load(&local->store));
    kp_append_files_free(local->files);
    kp_buf_free(&local->problem);
    kp_buf_free(&local->shown);
    kp_buf_free(&local->shown_trouble);
    kp_buf_free(&local->shown_note);
    kp_client_free(local->client);
    pthread_mutex_destroy(&local->lock);
    kp_free(local);
}

/* Without a lock: opening may take long, and no fork may find a lock held. */
static kp_store *store_of(kp_local *local, kp_buf *problem) {
    kp_store *store = atomic_load(&local->store);
    if (store)
        return store;
    const char *text = kp_client_option(local->client, "store");
    bool remote = local->remote && kp_store_is_remote(text);
    kp_store *mine = remote ? local->remote(local->client, text, problem) : kp_store_open(text, problem);
    if (mine && !atomic_compare_exchange_strong(&local->store, &store, mine)) {
        kp_store_close(mine);
        return store;
    }
    return mine;
}

static void lock_texts(kp_local *local) {
    kp_fork_enter();
    pthread_mutex_lock(&local->lock);
}

static void unlock_texts(kp_local *local) {
    pthread_mutex_unlock(&local->lock);
    kp_fork_leave();
}

static void note_problem(kp_local *local, const kp_buf *problem) {
    lock_texts(local);
    kp_buf_clear(&local->problem);
    kp_buf_add(&local->problem, problem->data, problem->len);
    unlock_texts(local);
}

/* The operation's arguments as a list, NULL when memory is short. */
static kp_arg *collect_args(const kp_op *op, size_t *count) {
    size_t n = 0;
    while (kp_store_arg(op, n, NULL))
        n++;
    kp_arg *args = kp_zalloc(n, sizeof *args);
    for (size_t i = 0; args && i < n; i++)
        args[i].text = kp_store_arg(op, i, &args[i].len);
    *count = n;
    return args;
}

int kp_local_verb(kp_local *local, const kp_arg *args, size_t count, uint64_t ms, kp_buf *reply, kp_buf *problem) {
    if (!local || !args || !reply || !problem)
        return -1;
    kp_patience patience = {.until_ms = kp_local_mono_ms() + ms};
    kp_store *store = store_of(local, problem);
    int failed = store ? store->call(store, args, count, &patience, reply, problem) : -1;
    note_problem(local, problem);
    return failed;
}

static void do_store(kp_local *local, kp_op *op) {
    size_t count = 0;
    int failed = -1;
    kp_patience patience = kp_patience_of(op, SETTLE_MS);
    kp_buf reply, problem;
    kp_buf_init(&reply, NULL);
    kp_buf_init(&problem, NULL);
    kp_arg *args = collect_args(op, &count);
    kp_store *store = args ? store_of(local, &problem) : NULL;
    if (store)
        failed = store->call(store, args, count, &patience, &reply, &problem);
    else if (!args)
        kp_buf_str(&problem, "memory is short");
    note_problem(local, &problem);
    kp_local_time(op);
    kp_on_store(op, failed, failed ? NULL : kp_buf_text(&reply), failed ? 0 : reply.len);
    kp_free(args);
    kp_buf_free(&reply);
    kp_buf_free(&problem);
}

/* What the program hands in is not to be found on this machine. */
static int do_read(kp_op *op) {
    if (kp_starts(kp_read_name(op), "host:"))
        return 0;
    size_t len = 0;
    int why = KP_WHY_NONE;
    kp_patience patience = kp_patience_of(op, 0);
    int how = kp_read_local(kp_read_name(op), kp_read_room(op), kp_op_limit(op), &patience, &len, &why);
    kp_local_time(op);
    kp_on_read(op, how, why, len);
    return 1;
}

static const char *seal(void *self, const char *last, size_t last_len, size_t *len) {
    return kp_append_seal(self, last, last_len, len);
}

static const char *checkpoint(void *self, size_t *len) {
    return kp_append_checkpoint(self, len);
}

static void do_append(kp_local *local, kp_op *op) {
    kp_append_source source = {op, seal, checkpoint};
    kp_patience patience = kp_patience_of(op, SETTLE_MS);
    int failed = kp_append(local->files, kp_append_path(op), &source, &patience);
    kp_local_time(op);
    kp_on_append(op, failed);
}

int kp_local_step(kp_local *local, kp_op *op) {
    if (!local)
        return 0;
    switch (kp_op_step(op)) {
    case KP_READ: return do_read(op);
    case KP_STORE: do_store(local, op); return 1;
    case KP_APPEND: do_append(local, op); return 1;
    default: return 0;
    }
}

/* Adds what happened to the store's file; asked before the texts are locked, as sections do not nest. */
static void add_remark(kp_store *store, kp_buf *out) {
    if (store && store->remark)
        store->remark(store, out);
}

/* Puts the parts, each may be "", into shown: "FIRST (SECOND) (THIRD)". Lent until the next time. */
static const char *show(kp_buf *shown, const char *first, const char *second, const char *third) {
    kp_buf_clear(shown);
    kp_buf_str(shown, first);
    if (second[0])
        kp_buf_fmt(shown, " (%s)", second);
    if (third[0])
        kp_buf_fmt(shown, " (%s)", third);
    return shown->failed ? "memory is short" : kp_buf_text(shown);
}

const char *kp_local_store_text(kp_local *local) {
    if (!local)
        return "";
    kp_buf problem, remark;
    kp_buf_init(&problem, NULL);
    kp_buf_init(&remark, NULL);
    kp_store *store = store_of(local, &problem);
    add_remark(store, &remark);
    lock_texts(local);
    const char *why = kp_buf_text(problem.len ? &problem : &local->problem);
    const char *shown = show(&local->shown, store ? store->text : "none", kp_buf_text(&remark), why);
    unlock_texts(local);
    kp_buf_free(&problem);
    kp_buf_free(&remark);
    return shown;
}

const char *kp_local_store_trouble(kp_local *local) {
    if (!local)
        return NULL;
    kp_store *store = atomic_load(&local->store);
    lock_texts(local);
    const char *why = local->problem.len || local->problem.failed ? kp_buf_text(&local->problem)
                      : store                                     ? store->trouble
                                                                  : NULL;
    const char *shown = why ? show(&local->shown_trouble, why, "", "") : NULL;
    unlock_texts(local);
    return shown;
}

const char *kp_local_store_note(kp_local *local) {
    if (!local)
        return NULL;
    kp_buf remark;
    kp_buf_init(&remark, NULL);
    add_remark(atomic_load(&local->store), &remark);
    lock_texts(local);
    const char *shown = remark.len > 0 ? show(&local->shown_note, kp_buf_text(&remark), "", "") : NULL;
    unlock_texts(local);
    kp_buf_free(&remark);
    return shown;
}
