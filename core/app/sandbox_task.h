/* sandbox_task.h: the tasks that the sandbox has taken. */
#ifndef KP_APP_SANDBOX_TASK_H
#define KP_APP_SANDBOX_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SANDBOX_CHOSEN_MAX 1024 /* bytes of an answer that the caller chose */

typedef enum sandbox_kind {
    SANDBOX_TEXT = 0,   /* the answer is a text */
    SANDBOX_OBJECT,     /* the answer is a JSON object around the text */
    SANDBOX_UNSOLVABLE, /* ends in an error */
    SANDBOX_IDLE        /* never ends */
} sandbox_kind;

typedef struct sandbox_task {
    uint64_t id;
    uint64_t ready_at;
    uint32_t account;
    uint8_t provider;
    uint8_t kind; /* sandbox_kind */
} sandbox_task;

typedef struct sandbox_tasks sandbox_tasks;

/* first_id: where the ids begin. NULL when memory is short. */
sandbox_tasks *sandbox_tasks_new(uint64_t first_id);
void sandbox_tasks_free(sandbox_tasks *);
/* Keeps a task (its id is given here and returned); answer NULL: the one that every task has. 0 when there is no room
   for one more chosen answer. Old tasks are forgotten: the last million are kept. Safe from any thread, as is find. */
uint64_t sandbox_tasks_add(sandbox_tasks *, const sandbox_task *, const char *answer, size_t len);
/* false: no such task of this account at this service. answer (SANDBOX_CHOSEN_MAX bytes) and its length are filled in;
   length 0: none was chosen. */
bool sandbox_tasks_find(sandbox_tasks *, uint64_t id, int provider, uint32_t account, sandbox_task *out, char *answer,
                        size_t *len);

#endif
