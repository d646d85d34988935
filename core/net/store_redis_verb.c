/* store_redis_verb.c: makes commands of store verbs: which keys a verb touches, and its words. */
#include "net/store_redis_verb.h"

#include <string.h>

#include "base/text.h"
#include "net/store_redis_resp.h"

/* ---- Wrong words are found here, as every store finds them: by kp_admit, over a map without names, and over one that
 * knows every id ---- */

static int get_nothing(void *self, kp_arg name, int64_t now_ms, kp_buf *value) {
    (void)self, (void)name, (void)now_ms, (void)value;
    return 0;
}

static int put_nowhere(void *self, kp_arg name, kp_arg value, int64_t expires_ms) {
    (void)self, (void)name, (void)value, (void)expires_ms;
    return 0;
}

static int get_settled(void *self, kp_arg name, int64_t now_ms, kp_buf *value) {
    (void)self, (void)name, (void)now_ms;
    kp_buf_str(value, "done 0");
    return value->failed ? -1 : 1;
}

/* 1: bad, with the reply; 0; -1: memory is short. */
static int is_bad(const kp_kv *kv, const kp_arg *args, size_t count, kp_buf *reply) {
    static const int64_t any_time_ms = 1;
    if (kp_admit(kv, any_time_ms, args, count, reply) != 0)
        return -1;
    return kp_starts(kp_buf_text(reply), "bad ");
}

kp_redis_words kp_redis_verb_look(const kp_arg *args, size_t count, kp_buf *reply) {
    static const kp_kv nothing = {NULL, get_nothing, put_nowhere}, settled = {NULL, get_settled, put_nowhere};
    kp_buf other;
    kp_buf_init(&other, NULL);
    int bad = is_bad(&nothing, args, count, reply);
    int always = bad == 1 ? is_bad(&settled, args, count, &other) : bad;
    kp_buf_free(&other);
    if (bad < 0 || always < 0)
        return KP_WORDS_UNREAD;
    return bad == 0 ? KP_WORDS_WELL : always == 1 ? KP_WORDS_BAD : KP_WORDS_BAD_IF_NEW;
}

/* ---- Keys ---- */

typedef struct {
    const char *prefix;
    kp_buf *out; /* NULL: only counts */
    size_t count;
} keys;

static void add_key(keys *k, const char *kind, const char *name, size_t len) {
    k->count++;
    if (k->out)
        kp_resp_joined(k->out, k->prefix, kind, name, len);
}

static void add_names(keys *k, const kp_redis_verb *v, size_t step) {
    for (size_t i = 1; i < v->count; i += step)
        add_key(k, "", v->args[i].text, v->args[i].len);
}

static void add_items(keys *k, const kp_redis_verb *v) {
    for (size_t i = 3; i + 1 < v->count;) {
        bool rate = kp_same(v->args[i].text, "rate");
        add_key(k, rate ? "rate " : "", v->args[i + 1].text, v->args[i + 1].len);
        i += rate ? 5 : 2;
    }
}

static void add_needed(keys *k, kp_arg need) {
    for (size_t at = 0; at < need.len;) {
        const char *name = need.text + at;
        const char *end = memchr(name, ' ', need.len - at);
        size_t len = end ? (size_t)(end - name) : need.len - at;
        add_key(k, "rate ", name, len);
        at += len + 1;
    }
}

/* As store_redis_script.h says; how many. */
static size_t add_keys(const kp_redis_verb *v, kp_buf *out) {
    keys k = {v->prefix, out, 0};
    const char *verb = v->args[0].text;
    if (kp_same(verb, "GET"))
        add_names(&k, v, 1);
    else if (kp_same(verb, "PUT"))
        add_names(&k, v, 3);
    else if (kp_same(verb, "MARK"))
        add_names(&k, v, 4);
    else
        add_key(&k, "id ", v->args[1].text, v->args[1].len);
    if (kp_same(verb, "ADMIT"))
        add_items(&k, v);
    add_needed(&k, v->need);
    return k.count;
}

void kp_redis_verb_add(const kp_redis_verb *v, const char *how, const char *script, size_t script_len, kp_buf *out) {
    kp_buf number;
    kp_buf_init(&number, NULL);
    size_t count = add_keys(v, NULL);
    kp_buf_i64(&number, (int64_t)count);
    kp_resp_head(out, 3 + count + v->count);
    kp_resp_word(out, how, strlen(how));
    kp_resp_word(out, script, script_len);
    kp_resp_word(out, kp_buf_text(&number), number.len);
    add_keys(v, out);
    for (size_t i = 0; i < v->count; i++)
        kp_resp_word(out, v->args[i].text, v->args[i].len);
    out->failed = out->failed || number.failed;
    kp_buf_free(&number);
}
