/* redis.c: what one admit in a Redis server takes, beside a PING over a connection of the same kind, in turns.
 *
 *     bench_redis PORT ROUNDS
 *
 * Prints medians in microseconds: PING over a bare socket, PING the way the store asks, an admit as a paid call with
 * nothing configured asks for it (two gates), one with a gate and a rate, one with two gates and three rates, one that
 * has two budgets (of a day, of 24 hours) and a slot besides. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "keyplate_run.h"
#include "net/store_redis.h"
#include "net/store_redis_link.h"

enum { ROUNDS_MOST = 20000, WORDS = 48, PATIENCE_MS = 5000, WAYS = 6 };

static const char *const admits[] = {
    "gate ban/x gate cool/x",
    "gate ban/x rate all 1000 1000000 0",
    "gate ban/x gate cool/x rate all 1000 1000000 0 rate key 1000 1000000 0 rate method 1000 1000000 0",
    "gate ban/x gate cool/x rate all 1000 1000000 0 rate key 1000 1000000 0 rate method 1000 1000000 0"
    " budget day 1 1000000000 0 0 budget rolling 1 1000000000 24h 0 slot tasks 1000000 60000 0",
};
static double taken[WAYS][ROUNDS_MOST];

static double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void check(int well, const char *what) {
    if (well)
        return;
    fprintf(stderr, "bench_redis: %s\n", what);
    exit(1);
}

static int connect_bare(int port) {
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    check(connect(fd, (struct sockaddr *)&to, sizeof to) == 0, "no server");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return fd;
}

static void ping_bare(int fd) {
    char room[16];
    check(send(fd, "*1\r\n$4\r\nPING\r\n", 14, 0) == 14 && recv(fd, room, sizeof room, 0) == 7, "no PONG");
}

static void ping(kp_line_stack *idle, const kp_redis_address *address) {
    kp_link link;
    kp_resp part;
    kp_buf command, problem;
    curl_socket_t fd = CURL_SOCKET_BAD;
    kp_buf_init(&command, NULL);
    kp_buf_init(&problem, NULL);
    kp_resp_head(&command, 1);
    kp_resp_word(&command, "PING", 4);
    kp_link_init(&link, NULL, kp_local_mono_ms() + PATIENCE_MS, &problem);
    link.line = kp_line_take(idle);
    check(link.line != NULL, "memory is short");
    curl_easy_getinfo(link.line->easy, CURLINFO_ACTIVESOCKET, &fd);
    check(fd != CURL_SOCKET_BAD || kp_link_connect(&link, address, "") == KP_LINK_OK, "no server");
    check(kp_link_send(&link, &command) == KP_LINK_OK && kp_link_read(&link, &part) == KP_LINK_OK, "no PONG");
    kp_link_done(&link, idle, true);
    kp_buf_free(&command);
    kp_buf_free(&problem);
}

static double admit(kp_store *store, const char *items, int round, int way) {
    char line[512];
    kp_arg args[WORDS];
    size_t count = 0;
    kp_buf reply, problem;
    kp_buf_init(&reply, NULL);
    kp_buf_init(&problem, NULL);
    snprintf(line, sizeof line, "ADMIT %d.%d.%d 0 %s", (int)getpid(), round, way, items);
    for (char *save = NULL, *word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save))
        args[count++] = (kp_arg){word, strlen(word)};
    double began = now_us();
    int result = store->call(store, args, count, NULL, &reply, &problem);
    double took = now_us() - began;
    check(result == 0 && strncmp(kp_buf_text(&reply), "ok", 2) == 0, kp_buf_text(result ? &problem : &reply));
    kp_buf_free(&reply);
    kp_buf_free(&problem);
    return took;
}

static int by_size(const void *a, const void *b) {
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

int main(int argc, char **argv) {
    int port = argc == 3 ? (int)strtol(argv[1], NULL, 10) : 0, rounds = argc == 3 ? (int)strtol(argv[2], NULL, 10) : 0;
    char url[64];
    kp_buf problem;
    kp_redis_address address;
    kp_line_stack idle = {NULL, 0};
    check(rounds > 0 && rounds <= ROUNDS_MOST, "usage: bench_redis PORT ROUNDS");
    snprintf(url, sizeof url, "redis://127.0.0.1:%d", port);
    kp_buf_init(&problem, NULL);
    kp_config *config = kp_config_new();
    kp_client *client = kp_client_new(config);
    kp_store *store = kp_store_redis(client, url, &problem);
    check(store && kp_redis_address_read(url, &address, &problem), kp_buf_text(&problem));
    int bare = connect_bare(port);
    for (int i = 0; i < rounds; i++) {
        double began = now_us();
        ping_bare(bare);
        taken[0][i] = now_us() - began;
        began = now_us();
        ping(&idle, &address);
        taken[1][i] = now_us() - began;
        for (int way = 2; way < WAYS; way++)
            taken[way][i] = admit(store, admits[way - 2], i, way);
    }
    for (int way = 0; way < WAYS; way++) {
        qsort(taken[way], (size_t)rounds, sizeof(double), by_size);
        printf("%.1f%c", taken[way][rounds / 2], way + 1 < WAYS ? ' ' : '\n');
    }
    close(bare);
    kp_line_stack_free(&idle);
    kp_redis_address_free(&address);
    kp_store_close(store);
    kp_client_free(client);
    kp_config_free(config);
    kp_buf_free(&problem);
    return 0;
}
