/* sandbox_task.c: a ring of the last million tasks, found by their id in one step. */
#include "app/sandbox_task.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"

#define PLACES (1u << 20)
#define CHOSEN_BYTES (64u << 20) /* of chosen answers together */

typedef struct place {
    sandbox_task task; /* id 0: empty */
    char *answer;
    size_t len;
} place;

struct sandbox_tasks {
    pthread_mutex_t lock;
    uint64_t next;
    size_t chosen; /* bytes in answers */
    place *places; /* task id at id % PLACES; zeroed pages that cost nothing until they are used */
};

sandbox_tasks *sandbox_tasks_new(uint64_t first_id) {
    sandbox_tasks *tasks = kp_zalloc(1, sizeof *tasks);
    if (!tasks)
        return NULL;
    tasks->places = kp_zalloc(PLACES, sizeof *tasks->places);
    if (!tasks->places) {
        kp_free(tasks);
        return NULL;
    }
    pthread_mutex_init(&tasks->lock, NULL);
    tasks->next = first_id;
    return tasks;
}

void sandbox_tasks_free(sandbox_tasks *tasks) {
    if (!tasks)
        return;
    /* Without a chosen answer nothing hangs on the places, and walking them would touch every page. */
    for (size_t i = 0; i < PLACES && tasks->chosen; i++) {
        tasks->chosen -= tasks->places[i].len;
        kp_free(tasks->places[i].answer);
    }
    pthread_mutex_destroy(&tasks->lock);
    kp_free(tasks->places);
    kp_free(tasks);
}

uint64_t sandbox_tasks_add(sandbox_tasks *tasks, const sandbox_task *task, const char *answer, size_t len) {
    char *copy = answer && len ? kp_strndup(answer, len) : NULL;
    if (answer && len && !copy)
        return 0;
    pthread_mutex_lock(&tasks->lock);
    place *at = &tasks->places[tasks->next % PLACES];
    char *old = NULL;
    uint64_t id = 0;
    if (!copy || tasks->chosen - at->len + len <= CHOSEN_BYTES) {
        id = tasks->next++;
        old = at->answer;
        tasks->chosen -= at->len;
        at->task = *task;
        at->task.id = id;
        at->answer = copy;
        at->len = copy ? len : 0;
        tasks->chosen += at->len;
        copy = NULL;
    }
    pthread_mutex_unlock(&tasks->lock);
    kp_free(old);
    kp_free(copy);
    return id;
}

bool sandbox_tasks_find(sandbox_tasks *tasks, uint64_t id, int provider, uint32_t account, sandbox_task *out,
                        char *answer, size_t *len) {
    pthread_mutex_lock(&tasks->lock);
    const place *at = &tasks->places[id % PLACES];
    bool found = id && at->task.id == id && at->task.provider == provider && at->task.account == account;
    if (found) {
        *out = at->task;
        *len = at->len;
        if (at->answer)
            memcpy(answer, at->answer, at->len);
    }
    pthread_mutex_unlock(&tasks->lock);
    return found;
}
