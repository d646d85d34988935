/* learn.c: finds the keys of a client before its first call, so that no text shows them. */
#include "engine/client.h"
#include "keyplate_run.h"

static size_t count_keys(kp_client *client) {
    size_t count = 0;
    pthread_mutex_lock(&client->lock);
    for (size_t i = 0; i < client->ring.members.count; i++)
        count += client->ring.slots[i].key[KP_NOW].cell != NULL;
    pthread_mutex_unlock(&client->lock);
    return count;
}

/* The operation only waits for reads; those that the program would answer have nothing here. */
static void drive(kp_local *local, kp_op *op) {
    kp_local_time(op);
    while (kp_op_step(op) == KP_READ)
        if (!kp_local_step(local, op)) {
            kp_local_time(op);
            kp_on_read(op, KP_ABSENT, KP_WHY_NONE, 0);
        }
}

size_t kp_local_learn(kp_client *client) {
    if (!client)
        return 0;
    kp_local *local = kp_local_new(client);
    kp_op *op = kp_op_new(client, KP_TELL);
    size_t count = 0;
    if (local && op && kp_op_set(op, "what", "places", 6) == 0) {
        drive(local, op);
        count = count_keys(client);
    }
    kp_op_free(op);
    kp_local_free(local);
    return count;
}
