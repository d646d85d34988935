/* test_store_guard.c: budgets, slots and rates of many threads and processes that ask at once and are killed: no grant
 * too many, none too few, and books that hold. */
#include "sqlite_case.h"

#include <pthread.h>
#include <time.h>

#include "chance.h"
#include "sanitized.h"

enum { WORKERS = 64, KINDS = 5, FULL_ASKS = 10000 };

/* Grants of each kind, and what is asked for: nothing of it comes back while the clock stands. */
static const int limits[KINDS] = {700, 300, 150, 410, 90};
static const char *const items[KINDS] = {"budget calls 1 700 0 0", "budget dollars 1500 450999 24h 0",
                                         "slot tasks 150 86400000 0", "rate pace 3600000000 410 0",
                                         "budget dollars2 1000000 90000000 7200 0 slot tasks2 100 3600000 0"};

/* On a machine that is busy with other things a call may wait too long for its turn. It is asked again then, by the
   same id, so that nothing is taken twice. */
static int ask_until_answered(kp_store *s, const char *words, char *reply, char *problem) {
    int result = store_do(s, words, reply, problem);
    while (result != 0 && strstr(problem, "other processes keep it locked"))
        result = store_do(s, words, reply, problem);
    return result;
}

/* Asks of each kind in turn; the same id is asked for twice now and then, which takes nothing more. false: one failed.
 */
static bool ask_often(kp_store *s, int worker, int asks, int granted[KINDS]) {
    char words[CASE_TEXT], reply[CASE_TEXT], problem[CASE_TEXT];
    for (int i = 0; i < asks; i++) {
        int kind = (i + worker) % KINDS;
        snprintf(words, sizeof words, "ADMIT %d.%d 0 %s", worker, i, items[kind]);
        for (int again = 0; again <= (i % 7 == 0); again++) {
            if (ask_until_answered(s, words, reply, problem) != 0) {
                fprintf(stderr, "%s (ask %d)\n", problem, i);
                return false;
            }
            granted[kind] += again == 0 && strncmp(reply, "ok", 2) == 0;
        }
    }
    return true;
}

static void assert_books(kp_store *s) {
    assert_string_equal(store_ask(s, "ADMIT over.1 0 budget calls 1 700 0 0"), "no budget 0 0 1790035200000");
    assert_memory_equal(store_ask(s, "ADMIT over.2 0 budget dollars 1500 450999 24h 0"), "no budget 0 999 ", 16);
    assert_memory_equal(store_ask(s, "ADMIT over.3 0 slot tasks 150 86400000 0"), "no slot 0 0 ", 12);
    assert_memory_equal(store_ask(s, "ADMIT over.4 0 rate pace 3600000000 410 0"), "no rate 0 0 ", 12);
    assert_memory_equal(store_ask(s, "LOOK slot tasks2 1 1 0"), "ok 90:", 6);
}

/* ---- Threads ---- */

typedef struct {
    kp_store *store;
    int number, asks;
    int granted[KINDS];
    bool failed;
} asker;

static pthread_barrier_t together;

static void *ask_in_thread(void *with) {
    asker *a = with;
    pthread_barrier_wait(&together);
    a->failed = !ask_often(a->store, a->number, a->asks, a->granted);
    return NULL;
}

static void test_g1_threads_of_one_process(void **state) {
    (void)state;
    static asker askers[WORKERS];
    pthread_t threads[WORKERS];
    int workers = KP_VALGRIND ? 8 : WORKERS, total[KINDS] = {0};
    hand_take();
    kp_store *s = kp_store_memory();
    assert_non_null(s);
    memset(askers, 0, sizeof askers);
    assert_int_equal(pthread_barrier_init(&together, NULL, (unsigned)workers), 0);
    for (int i = 0; i < workers; i++) {
        askers[i].store = s;
        askers[i].number = i;
        askers[i].asks = KP_VALGRIND ? FULL_ASKS / 10 : SANITIZED ? FULL_ASKS / 10 : FULL_ASKS;
        assert_int_equal(pthread_create(&threads[i], NULL, ask_in_thread, &askers[i]), 0);
    }
    for (int i = 0; i < workers; i++) {
        pthread_join(threads[i], NULL);
        assert_false(askers[i].failed);
        for (int k = 0; k < KINDS; k++)
            total[k] += askers[i].granted[k];
    }
    pthread_barrier_destroy(&together);
    for (int k = 0; k < KINDS; k++)
        assert_int_equal(total[k], limits[k]);
    assert_books(s);
    kp_store_close(s);
}

/* ---- Processes ---- */

typedef struct {
    int granted[KINDS];
    bool well;
} told;

static int asks_of_a_process(void) {
    return getenv("KP_LONG") ? FULL_ASKS : KP_VALGRIND ? 600 : SANITIZED ? 100 : 200;
}

static void test_g1_processes_of_one_host(void **state) {
    (void)state;
    int workers = KP_VALGRIND ? 8 : WORKERS, ends[2], total[KINDS] = {0};
    hand_take();
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    for (int p = 0; p < workers; p++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child != 0)
            continue;
        alarm(getenv("KP_LONG") ? 3600 : SCRATCH_SECONDS);
        told t = {.well = true};
        kp_store *s = open_store();
        t.well = ask_often(s, p, asks_of_a_process(), t.granted);
        _exit(write(ends[1], &t, sizeof t) == sizeof t ? 0 : 1);
    }
    close(ends[1]);
    for (int p = 0; p < workers; p++) {
        told t;
        assert_int_equal(read(ends[0], &t, sizeof t), sizeof t);
        assert_true(t.well);
        for (int k = 0; k < KINDS; k++)
            total[k] += t.granted[k];
    }
    close(ends[0]);
    while (wait(NULL) > 0)
        continue;
    for (int k = 0; k < KINDS; k++)
        assert_int_equal(total[k], limits[k]);
    kp_store *s = open_store();
    assert_books(s);
    kp_store_close(s);
    assert_query("PRAGMA integrity_check", "ok");
}

/* ---- Kills ---- */

enum { SPENDERS = 4, PRICE = 1500, CALLS_MOST = 400, ROUNDS_OF_A_BUDGET = 5 };

/* Spends as a client does: admitted, then sent, which the ledger of the service notes; or refused for certain before,
   and then settled as nothing. */
static void spend(int budget, int number, int tell) {
    char words[CASE_TEXT], reply[CASE_TEXT], problem[CASE_TEXT], name[24];
    kp_store *s = open_store();
    snprintf(name, sizeof name, "ledger%d", budget);
    int ledger = open(scratch_path(name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    for (int i = 0;; i++) {
        snprintf(words, sizeof words, "ADMIT %d.%d 0 budget money%d %d %d 0 0 slot tasks%d 1000 3600000 0", number, i,
                 budget, PRICE, CALLS_MOST * PRICE + PRICE / 2, budget);
        if (ledger < 0 || ask_until_answered(s, words, reply, problem) != 0)
            _exit(1);
        bool granted = strncmp(reply, "ok", 2) == 0, refused = i % 3 == 0;
        if (granted && !refused && write(ledger, "$", 1) != 1)
            _exit(1);
        snprintf(words, sizeof words, "SETTLE %d.%d %s", number, i, refused ? "0" : "-");
        if ((granted && ask_until_answered(s, words, reply, problem) != 0) || write(tell, "w", 1) != 1)
            _exit(1);
    }
}

static long long size_of(const char *name) {
    struct stat info;
    return stat(scratch_path(name), &info) == 0 ? (long long)info.st_size : 0;
}

/* Starts all, lets them work for a while that chance chooses, and kills them at once. */
static void one_round(int budget, int *number, chance *dice) {
    pid_t child[SPENDERS];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    for (int i = 0; i < SPENDERS; i++) {
        ++*number;
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0) {
            signal(SIGPIPE, SIG_IGN);
            alarm(SCRATCH_SECONDS);
            close(ends[0]);
            spend(budget, *number, ends[1]);
        }
    }
    close(ends[1]);
    char heard;
    assert_int_equal(read(ends[0], &heard, 1), 1); /* one is at work */
    nanosleep(&(struct timespec){0, (long)chance_below(dice, 4000000)}, NULL);
    for (int i = 0; i < SPENDERS; i++) {
        int status = 0;
        nanosleep(&(struct timespec){0, (long)chance_below(dice, 300000)}, NULL);
        kill(child[i], SIGKILL);
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    close(ends[0]);
}

static void test_g2_books_after_kills(void **state) {
    (void)state;
    int kills = getenv("KP_LONG") ? 1000 : KP_VALGRIND ? 12 : 52, number = 0;
    long long sent = 0;
    chance dice = {20261122};
    hand_take(); /* no midnight, and no slot that ends */
    for (int round = 0; round * SPENDERS < kills; round++) {
        int budget = round / ROUNDS_OF_A_BUDGET, died = (round % ROUNDS_OF_A_BUDGET + 1) * SPENDERS;
        char words[CASE_TEXT], name[24];
        long long spent = -1, slots = -1;
        one_round(budget, &number, &dice);
        snprintf(name, sizeof name, "ledger%d", budget);
        snprintf(words, sizeof words, "LOOK budget money%d 0 1 0 0 slot tasks%d 0 1 0", budget, budget);
        kp_store *s = open_store();
        assert_int_equal(sscanf(store_ask(s, words), "ok %lld:%*d %lld:", &spent, &slots), 2);
        kp_store_close(s);
        long long ledger = size_of(name) * PRICE;
        assert_true(spent % PRICE == 0 && spent <= CALLS_MOST * PRICE);
        if (ledger > spent || spent > ledger + (long long)died * PRICE)
            fail_msg("ledger %lld, books %lld, %d kills", ledger, spent, died);
        /* Each has at most one task under way when it dies. */
        assert_in_range(slots, 0, died);
        if (round % ROUNDS_OF_A_BUDGET == ROUNDS_OF_A_BUDGET - 1)
            sent += size_of(name);
    }
    assert_true(sent > 0);
    assert_query("PRAGMA integrity_check", "ok");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_g1_threads_of_one_process, setup, teardown),
        cmocka_unit_test_setup_teardown(test_g1_processes_of_one_host, setup, teardown),
        cmocka_unit_test_setup_teardown(test_g2_books_after_kills, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
