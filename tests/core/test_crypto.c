/* test_crypto.c: the primitives against published vectors, fingerprints, masks. */
#include "safe/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void assert_hmac(const void *key, size_t key_len, const char *data, const char *hex) {
    static const char digits[] = "0123456789abcdef";
    unsigned char out[32];
    char shown[65] = "";
    kp_hmac_sha256(key, key_len, data, strlen(data), out);
    for (size_t i = 0; i < 32; i++) {
        shown[2 * i] = digits[out[i] >> 4];
        shown[2 * i + 1] = digits[out[i] & 15];
    }
    assert_string_equal(shown, hex);
}

/* RFC 4231, cases 1, 2 and 6. */
static void hmac_as_published(void **state) {
    (void)state;
    unsigned char key[131];
    memset(key, 0x0b, 20);
    assert_hmac(key, 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_hmac("Jefe", 4, "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    assert_hmac(key, sizeof key, "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void hmac_of_nothing(void **state) {
    (void)state;
    unsigned char out[32];
    assert_hmac(NULL, 0, "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    kp_hmac_sha256(NULL, 5, NULL, 5, out);
    assert_int_equal(out[0], 0xb6);
    kp_hmac_sha256("k", 1, "d", 1, NULL);
}

static void starts_more_than_once(void **state) {
    (void)state;
    assert_true(kp_crypto_start());
    assert_true(kp_crypto_start());
}

/* The values come from Python's hmac: they must never change. */
static void fingerprint_is_the_same_everywhere(void **state) {
    (void)state;
    static const char key[] = "words in place of a key";
    char out[KP_FINGERPRINT_SIZE];
    kp_fingerprint(key, sizeof key - 1, "captchaai", out);
    assert_string_equal(out, "e1235159");
    kp_fingerprint(key, sizeof key - 1, "nocaptchaai", out);
    assert_string_equal(out, "2725b21b");
    kp_fingerprint(NULL, 0, NULL, out);
    assert_int_equal(strlen(out), 8);
    kp_fingerprint(key, 3, "captchaai", NULL);
}

static void assert_mask(const char *key, const char *shown) {
    char out[KP_MASK_SIZE];
    memset(out, 'x', sizeof out);
    kp_mask(key, strlen(key), out);
    assert_string_equal(out, shown);
}

static void mask_shows_the_end_of_long_keys_only(void **state) {
    (void)state;
    assert_mask("", "***");
    assert_mask("abcd", "***");
    assert_mask("fifteen letters", "***");
    assert_mask("sixteen letters!", "***ers!");
    assert_mask("a much longer text that ends in ab12", "***ab12");
    assert_mask("not printable: a\x1b\x7f\xc3", "***a???");
    char out[KP_MASK_SIZE];
    kp_mask(NULL, 20, out);
    assert_string_equal(out, "***");
    kp_mask("a", 1, NULL);
}

static void random_differs(void **state) {
    (void)state;
    unsigned char a[32] = {0};
    unsigned char b[32] = {0};
    kp_random(a, sizeof a);
    kp_random(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
    unsigned char edge[3] = {7, 7, 7};
    kp_random(edge + 1, 0);
    assert_int_equal(edge[1], 7);
    for (int i = 0; i < 100 && edge[1] == 7; i++)
        kp_random(edge + 1, 1);
    assert_int_not_equal(edge[1], 7);
    assert_int_equal(edge[0], 7);
    assert_int_equal(edge[2], 7);
    kp_random(NULL, 5);
}

static void k8_random_is_not_shared_after_fork(void **state) {
    (void)state;
    unsigned char mine[32];
    unsigned char its[32];
    int ends[2];
    kp_random(mine, sizeof mine);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        kp_random(its, sizeof its);
        _exit(write(ends[1], its, sizeof its) == sizeof its ? 0 : 1);
    }
    kp_random(mine, sizeof mine);
    assert_int_equal(read(ends[0], its, sizeof its), sizeof its);
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_memory_not_equal(mine, its, sizeof mine);
    close(ends[0]);
    close(ends[1]);
}

static void equal_compares_all_bytes(void **state) {
    (void)state;
    assert_true(kp_equal("abc", "abc", 3));
    assert_false(kp_equal("abc", "abd", 3));
    assert_false(kp_equal("xbc", "abc", 3));
    assert_true(kp_equal("a\0b", "a\0b", 3));
    assert_false(kp_equal("a\0b", "a\0c", 3));
    assert_true(kp_equal("abc", "xyz", 0));
    assert_true(kp_equal(NULL, NULL, 0));
    assert_false(kp_equal(NULL, "abc", 3));
    assert_false(kp_equal("abc", NULL, 3));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_more_than_once),
        cmocka_unit_test(hmac_as_published),
        cmocka_unit_test(hmac_of_nothing),
        cmocka_unit_test(fingerprint_is_the_same_everywhere),
        cmocka_unit_test(mask_shows_the_end_of_long_keys_only),
        cmocka_unit_test(random_differs),
        cmocka_unit_test(k8_random_is_not_shared_after_fork),
        cmocka_unit_test(equal_compares_all_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
