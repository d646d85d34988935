/* chain_case.h: for tests of the audit chain: a key made at run time, a chain of sealed lines, and its check. */
#ifndef KP_TESTS_CHAIN_CASE_H
#define KP_TESTS_CHAIN_CASE_H

#include <stdio.h>
#include <string.h>

#include "policy/audit_chain.h"
#include "safe/crypto.h"

enum { CHAIN_LINES = 40, CHAIN_LINE = 1024 };

static kp_chain_key chain_key;

static inline void chain_make_key(kp_chain_key *key) {
    unsigned char secret[32];
    assert_true(kp_crypto_start());
    kp_random(secret, sizeof secret);
    kp_chain_key_make((const char *)secret, sizeof secret, key);
}

/* Lines without line ends, as a file holds them. */
typedef struct {
    char line[CHAIN_LINES][CHAIN_LINE];
    size_t count;
} chain_file;

static inline void chain_put(chain_file *file, size_t at, const char *text) {
    assert_true(file->count < CHAIN_LINES && at <= file->count);
    memmove(file->line[at + 1], file->line[at], (file->count - at) * CHAIN_LINE);
    snprintf(file->line[at], CHAIN_LINE, "%s", text);
    file->count++;
}

static inline void chain_take(chain_file *file, size_t at, size_t count) {
    memmove(file->line[at], file->line[at + count], (file->count - at - count) * CHAIN_LINE);
    file->count -= count;
}

/* Adds sealed records, the first of the file if it is empty. */
static inline void chain_grow(chain_file *file, kp_chain_end *end, size_t count) {
    kp_buf out;
    kp_buf_init(&out, NULL);
    for (size_t i = 0; i < count; i++) {
        char line[256];
        snprintf(line, sizeof line, "{\"@timestamp\":\"2026-07-01T10:00:00.%03uZ\",\"event\":\"intent\",\"n\":%llu}\n",
                 (unsigned)i, (unsigned long long)end->seq);
        kp_buf_clear(&out);
        assert_true(kp_chain_seal(&chain_key, line, strlen(line), file->count == 0, end, &out));
        assert_int_equal(out.data[out.len - 1], '\n');
        out.data[out.len - 1] = '\0';
        chain_put(file, file->count, out.data);
    }
    kp_buf_free(&out);
}

/* What the check says of these files, one after the other. checkpoint may be NULL. */
static inline kp_chain_check chain_check(const chain_file *files, size_t count, const char *checkpoint) {
    kp_chain_check check;
    kp_chain_check_start(&check, &chain_key);
    for (size_t f = 0; f < count; f++) {
        kp_chain_check_file(&check);
        for (size_t i = 0; i < files[f].count; i++)
            kp_chain_check_line(&check, files[f].line[i], strlen(files[f].line[i]), NULL);
    }
    if (checkpoint)
        kp_chain_check_end(&check, checkpoint, strlen(checkpoint));
    return check;
}

/* Of this end; one of four buffers in turn. */
static inline const char *chain_checkpoint(const kp_chain_end *end) {
    static char texts[4][KP_CHECKPOINT_MOST + 1];
    static unsigned next;
    char *text = texts[next++ % 4];
    kp_buf out;
    kp_buf_init(&out, NULL);
    kp_checkpoint_add(&chain_key, end, &out);
    assert_true(!out.failed && out.len <= KP_CHECKPOINT_MOST);
    memcpy(text, out.data, out.len + 1);
    kp_buf_free(&out);
    return text;
}

#endif
