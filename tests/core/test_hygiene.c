/* test_hygiene.c: tests hygiene.c: what is told of core dumps, swap, libraries and hosts. Locked memory is tested with
 * the command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "keyplate_run.h"
#include "local/hygiene.h"

static const char heading[] = "Filename\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

/* What is told with this text in place of /proc/swaps (NULL: there is none). */
static void look(kp_buf *out, const char *swaps) {
    char path[] = "/tmp/keyplate-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    if (swaps)
        assert_int_equal(write(fd, swaps, strlen(swaps)), strlen(swaps));
    else
        unlink(path);
    kp_buf_clear(out);
    kp_hygiene_with(path, out);
    close(fd);
    unlink(path);
    assert_false(out->failed);
}

static void set_core(rlim_t soft) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
    limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_CORE, &limit), 0);
}

static bool has(const kp_buf *text, const char *words) {
    return strstr(kp_buf_text(text), words) != NULL;
}

static void k7_swap(void **state) {
    (void)state;
    kp_buf out;
    char two[512];
    kp_buf_init(&out, NULL);
    set_core(0);
    look(&out, NULL);
    assert_false(has(&out, "swap is on"));
    look(&out, heading);
    assert_false(has(&out, "swap is on"));
    look(&out, "");
    assert_false(has(&out, "swap is on"));
    snprintf(two, sizeof two, "%s%s%s", heading, "/dev/dm-1 partition 999420 0 -2\n", "/swap file 4 0 -3\n");
    look(&out, two);
    assert_true(has(&out, "swap is on"));
    kp_buf_free(&out);
}

static void k7_core_dumps(void **state) {
    (void)state;
    struct rlimit limit;
    kp_buf out;
    kp_buf_init(&out, NULL);
    set_core(0);
    kp_hygiene_gaps(&out);
    assert_false(has(&out, "core dumps"));
    set_core(RLIM_INFINITY);
    assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
    kp_buf_clear(&out);
    kp_hygiene_gaps(&out);
    assert_int_equal(has(&out, "core dumps are on"), limit.rlim_cur > 0);
    set_core(0);
    kp_buf_free(&out);
}

static void each_sentence_is_a_line(void **state) {
    (void)state;
    kp_buf out;
    kp_buf_init(&out, NULL);
    set_core(RLIM_INFINITY);
    char one[256];
    snprintf(one, sizeof one, "%s/swap file 4 0 -3\n", heading);
    look(&out, one);
    set_core(0);
    assert_true(out.len > 0 && out.data[out.len - 1] == '\n');
    assert_null(strstr(out.data, "\n\n"));
    kp_hygiene_with(NULL, &out);
    kp_hygiene_all(&out);
    assert_false(out.failed);
    kp_buf_free(&out);
}

/* ---- The public list ---- */

/* The text of a gap, NULL if there is none of the name. */
static const char *text_of(const kp_client *client, const char *name) {
    const char *found, *text = NULL, *advice = NULL;
    for (size_t i = 0; (found = kp_hygiene(client, i, &text, &advice)); i++) {
        assert_true(text && *text && !strchr(text, '\n'));
        assert_true(advice && *advice && !strchr(advice, '\n'));
        if (strcmp(found, name) == 0)
            return text;
    }
    return NULL;
}

static kp_client *client_in(const char *host) {
    kp_config *config = kp_config_new();
    assert_int_equal(kp_config_set(config, "host", host), 0);
    kp_client *client = kp_client_new(config);
    kp_config_free(config);
    assert_non_null(client);
    return client;
}

static void languages_keep_strings(void **state) {
    (void)state;
    static const struct {
        const char *host;
        bool keeps;
    } hosts[] = {{"program", false}, {"command", false}, {"lua", true},  {"python", true},
                 {"php-fpm", true},  {"php-cli", true},  {"nginx", true}};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        kp_client *client = client_in(hosts[i].host);
        assert_int_equal(text_of(client, "language_strings") != NULL, hosts[i].keeps);
        kp_client_free(client);
    }
    assert_null(text_of(NULL, "language_strings"));
}

/* The number past the last gives nothing and leaves the pointers alone, which may be missing. */
static void the_list_ends(void **state) {
    (void)state;
    const char *text = "as it was", *advice = text;
    size_t count = 0;
    set_core(RLIM_INFINITY);
    while (kp_hygiene(NULL, count, NULL, NULL))
        count++;
    set_core(0);
    assert_in_range(count, 0, 6);
    assert_null(kp_hygiene(NULL, 6, &text, &advice));
    assert_null(kp_hygiene(NULL, SIZE_MAX, &text, &advice));
    assert_string_equal(text, "as it was");
    assert_ptr_equal(advice, text);
}

/* What is said of core dumps follows what libraries keep out of them. */
static void libraries_are_told_of(void **state) {
    (void)state;
    struct rlimit limit;
    kp_buf out;
    kp_buf_init(&out, NULL);
    set_core(RLIM_INFINITY);
    assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
    bool dumps = limit.rlim_cur > 0;
    assert_null(text_of(NULL, "libcurl_unguarded"));
    assert_null(text_of(NULL, "tls_unguarded"));
    static const char *const said[2][2] = {{"libcurl's copies", "libcurl's copies"},
                                           {"not that of the TLS library", "not what the rest"}};
    for (int curl = 0; curl < 2; curl++)
        for (int tls = 0; tls < 2; tls++) {
            kp_hygiene_tell(KP_LIBCURL, curl);
            kp_hygiene_tell(KP_TLS, tls);
            assert_int_equal(text_of(NULL, "libcurl_unguarded") != NULL, !curl);
            assert_int_equal(text_of(NULL, "tls_unguarded") != NULL, !tls);
            const char *text = text_of(NULL, "core_dumps");
            assert_int_equal(text != NULL, dumps);
            assert_true(!text || strstr(text, said[curl][tls]));
            kp_buf_clear(&out);
            kp_hygiene_gaps(&out); /* these two are no reason to refuse */
            assert_false(has(&out, "another part of the program") || has(&out, "is in core dumps and"));
            kp_buf_clear(&out);
            kp_hygiene_all(&out);
            assert_int_equal(has(&out, "another part of the program"), !curl);
        }
    kp_hygiene_tell(KP_LIBRARIES, false); /* nobody */
    set_core(0);
    kp_buf_free(&out);
}

/* A process that gave up rights has no core dumps, whatever the limit says. */
static void k7_a_process_that_is_not_dumped(void **state) {
    (void)state;
    struct rlimit limit;
    set_core(RLIM_INFINITY);
    assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
    int before = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    assert_int_equal(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), 0);
    const char *text = text_of(NULL, "core_dumps");
    prctl(PR_SET_DUMPABLE, before, 0, 0, 0);
    bool dumps = text_of(NULL, "core_dumps");
    set_core(0);
    assert_null(text);
    assert_int_equal(dumps, limit.rlim_cur > 0 && before == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k7_swap),
        cmocka_unit_test(k7_core_dumps),
        cmocka_unit_test(each_sentence_is_a_line),
        cmocka_unit_test(languages_keep_strings),
        cmocka_unit_test(the_list_ends),
        cmocka_unit_test(libraries_are_told_of),
        cmocka_unit_test(k7_a_process_that_is_not_dumped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
