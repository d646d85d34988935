/* test_scrub.c: nothing of a function that is over stays on the stack below or in a vector register. */
#include "safe/scrub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sanitized.h"

enum { PATTERN = 0xa7, STACK = 1 << 20, DEEP = KP_SCRUB_STACK * 3 / 4 };

/* ---- The stack: the test brings it, so that it can be looked through when the thread is over ---- */

static unsigned char *stack;

__attribute__((noinline)) static void leave_deep(void) {
    volatile unsigned char local[DEEP];
    for (size_t i = 0; i < sizeof local; i++)
        local[i] = PATTERN;
}

static void *with_scrub(void *arg) {
    leave_deep();
    kp_scrub();
    return arg;
}

static void *without(void *arg) {
    leave_deep();
    return arg;
}

/* The longest run of the pattern that a thread leaves. */
static size_t left_by(void *(*work)(void *)) {
    pthread_attr_t attr;
    pthread_t thread;
    memset(stack, 0, STACK);
    assert_int_equal(pthread_attr_init(&attr), 0);
    assert_int_equal(pthread_attr_setstack(&attr, stack, STACK), 0);
    assert_int_equal(pthread_create(&thread, &attr, work, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attr);
    size_t longest = 0;
    for (size_t i = 0, run = 0; i < STACK; i++) {
        run = stack[i] == PATTERN ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static void the_dead_stack_is_overwritten(void **state) {
    (void)state;
    if (SANITIZED || KP_VALGRIND)
        skip(); /* frames of theirs lie elsewhere; what is dead must not be read */
    assert_int_equal(posix_memalign((void **)&stack, 4096, STACK), 0);
    assert_true(left_by(without) > DEEP / 2);
    size_t left = left_by(with_scrub);
    free(stack);
    if (left >= 4)
        fail_msg("%zu bytes in a row are left", left);
}

/* ---- Registers ---- */

#ifdef __x86_64__

enum { REGISTERS = 16, WIDTH = 32 };

#define ALL(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define LOAD_X(n) "movdqu (%0), %%xmm" #n "\n\t"
#define SAVE_X(n) "movdqu %%xmm" #n ", 32*" #n "(%0)\n\t"
#define LOAD_Y(n) "vmovdqu (%0), %%ymm" #n "\n\t"
#define SAVE_Y(n) "vmovdqu %%ymm" #n ", 32*" #n "(%0)\n\t"
#define TOUCHED                                                                                                        \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",         \
        "xmm13", "xmm14", "xmm15", "memory"

static void no_register_keeps_anything(void **state) {
    (void)state;
    unsigned char pattern[WIDTH], seen[REGISTERS * WIDTH], none[REGISTERS * WIDTH] = {0};
    memset(pattern, PATTERN, sizeof pattern);
    memset(seen, 0, sizeof seen);
    assert_int_not_equal(sodium_init(), -1);
    bool wide = sodium_runtime_has_avx();
    if (wide)
        __asm__ volatile(ALL(LOAD_Y)::"r"(pattern) : TOUCHED);
    else
        __asm__ volatile(ALL(LOAD_X)::"r"(pattern) : TOUCHED);
    kp_scrub();
    if (wide)
        __asm__ volatile(ALL(SAVE_Y)::"r"(seen) : TOUCHED);
    else
        __asm__ volatile(ALL(SAVE_X)::"r"(seen) : TOUCHED);
    assert_memory_equal(seen, none, sizeof seen);
}

#else

static void no_register_keeps_anything(void **state) {
    (void)state;
    skip();
}

#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dead_stack_is_overwritten),
        cmocka_unit_test(no_register_keeps_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
