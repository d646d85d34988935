/* test_arena_threads.c: both arenas under threads, and under threads and forks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "probe.h"
#include "safe/arena.h"

enum { LARGE = 100000 };

static bool all_bytes(const void *data, size_t len, int value) {
    const unsigned char *c = data;
    for (size_t i = 0; i < len; i++)
        if (c[i] != value)
            return false;
    return true;
}

typedef struct arena {
    void *(*alloc)(size_t size);
    void *(*resize)(void *block, size_t new_size);
    void (*free)(void *block);
} arena;

static const arena arenas[] = {{kp_safe_alloc, kp_safe_resize, kp_safe_free},
                               {kp_nodump_alloc, kp_nodump_resize, kp_nodump_free}};

typedef struct work {
    const arena *from;
    atomic_bool *stop; /* NULL: a fixed number of rounds */
    unsigned seed;
    bool wrong;
} work;

static void *churn(void *with) {
    enum { MANY = 32 };
    work *w = with;
    unsigned char *blocks[MANY] = {NULL};
    size_t sizes[MANY] = {0};
    for (int round = 0; w->stop ? !atomic_load(w->stop) : round < 5000; round++) {
        size_t i = w->seed % MANY;
        w->seed = w->seed * 1664525U + 1013904223U;
        size_t size = (w->seed >> 8) % (round % 16 ? 300 : 30000) + 1;
        if (!blocks[i])
            blocks[i] = w->from->alloc(size);
        else {
            size_t same = size < sizes[i] ? size : sizes[i];
            blocks[i] = w->from->resize(blocks[i], size);
            w->wrong = w->wrong || !all_bytes(blocks[i], same, (int)i + 1);
        }
        memset(blocks[i], (int)i + 1, sizes[i] = size);
        size_t other = (w->seed >> 4) % MANY;
        w->wrong = w->wrong || (blocks[other] && !all_bytes(blocks[other], sizes[other], (int)other + 1));
        w->from->free(blocks[other]);
        blocks[other] = NULL;
    }
    for (size_t i = 0; i < MANY; i++)
        w->from->free(blocks[i]);
    return NULL;
}

static void threads_do_not_disturb_each_other(void **state) {
    (void)state;
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    work works[THREADS] = {{0}};
    size_t before = kp_safe_in_use() + kp_nodump_in_use();
    for (unsigned i = 0; i < THREADS; i++) {
        works[i].seed = i + 1;
        works[i].from = &arenas[i % 2];
        assert_int_equal(pthread_create(&threads[i], NULL, churn, &works[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_false(works[i].wrong);
    }
    assert_int_equal(kp_safe_in_use() + kp_nodump_in_use(), before);
}

static int allocates_here(void *unused) {
    (void)unused;
    for (int i = 0; i < 20; i++) {
        const arena *from = &arenas[i % 2];
        void *a = from->alloc(100);
        void *b = from->alloc(LARGE);
        if (!a || !b)
            return false;
        from->free(a);
        from->free(b);
    }
    return true;
}

static void k8_fork_while_threads_allocate(void **state) {
    (void)state;
    enum { THREADS = 2, FORKS = 30 };
    pthread_t threads[THREADS];
    work works[THREADS] = {{0}};
    atomic_bool stop = false;
    for (unsigned i = 0; i < THREADS; i++) {
        works[i] = (work){.from = &arenas[i % 2], .stop = &stop, .seed = i + 1};
        assert_int_equal(pthread_create(&threads[i], NULL, churn, &works[i]), 0);
    }
    int bad = 0;
    for (int i = 0; i < FORKS; i++)
        bad += probe_in_child(allocates_here, NULL) != true;
    atomic_store(&stop, true);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_false(works[i].wrong);
    }
    assert_int_equal(bad, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_do_not_disturb_each_other),
        cmocka_unit_test(k8_fork_while_threads_allocate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
