/* share.c: a small map in memory, under the client's lock, for the time in which the store is away. */
#include "engine/share.h"

#include <string.h>

#include "policy/admit.h"

enum { ROWS_MOST = 4096, ARGS_MOST = 512 };

typedef struct share_row {
    char *name, *value;
    size_t name_len, value_len;
    int64_t expires_ms;
} share_row;

struct kp_share {
    share_row row[ROWS_MOST];
    size_t count;
};

static void drop(kp_share *share, size_t i) {
    kp_free(share->row[i].name);
    kp_free(share->row[i].value);
    share->row[i] = share->row[--share->count];
}

static size_t find(const kp_share *share, kp_arg name) {
    for (size_t i = 0; i < share->count; i++)
        if (share->row[i].name_len == name.len && memcmp(share->row[i].name, name.text, name.len) == 0)
            return i;
    return share->count;
}

static int get(void *self, kp_arg name, int64_t now_ms, kp_buf *value) {
    kp_share *share = self;
    size_t i = find(share, name);
    if (i == share->count || share->row[i].expires_ms <= now_ms)
        return 0;
    kp_buf_add(value, share->row[i].value, share->row[i].value_len);
    return 1;
}

static char *copy(kp_arg text) {
    char *made = kp_zalloc(text.len + 1, 1);
    if (made)
        memcpy(made, text.text, text.len);
    return made;
}

static int put(void *self, kp_arg name, kp_arg value, int64_t expires_ms) {
    kp_share *share = self;
    size_t i = find(share, name);
    if (!value.text) {
        if (i < share->count)
            drop(share, i);
        return 0;
    }
    if (i == ROWS_MOST)
        return -1;
    share_row fresh = {copy(name), copy(value), name.len, value.len, expires_ms};
    if (!fresh.name || !fresh.value) {
        kp_free(fresh.name);
        kp_free(fresh.value);
        return -1;
    }
    if (i < share->count)
        drop(share, i);
    share->row[share->count++] = fresh;
    return 0;
}

static void forget(kp_share *share, int64_t now_ms) {
    for (size_t i = share->count; i-- > 0;)
        if (share->row[i].expires_ms <= now_ms)
            drop(share, i);
}

bool kp_share_admit(kp_client *client, const kp_buf *args, int64_t unix_ms) {
    kp_arg list[ARGS_MOST];
    size_t count = 0;
    for (size_t at = 0; !args->failed && at < args->len && count < ARGS_MOST; count++) {
        list[count] = (kp_arg){args->data + at, strlen(args->data + at)};
        at += list[count].len + 1;
    }
    kp_buf reply;
    kp_buf_init(&reply, NULL);
    pthread_mutex_lock(&client->lock);
    if (!client->share)
        client->share = kp_zalloc(1, sizeof *client->share);
    bool granted = false;
    if (client->share && !args->failed && count < ARGS_MOST) {
        kp_kv kv = {client->share, get, put};
        forget(client->share, unix_ms);
        granted = kp_admit(&kv, unix_ms, list, count, &reply) == 0 && strncmp(kp_buf_text(&reply), "ok ", 3) == 0;
    }
    pthread_mutex_unlock(&client->lock);
    kp_buf_free(&reply);
    return granted;
}

void kp_share_free(kp_share *share) {
    while (share && share->count > 0)
        drop(share, share->count - 1);
    kp_free(share);
}
