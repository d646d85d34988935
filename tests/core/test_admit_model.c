/* test_admit_model.c: kp_admit against a reference that keeps lists of what was granted (admit_reference.h): random
 * asks by a clock that runs, stands, and in every second walk goes back and far ahead. KP_SEED chooses one walk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admit_map_case.h"
#include "admit_reference.h"
#include "chance.h"
#include "policy/admit.h"
#include "sanitized.h"

enum { WALK = 2000, STEPS = 10000000, WORDS = 64, LINE = 2048, DAY = 86400000, HOUR = 3600000 };

/* ---- Asks ---- */

static struct {
    uint64_t seed;
    chance luck;
    int64_t now, retry; /* what was told last */
    int64_t back_to;    /* 0, or the clock is far ahead */
    int jumps;
    bool calm;
    int ids;
    long step;
    reference *ref;
    kp_buf reply;
    char line[LINE];
    size_t len, count;
    kp_arg args[WORDS];
} w;

static size_t any(size_t below) {
    return chance_below(&w.luck, below);
}

static void wrong(const char *why) {
    char line[LINE];
    memcpy(line, w.line, w.len);
    for (size_t i = 0; i < w.len; i++)
        line[i] = line[i] ? line[i] : ' ';
    fail_msg("KP_SEED=%llu, step %ld, now %lld: %.*s: '%s': %s", (unsigned long long)w.seed, w.step, (long long)w.now,
             (int)w.len, line, kp_buf_text(&w.reply), why);
}

static void begin_line(const char *verb) {
    w.len = w.count = 0;
    size_t len = strlen(verb) + 1;
    memcpy(w.line, verb, len);
    w.args[w.count++] = (kp_arg){w.line, len - 1};
    w.len = len;
}

static void add_word(const char *word) {
    size_t len = strlen(word) + 1;
    memcpy(w.line + w.len, word, len);
    w.args[w.count++] = (kp_arg){w.line + w.len, len - 1};
    w.len += len;
}

static void add_number(int64_t number) {
    char digits[24], *at = digits + sizeof digits;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    *--at = '\0';
    do
        *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (number < 0)
        *--at = '-';
    add_word(at);
}

static void add_name(char kind, int number) {
    char name[] = {kind, (char)('0' + number), '\0'};
    add_word(name);
}

static void add_id(int number) {
    char name[16];
    snprintf(name, sizeof name, "o%d", number);
    add_word(name);
}

static void add_item(const ref_item *it) {
    static const char *const kinds[] = {"gate", "rate", "budget", "slot"};
    add_word(kinds[it->kind]);
    add_name("grbs"[it->kind], it -> name);
    if (it->kind == REF_GATE)
        return;
    if (it->kind == REF_RATE) {
        add_number(it->period_us);
        add_number(it->burst);
    } else if (it->kind == REF_BUDGET) {
        add_number(it->add);
        add_number(it->limit);
        if (it->rolling)
            add_word("24h");
        else
            add_number(it->zone_s);
    } else {
        add_number(it->limit);
        add_number(it->ttl_ms);
    }
    add_word(it->soft ? "1" : "0");
}

static ref_item any_rate(void) {
    static const int64_t periods[] = {1000000, 60000000, 333, 3600000000, 25001}, bursts[] = {5, 1, 3000, 2, 40};
    int name = (int)any(5);
    ref_item it = {.kind = REF_RATE, .name = name, .period_us = periods[name], .burst = bursts[name]};
    if (any(20) == 0) /* another option since the last call */
        it.burst = 1 + (int64_t)any(10);
    if (any(40) == 0)
        it.period_us = periods[any(5)];
    return it;
}

/* Of a day in UTC, of two zones, of a zone that changes between summer and winter; of 24 hours. */
static ref_item any_budget(void) {
    static const int64_t limits[] = {0, 500, 1000, 5000, 20000}, zones[] = {0, 7200, -39600, 3600};
    int name = (int)any(7);
    ref_item it = {.kind = REF_BUDGET, .name = name, .add = (int64_t)any(700), .limit = limits[any(5)]};
    it.rolling = name >= 4;
    if (name < 4)
        it.zone_s = zones[name];
    if (name == 3 && w.now / 1000 % 31536000 < 15768000)
        it.zone_s += 3600;
    if (name == 5) { /* 5 has the largest amounts there are */
        it.add = any(3) ? (int64_t)any(1000) * 1000000000000 : 1 + (int64_t)any(2);
        it.limit = 1000000000000000;
    }
    return it;
}

static ref_item any_slot(void) {
    static const int64_t limits[] = {1, 3, 10, 0, 3};
    int name = (int)any(3);
    ref_item it = {.kind = REF_SLOT, .name = name, .limit = limits[any(5)]};
    it.ttl_ms = name == 0 ? 1 + (int64_t)any(5000) : name == 1 ? 60000 + (int64_t)any(120000) : 1 + (int64_t)any(DAY);
    return it;
}

static ref_item any_item(void) {
    ref_item it = {.kind = REF_GATE, .name = (int)any(3)};
    size_t kind = any(10);
    if (kind >= 1)
        it = kind < 4 ? any_rate() : kind < 8 ? any_budget() : any_slot();
    it.soft = it.kind != REF_GATE && any(5) == 0 && !(it.kind == REF_BUDGET && it.name == 5);
    return it;
}

/* The same one twice at times; a budget that is told twice in one call is so by the same clock. */
static int any_items(ref_item *items, bool twice) {
    int count = (int)any(6);
    for (int i = 0; i < count; i++) {
        items[i] = any_item();
        if (twice && i > 0 && any(8) == 0) {
            items[i] = items[any((size_t)i)];
            items[i].add = items[i].add / 2 + (int64_t)any(3);
        }
    }
    return count;
}

/* ---- Replies ---- */

static const char *at;

static bool read_number(int64_t *out) {
    bool minus = *at == '-';
    const char *digits = at + minus;
    int64_t value = 0;
    const char *p = digits;
    while (*p >= '0' && *p <= '9')
        value = value * 10 + (*p++ - '0');
    *out = minus ? -value : value;
    at = p;
    return p > digits;
}

static bool read_word(const char *word) {
    size_t len = strlen(word);
    bool same = strncmp(at, word, len) == 0;
    at += same ? len : 0;
    return same;
}

static void ask(void) {
    kp_kv kv = {NULL, get, put};
    if (kp_admit(&kv, w.now, w.args, w.count, &w.reply) != 0)
        wrong("it failed");
    at = kp_buf_text(&w.reply);
}

static void read_now(void) {
    int64_t now = 0;
    if (!read_word(" ") || !read_number(&now) || now != w.now)
        wrong("it has another time");
}

static void read_counts(ref_reply *reply, bool looked) {
    while (reply->counts < REF_ITEMS_MOST && read_word(" ")) {
        int i = reply->counts++;
        reply->count[i].full = read_word("full");
        if (!reply->count[i].full && !read_number(&reply->count[i].used))
            wrong("a count is no number");
        if (looked && (!read_word(":") || !read_number(&reply->count[i].retry)))
            wrong("a time is no number");
    }
    if (*at)
        wrong("more stands at its end");
}

static void read_refusal(ref_reply *reply) {
    static const char *const kinds[] = {" gate ", " rate ", " budget ", " slot "};
    int kind = 0;
    int64_t index = -1;
    while (kind < 4 && !read_word(kinds[kind]))
        kind++;
    if (kind == 4 || !read_number(&index) || !read_word(" ") || !read_number(&reply->left) || !read_word(" ") ||
        !read_number(&reply->retry) || *at)
        wrong("it is no refusal");
    reply->kind = (ref_kind)kind;
    reply->index = (int)index;
    w.retry = reply->retry;
}

/* ---- Steps ---- */

static void admit(void) {
    ref_item items[REF_ITEMS_MOST];
    ref_reply reply = {.granted = true};
    static const int64_t waits[] = {0, 0, 0, 700, 100000, 86400000};
    bool again = w.ids > 0 && any(6) == 0;
    int id = again ? w.ids - 1 - (int)any(w.ids < 40 ? (size_t)w.ids : 40) : w.ids++;
    int64_t wait = waits[any(6)];
    int count = any_items(items, true);
    begin_line("ADMIT");
    add_id(id);
    add_number(wait);
    for (int i = 0; i < count; i++)
        add_item(&items[i]);
    ask();
    if (read_word("no")) {
        reply.granted = false;
        read_now();
        read_refusal(&reply);
    } else if (read_word("ok")) {
        read_now();
        if (!read_word(" ") || !read_number(&reply.start))
            wrong("it has no start");
        read_counts(&reply, false);
    } else {
        wrong("it is neither granted nor refused");
    }
    const char *why = ref_admit(w.ref, w.now, wait, id, items, count, &reply);
    if (why)
        wrong(why);
}

static void look(void) {
    ref_item items[REF_ITEMS_MOST], one[REF_ITEMS_MOST];
    ref_reply reply = {.granted = true};
    int count = any_items(items, false), kept = 0;
    begin_line("LOOK");
    for (int i = 0; i < count; i++) {
        bool twin = false;
        for (int k = 0; k < kept; k++)
            twin = twin || (one[k].kind == items[i].kind && one[k].name == items[i].name);
        if (twin)
            continue;
        one[kept++] = items[i];
        add_item(&items[i]);
    }
    ask();
    if (!read_word("ok"))
        wrong("it is not ok");
    read_now();
    read_counts(&reply, true);
    const char *why = ref_look(w.ref, w.now, one, kept, &reply);
    if (why)
        wrong(why);
}

static void settle(void) {
    int id = w.ids == 0 || any(50) == 0 ? w.ids : w.ids - 1 - (int)any(w.ids < 60 ? (size_t)w.ids : 60);
    bool back = any(2);
    begin_line("SETTLE");
    add_id(id);
    add_word(back ? "0" : "-");
    ask();
    if (!read_word("ok"))
        wrong("it is not ok");
    read_now();
    if (*at)
        wrong("more stands at its end");
    ref_settle(w.ref, w.now, id, back);
}

static void shut(void) {
    int name = (int)any(3);
    int64_t ahead = (int64_t)any(20000), ttl = any(4) ? ahead : 1 + (int64_t)any(40000);
    char value[24];
    if (ttl == 0)
        return;
    snprintf(value, sizeof value, "+%lld", (long long)ahead);
    begin_line("PUT");
    add_name('g', name);
    add_word(value);
    add_number(ttl);
    ask();
    if (!read_word("ok"))
        wrong("it is not ok");
    ref_gate(w.ref, w.now, name, w.now + ahead, w.now + ttl);
}

/* No jump leads where one was before: what an id took there would look like what another took later. */
static void jump(void) {
    size_t kind = any(4);
    if (w.back_to) {
        w.now = w.back_to;
        w.back_to = 0;
    } else if (kind == 0) {
        w.back_to = w.now;
        w.now += (400LL + 20LL * w.jumps++) * DAY + (int64_t)any(DAY);
    } else {
        w.now -= kind == 1 ? (int64_t)any(5000) : kind == 2 ? (int64_t)any(3 * HOUR) : DAY;
    }
}

static void move_clock(void) {
    size_t kind = any(100);
    if (!w.calm && (kind == 99 || (w.back_to && any(4) == 0)))
        jump();
    else if (kind < 25)
        w.now += (int64_t)any(3);
    else if (kind < 60)
        w.now += (int64_t)any(2000);
    else if (kind < 80)
        w.now += (int64_t)any(10 * 60000);
    else if (kind < 84)
        w.now += (int64_t)any(6 * HOUR);
    else if (kind < 86)
        w.now = w.now - w.now % DAY + DAY - 1 + (int64_t)any(3); /* about midnight */
    else if (kind < 92 && w.retry > w.now && w.retry < w.now + 2LL * DAY)
        w.now = w.retry - (int64_t)any(2);
    else if (kind == 92)
        w.now += DAY + (int64_t)any(DAY);
}

static void walk(uint64_t seed) {
    w.seed = seed;
    w.luck.state = seed * 0x9E3779B97F4A7C15U | 1;
    for (int i = 0; i < 8; i++)
        chance_u64(&w.luck);
    w.calm = any(2);
    w.now = 1790000000000 + (int64_t)any(400LL * DAY);
    w.retry = w.back_to = 0;
    w.jumps = w.ids = 0;
    ref_begin(w.ref, w.calm);
    empty_table();
    for (w.step = 0; w.step < WALK; w.step++) {
        size_t verb = any(20);
        move_clock();
        if (verb < 11)
            admit();
        else if (verb < 14)
            look();
        else if (verb < 19)
            settle();
        else
            shut();
    }
}

static void the_same_as_the_reference(void **state) {
    (void)state;
    const char *chosen = getenv("KP_SEED");
    uint64_t seed = chosen ? strtoull(chosen, NULL, 10) : 1;
    int steps = KP_VALGRIND ? STEPS / 500 : SANITIZED ? STEPS / 20 : chance_rounds(STEPS / WALK) * WALK;
    w.ref = ref_new();
    assert_non_null(w.ref);
    kp_buf_init(&w.reply, NULL);
    int walks = chosen ? 1 : steps / WALK;
    for (int i = 0; i < walks; i++)
        walk(seed + (uint64_t)i);
    print_message("%d steps from seed %llu on\n", walks * WALK, (unsigned long long)seed);
    kp_buf_free(&w.reply);
    ref_free(w.ref);
    free_table();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_as_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
