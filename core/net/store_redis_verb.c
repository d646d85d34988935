/* store_redis_verb.c: makes commands of store verbs: which keys a verb touches, and its words. */
#include "net/store_redis_verb.h"

#include <string.h>

#include "base/text.h"
#include "net/store_redis_resp.h"
#include "policy/admit_budget.h"
#include "policy/admit_rate.h"
#include "policy/admit_slot.h"

/* One second later than a value ends Redis clears it away, and half a ms may be cut off. */
enum { CLEAR_LATER_MS = 1001, COMMAND_ROOM = 1024 };

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

/* ---- Keys and words: names are keys alone, for each word costs the server as much as a small step of the script ----
 */

typedef struct {
    const char *prefix;
    kp_buf *out; /* NULL: only counts */
    size_t count;
} list;

static void add_key(list *k, const char *kind, kp_arg name) {
    k->count++;
    if (k->out)
        kp_resp_joined(k->out, k->prefix, kind, name.text, name.len);
}

static void add_word(list *w, kp_arg word) {
    w->count++;
    if (w->out)
        kp_resp_word(w->out, word.text, word.len);
}

static void add_text(list *w, const char *text) {
    add_word(w, (kp_arg){text, strlen(text)});
}

static void add_number(list *w, int64_t number) {
    w->count++;
    if (w->out)
        kp_resp_number(w->out, number);
}

/* How many words one name of the verb has, itself included. */
static size_t step_of(const char *verb) {
    return kp_same(verb, "PUT") ? 3 : kp_same(verb, "MARK") ? 4 : 1;
}

static bool has_names(const char *verb) {
    return kp_same(verb, "GET") || kp_same(verb, "PUT") || kp_same(verb, "MARK");
}

/* The items that may follow ADMIT and LOOK. */
typedef struct {
    const char *word, *kind; /* kind: what stands before the name in the map */
    size_t words;            /* of the item, word included */
} item_form;

static const item_form gate = {"gate", "", 2}, rate = {"rate", "rate ", 5}, budget = {"budget", "budget ", 6},
                       slot = {"slot", "slot ", 5};

static const item_form *form_of(kp_arg word) {
    static const item_form *const forms[] = {&rate, &budget, &slot};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (kp_same_n(word.text, word.len, forms[i]->word))
            return forms[i];
    return &gate;
}

/* Where the items begin; 0: the verb has none. */
static size_t first_item(const kp_redis_verb *v) {
    const char *verb = v->args[0].text;
    return kp_same(verb, "ADMIT") ? 3 : kp_same(verb, "LOOK") ? 1 : 0;
}

static void add_needed(list *k, kp_arg need) {
    for (size_t at = 0; at < need.len;) {
        const char *name = need.text + at;
        const char *blank = memchr(name, ' ', need.len - at);
        const char *end = blank ? memchr(blank + 1, ' ', need.len - at - (size_t)(blank + 1 - name)) : NULL;
        size_t len = end ? (size_t)(end - name) : need.len - at;
        add_key(k, "", (kp_arg){name, len});
        at += len + 1;
    }
}

/* As store_redis_script.h says; how many. */
static size_t add_keys(const kp_redis_verb *v, kp_buf *out) {
    list k = {v->prefix, out, 0};
    const char *verb = v->args[0].text;
    size_t step = step_of(verb);
    if (has_names(verb))
        for (size_t i = 1; i < v->count; i += step)
            add_key(&k, "", v->args[i]);
    else
        add_key(&k, "id ", kp_same(verb, "LOOK") ? (kp_arg){"", 0} : v->args[1]);
    const item_form *form = &gate;
    for (size_t i = first_item(v); i > 0 && i + 1 < v->count; i += form->words) {
        form = form_of(v->args[i]);
        add_key(&k, form->kind, v->args[i + 1]);
    }
    add_needed(&k, v->need);
    return k.count;
}

/* A rate that took is never further ahead than its burst, from when the latest caller may begin. *spends: whether there
   is a budget or a slot. */
static int64_t clear_ms(const kp_redis_verb *v, int64_t wait_ms, bool *spends) {
    int64_t most_us = 0;
    kp_rate r;
    const item_form *form = &gate;
    *spends = false;
    for (size_t i = 3; i + 1 < v->count; i += form->words) {
        form = form_of(v->args[i]);
        *spends = *spends || form == &budget || form == &slot;
        if (form == &rate && !kp_rate_parse(v->args[i + 2], v->args[i + 3], &r) && r.period_us * r.burst > most_us)
            most_us = r.period_us * r.burst;
    }
    return wait_ms + most_us / 1000 + CLEAR_LATER_MS;
}

static void add_rate_words(list *w, const kp_arg *item) {
    kp_rate r = {0, 0};
    kp_rate_parse(item[2], item[3], &r);
    add_number(w, r.period_us);
    add_number(w, (r.burst - 1) * r.period_us);
}

static void add_budget_words(list *w, const kp_arg *item) {
    kp_budget b = {0, 0, 0, false};
    kp_budget_parse(item + 2, &b);
    add_number(w, b.limit);
    add_number(w, b.add);
    if (b.rolling)
        add_text(w, "24h");
    else
        add_number(w, b.zone_s);
}

static void add_slot_words(list *w, const kp_arg *item) {
    kp_slot s = {0, 0};
    kp_slot_parse(item + 2, &s);
    add_number(w, s.limit);
    add_number(w, s.ttl_ms);
}

static void add_item_words(list *w, const kp_redis_verb *v, size_t first) {
    const item_form *form = &gate;
    for (size_t i = first; i + 1 < v->count; i += form->words) {
        const kp_arg *item = v->args + i, *soft;
        form = form_of(*item);
        soft = item + form->words - 1;
        if (form != &gate && kp_same_n(soft->text, soft->len, "1"))
            add_text(w, "soft");
        if (form != &rate)
            add_text(w, form->word);
        if (form == &rate)
            add_rate_words(w, item);
        else if (form == &budget)
            add_budget_words(w, item);
        else if (form == &slot)
            add_slot_words(w, item);
    }
}

static void add_admit_words(list *w, const kp_redis_verb *v) {
    int64_t wait_ms = 0;
    bool spends = false;
    kp_parse_i64(v->args[2].text, v->args[2].len, &wait_ms);
    int64_t clear = clear_ms(v, wait_ms, &spends);
    add_text(w, spends ? "SPEND" : "ADMIT");
    add_number(w, wait_ms);
    add_number(w, clear);
    add_item_words(w, v, first_item(v));
}

static void add_look_words(list *w, const kp_redis_verb *v) {
    add_text(w, "LOOK");
    add_number(w, 0);
    add_number(w, 0);
    add_item_words(w, v, first_item(v));
}

/* As store_redis_script.h says; how many. */
static size_t add_words(const kp_redis_verb *v, kp_buf *out) {
    list w = {v->prefix, out, 0};
    const char *verb = v->args[0].text;
    size_t step = step_of(verb);
    if (kp_same(verb, "ADMIT")) {
        add_admit_words(&w, v);
    } else if (kp_same(verb, "LOOK")) {
        add_look_words(&w, v);
    } else {
        add_word(&w, v->args[0]);
        for (size_t i = has_names(verb) ? 1 : 2; i < v->count; i++)
            if (!has_names(verb) || (i - 1) % step != 0)
                add_word(&w, v->args[i]);
    }
    return w.count;
}

void kp_redis_verb_add(const kp_redis_verb *v, const char *how, const char *script, size_t script_len, kp_buf *out) {
    size_t keys = add_keys(v, NULL), words = add_words(v, NULL);
    list head = {NULL, out, 0};
    kp_buf_reserve(out, COMMAND_ROOM + script_len);
    kp_resp_head(out, 3 + keys + words);
    kp_resp_word(out, how, strlen(how));
    kp_resp_word(out, script, script_len);
    add_number(&head, (int64_t)keys);
    add_keys(v, out);
    add_words(v, out);
}
