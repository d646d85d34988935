/* test_hygiene.c: tests hygiene.c: what is told of core dumps and swap. Locked memory is tested with the command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

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
    kp_hygiene(&out);
    assert_false(out.failed);
    kp_buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k7_swap),
        cmocka_unit_test(k7_core_dumps),
        cmocka_unit_test(each_sentence_is_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
