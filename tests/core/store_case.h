/* store_case.h: for tests of the stores: asks in one line, and a clock that the test moves. */
#ifndef KP_TESTS_STORE_CASE_H
#define KP_TESTS_STORE_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "local/store.h"
#include "local/store_clock.h"
#include "scratch.h"

/* With which store_do asks. */
static const kp_patience *store_patience;

enum { CASE_TEXT = 512, CASE_WORDS = 40 };

/* Does a verb, words with blanks between; reply and problem (ended by a NUL) may be NULL. As kp_store.call. */
static inline int store_do(kp_store *store, const char *words, char *reply, char *problem) {
    char line[CASE_TEXT];
    kp_arg args[CASE_WORDS];
    size_t n = 0;
    kp_buf said, why;
    kp_buf_init(&said, NULL);
    kp_buf_init(&why, NULL);
    snprintf(line, sizeof line, "%s", words);
    for (char *save = NULL, *word = strtok_r(line, " ", &save); word && n < CASE_WORDS;
         word = strtok_r(NULL, " ", &save))
        args[n++] = (kp_arg){word, strlen(word)};
    int result = store->call(store, args, n, store_patience, &said, &why);
    if (reply)
        snprintf(reply, CASE_TEXT, "%s", kp_buf_text(&said));
    if (problem)
        snprintf(problem, CASE_TEXT, "%s", kp_buf_text(&why));
    kp_buf_free(&said);
    kp_buf_free(&why);
    return result;
}

/* The reply without the store's time, "failed: PROBLEM" if the store failed. One of four buffers in turn. */
static inline const char *store_ask(kp_store *store, const char *words) {
    static char replies[4][CASE_TEXT + 16];
    static unsigned next;
    char *out = replies[next++ % 4];
    char reply[CASE_TEXT], problem[CASE_TEXT], kind[8] = "";
    int at = 0;
    if (store_do(store, words, reply, problem) != 0)
        snprintf(out, sizeof replies[0], "failed: %s", problem);
    else if (sscanf(reply, "%7s %*d%n", kind, &at) == 1 && at > 0 && strcmp(kind, "bad") != 0)
        snprintf(out, sizeof replies[0], "%s%s", kind, reply + at);
    else
        snprintf(out, sizeof replies[0], "%s", reply);
    return out;
}

/* The store's time in its reply, -1 if it failed. */
static inline int64_t store_now(kp_store *store) {
    char reply[CASE_TEXT];
    long long now = -1;
    if (store_do(store, "GET a", reply, NULL) != 0 || sscanf(reply, "ok %lld", &now) != 1)
        return -1;
    return now;
}

static inline bool store_grants(kp_store *store, const char *words) {
    return strncmp(store_ask(store, words), "ok", 2) == 0;
}

/* ---- The clock of the test ---- */

static struct {
    int64_t wall, boot;
    const char *id; /* NULL: cannot be read */
} hand;

static inline int64_t hand_wall(void) {
    return hand.wall;
}

static inline int64_t hand_boot(void) {
    return hand.boot;
}

static inline bool hand_id(char id[KP_BOOT_ID_SIZE]) {
    if (hand.id)
        snprintf(id, KP_BOOT_ID_SIZE, "%s", hand.id);
    return hand.id != NULL;
}

static const kp_clock_source hand_source = {hand_wall, hand_boot, hand_id};
static const kp_clock_source *real_source;

static const int64_t HAND_START = 1790000000000, SECOND = 1000, DAY = 86400000;

/* From now on the stores of this process go by the hand. */
static inline void hand_take(void) {
    if (!real_source)
        real_source = kp_clock_source_used;
    hand.wall = HAND_START;
    hand.boot = 5000000;
    hand.id = "boot-one";
    kp_clock_source_used = &hand_source;
}

static inline void hand_release(void) {
    if (real_source)
        kp_clock_source_used = real_source;
}

#endif
