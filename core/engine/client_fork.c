/* client_fork.c: takes the locks of all clients around fork, so that no child finds one that nobody will ever give
 * back. */
#include "engine/client_fork.h"

#include "safe/pages.h"

/* Guards the list. Taken before the lock of any client, and never while one is held. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static kp_client *clients;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void before_fork(void) {
    pthread_mutex_lock(&lock);
    for (kp_client *client = clients; client; client = client->next)
        pthread_mutex_lock(&client->lock);
}

static void in_parent(void) {
    for (kp_client *client = clients; client; client = client->next)
        pthread_mutex_unlock(&client->lock);
    pthread_mutex_unlock(&lock);
}

/* The thread that looked for a key is not in the child; its lease must not hold up the child's own look. What happened
   in the parent is the parent's to tell. */
static void in_child(void) {
    for (kp_client *client = clients; client; client = client->next) {
        client->loader = NULL;
        client->events.inherited = true;
        kp_tally_restart(&client->tally);
        pthread_mutex_unlock(&client->lock);
    }
    pthread_mutex_unlock(&lock);
}

/* Handlers run last come, first served before a fork: those of the cells come first here, because a client's lock is
   taken before theirs. */
static void start(void) {
    kp_pages_start();
    pthread_atfork(before_fork, in_parent, in_child);
}

void kp_clients_add(kp_client *client) {
    pthread_once(&once, start);
    pthread_mutex_lock(&lock);
    client->next = clients;
    client->before = NULL;
    if (clients)
        clients->before = client;
    clients = client;
    pthread_mutex_unlock(&lock);
}

void kp_clients_remove(kp_client *client) {
    pthread_mutex_lock(&lock);
    if (client->before)
        client->before->next = client->next;
    else
        clients = client->next;
    if (client->next)
        client->next->before = client->before;
    pthread_mutex_unlock(&lock);
}
