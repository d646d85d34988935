/* test_audit_chain.c: tests seals and checkpoints of the audit record, and where a chain goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain_files_case.h"
#include "failing.h"
#include "safe/hmac.h"

/* ---- Seals ---- */

static void a_sealed_line_is_read_back(void **state) {
    (void)state;
    kp_seal seal, before;
    for (size_t i = 0; i < 10; i++) {
        const char *line = files[0].line[i];
        assert_int_equal(kp_line_read(line, strlen(line), &seal), KP_LINE_SEALED);
        assert_int_equal(seal.seq, i + 1);
        assert_true(seal.first == (i == 0));
        assert_memory_equal(line + seal.covered, ",\"mac\":\"", 8);
        for (size_t n = 0; i == 0 && n < KP_CHAIN_MAC_SIZE; n++)
            assert_int_equal(seal.prev[n], '0');
        if (i > 0)
            assert_memory_equal(seal.prev, before.mac, KP_CHAIN_MAC_SIZE);
        before = seal;
    }
    assert_memory_equal(end.mac, seal.mac, KP_CHAIN_MAC_SIZE);
    assert_int_equal(end.seq, 10);
}

/* The digest by libcrypto is that by libsodium. */
static void both_digests_are_the_same(void **state) {
    (void)state;
    unsigned char key[32], data[300], one[32], other[32];
    kp_random(key, sizeof key);
    kp_random(data, sizeof data);
    for (size_t len = 0; len <= sizeof data; len++) {
        kp_hmac_sha256(key, sizeof key, data, len, one);
        kp_hmac_sha256_fast(key, data, len, other);
        assert_memory_equal(one, other, sizeof one);
    }
    kp_hmac_sha256_fast(key, NULL, 3, other);
    kp_hmac_sha256(key, sizeof key, "", 0, one);
    assert_memory_equal(one, other, sizeof one);
    kp_hmac_sha256_fast(NULL, data, 3, other);
    kp_hmac_sha256_fast(key, data, 3, NULL);
}

static void only_objects_are_sealed(void **state) {
    (void)state;
    static const char *const lines[] = {"", "\n", "{}", "[1]", "{\"a\":1", "\"a\":1}", "{\"a\":1} ", "x"};
    kp_buf out;
    kp_buf_init(&out, NULL);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_false(kp_chain_seal(&chain_key, lines[i], strlen(lines[i]), true, &end, &out));
        assert_int_equal(out.len, 0);
    }
    assert_int_equal(end.seq, 10);
    assert_false(kp_chain_seal(NULL, "{\"a\":1}", 7, true, &end, &out));
    assert_false(kp_chain_seal(&chain_key, NULL, 7, true, &end, &out));
    assert_false(kp_chain_seal(&chain_key, "{\"a\":1}", 7, true, NULL, &out));
    assert_false(kp_chain_seal(&chain_key, "{\"a\":1}", 7, true, &end, NULL));
    end.seq = 999999999999999999;
    assert_false(kp_chain_seal(&chain_key, "{\"a\":1}", 7, true, &end, &out));
    end.seq--;
    assert_true(kp_chain_seal(&chain_key, "{\"a\":1}", 7, true, &end, &out));
    assert_int_equal(kp_line_read(out.data, out.len - 1, NULL), KP_LINE_SEALED);
    kp_buf_free(&out);
}

/* A line that differs in one byte of what the seal is written with is no sealed line, or not the same one. */
static void seals_are_read_strictly(void **state) {
    (void)state;
    char line[CHAIN_LINE];
    kp_seal seal;
    memcpy(line, files[0].line[4], sizeof line);
    size_t len = strlen(line);
    assert_int_equal(kp_line_read(line, len, &seal), KP_LINE_SEALED);
    for (size_t i = (size_t)(strstr(line, ",\"seq\":") - line); i < len; i++) {
        char was = line[i];
        for (const char *c = " \"Zg{}"; *c; c++) {
            line[i] = *c;
            if (*c != was)
                assert_int_not_equal(kp_line_read(line, len, NULL), KP_LINE_SEALED);
        }
        line[i] = was;
    }
    assert_int_not_equal(kp_line_read(line, len - 1, NULL), KP_LINE_SEALED);
    assert_int_not_equal(kp_line_read(line + 1, len - 1, NULL), KP_LINE_SEALED);
    char *seq = strstr(line, "\"seq\":5");
    seq[6] = '0';
    assert_int_equal(kp_line_read(line, len, NULL), KP_LINE_UNSEALED);
}

static void what_a_line_is(void **state) {
    (void)state;
    static const struct {
        const char *text;
        kp_line_kind kind;
    } lines[] = {{"", KP_LINE_EMPTY},
                 {"{", KP_LINE_TORN},
                 {"{\"@time", KP_LINE_TORN},
                 {"{\"@timestamp\":\"2026", KP_LINE_TORN},
                 {"{\"@timestamp\":\"2026\",\"tags\":{\"a\":\"b\"}", KP_LINE_TORN},
                 {"{\"@timestamp\":\"2026\",\"tags\":{\"a\":\"b\"}}", KP_LINE_UNSEALED},
                 {"{\"@timestamp\":\"2026\"}", KP_LINE_UNSEALED},
                 {"{\"timestamp\":\"2026", KP_LINE_UNSEALED},
                 {"hello", KP_LINE_UNSEALED},
                 {" ", KP_LINE_UNSEALED}};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_int_equal(kp_line_read(lines[i].text, strlen(lines[i].text), NULL), lines[i].kind);
    assert_int_equal(kp_line_read(NULL, 5, NULL), KP_LINE_EMPTY);
    /* After a failure of power. */
    assert_int_equal(kp_line_read("\0\0\0", 3, NULL), KP_LINE_TORN);
    assert_int_equal(kp_line_read("{\"@timestamp\":\"20\0\0", 19, NULL), KP_LINE_TORN);
    assert_int_equal(kp_line_read("\0x", 2, NULL), KP_LINE_UNSEALED);
}

/* ---- Checkpoints, and where a chain goes on ---- */

static void a_checkpoint_is_read_back(void **state) {
    (void)state;
    kp_chain_end back;
    kp_chain_key other;
    bool sealed = false;
    char text[KP_CHECKPOINT_MOST + 1];
    snprintf(text, sizeof text, "%s", chain_checkpoint(&end));
    size_t len = strlen(text);
    assert_true(kp_checkpoint_read(&chain_key, text, len, &back, &sealed));
    assert_true(sealed);
    assert_int_equal(back.seq, 10);
    assert_string_equal(back.mac, end.mac);
    chain_make_key(&other);
    assert_true(kp_checkpoint_read(&other, text, len, &back, &sealed));
    assert_false(sealed);
    for (size_t i = 0; i < len; i++) {
        char was = text[i];
        text[i] = was == '1' ? '2' : '1';
        sealed = false;
        if (kp_checkpoint_read(&chain_key, text, len, &back, &sealed))
            assert_false(sealed);
        text[i] = was;
        assert_false(kp_checkpoint_read(&chain_key, text, i, NULL, NULL));
    }
    assert_false(kp_checkpoint_read(&chain_key, NULL, 5, NULL, NULL));
}

static void find(const char *text, uint64_t seq, bool first) {
    kp_chain_end found;
    bool is_first = !first;
    kp_chain_find_end(&chain_key, text, strlen(text), &found, &is_first);
    assert_int_equal(found.seq, seq);
    assert_true(is_first == first);
}

static void where_a_chain_goes_on(void **state) {
    (void)state;
    char text[4 * CHAIN_LINE];
    kp_chain_end far = {.seq = 12};
    kp_chain_key key = chain_key;
    memset(far.mac, 'a', KP_CHAIN_MAC_SIZE);
    find("", 0, true);
    find("\n\n", 0, true);
    find("{\"@timestamp\":\"20", 0, true);
    find(chain_checkpoint(&end), 10, true); /* a new file */
    snprintf(text, sizeof text, "%s\n%s\n%s\n", chain_checkpoint(&end), files[0].line[7], files[0].line[8]);
    find(text, 10, false); /* cut: the gap stays */
    snprintf(text, sizeof text, "%s\n%s\n", chain_checkpoint(&(kp_chain_end){.seq = 3}), files[0].line[7]);
    find(text, 8, false); /* the checkpoint is behind */
    snprintf(text, sizeof text, "%s\n{\"@timestamp\":\"20\nhello\n\n{\"@time", files[0].line[7]);
    find(text, 8, false); /* torn lines behind it */
    snprintf(text, sizeof text, "%s\n%s", files[0].line[6], files[0].line[7]);
    find(text, 8, false); /* only its line end is missing */
    chain_make_key(&chain_key);
    snprintf(text, sizeof text, "%s\n%s\n", chain_checkpoint(&far), files[0].line[7]);
    chain_key = key;
    find(text, 8, false); /* somebody else's checkpoint */
    kp_chain_find_end(&chain_key, NULL, 7, NULL, NULL);
}

static bool seal_and_checkpoint(void) {
    kp_chain_end at = end;
    kp_buf out;
    kp_buf_init(&out, NULL);
    bool sealed = kp_chain_seal(&chain_key, "{\"a\":1}", 7, true, &at, &out);
    assert_true(sealed || at.seq == end.seq);
    kp_checkpoint_add(&chain_key, &at, &out);
    bool failed = out.failed;
    kp_buf_free(&out);
    return sealed && !failed;
}

static void memory_is_short(void **state) {
    (void)state;
    for (size_t n = 0;; n++) {
        failing_start(n, false);
        bool done = seal_and_checkpoint();
        bool failed = failing_stop();
        assert_true(done != failed);
        if (!failed)
            break;
        assert_true(n < 20);
    }
}

#define CHAIN_TEST(test) cmocka_unit_test_setup(test, begin)

int main(void) {
    const struct CMUnitTest tests[] = {
        CHAIN_TEST(a_sealed_line_is_read_back),
        CHAIN_TEST(both_digests_are_the_same),
        CHAIN_TEST(only_objects_are_sealed),
        CHAIN_TEST(seals_are_read_strictly),
        CHAIN_TEST(what_a_line_is),
        CHAIN_TEST(a_checkpoint_is_read_back),
        CHAIN_TEST(where_a_chain_goes_on),
        CHAIN_TEST(memory_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
