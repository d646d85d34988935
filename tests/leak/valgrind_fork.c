/* valgrind_fork.c: keeps memcheck from counting leaks in the children that a test forks; part of each test of that
 * build.
 *
 * What other threads and inherited connections held is lost in a child by its nature: it abandons them and may not
 * close them. Its wrong accesses are still counted, and all leaks of the parent.
 */
#include <pthread.h>
#include <valgrind/valgrind.h>

static void in_child(void) {
    VALGRIND_CLO_CHANGE("--leak-check=no");
}

__attribute__((constructor)) static void start(void) {
    (void)pthread_atfork(NULL, NULL, in_child);
}
