/* audit.c: paid calls without a network, whose audit lines are sealed and appended as by any driver; beside each line
 * the bare system calls that a line under a lock with a checkpoint needs, on a file of their own.
 *
 *     bench_audit FILE LINES
 *
 * Appends so many lines to FILE and prints nanoseconds as JSON: of a line, of the bare calls; each what a tenth stays
 * below, the median and the mean.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "keyplate_run.h"
#include "local/append.h"

enum { LINE = 400, CHECKPOINT = 512 };

static double *taken, *bare;
static size_t count, wanted;
static char bare_path[4096];
static int bare_fd, checkpoint_fd;

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void answer(kp_op *op, unsigned long task) {
    char body[64];
    snprintf(body, sizeof body, "{\"status\":1,\"request\":\"%lu\"}", task);
    kp_local_time(op);
    kp_on_status(op, 200);
    char length[24];
    snprintf(length, sizeof length, "%zu", strlen(body));
    kp_on_header(op, "Content-Length", 14, length, strlen(length));
    kp_on_body(op, body, strlen(body));
    kp_on_end(op, KP_NET_OK, KP_MAYBE_SENT);
}

/* Lock, is it still the file of that name, line, checkpoint, unlock. */
static int append_bare(void) {
    static const char bytes[CHECKPOINT] = {0};
    struct stat info;
    return flock(bare_fd, LOCK_EX) == 0 && stat(bare_path, &info) == 0 && write(bare_fd, bytes, LINE) == LINE &&
           pwrite(checkpoint_fd, bytes, CHECKPOINT, 0) == CHECKPOINT && flock(bare_fd, LOCK_UN) == 0;
}

static const char *seal(void *op, const char *last, size_t last_len, size_t *len) {
    return kp_append_seal(op, last, last_len, len);
}

static const char *checkpoint(void *op, size_t *len) {
    return kp_append_checkpoint(op, len);
}

/* As the local driver does it, without what the operation does next. */
static void append(kp_append_files *files, kp_op *op) {
    kp_append_source source = {op, seal, checkpoint};
    double start = now_ns();
    int failed = kp_append(files, kp_append_path(op), &source, NULL);
    double middle = now_ns();
    if (!failed && append_bare() && count < wanted) {
        bare[count] = now_ns() - middle;
        taken[count++] = middle - start;
    }
    kp_local_time(op);
    kp_on_append(op, failed);
}

static int call(kp_client *client, kp_local *local, kp_append_files *files, unsigned long task) {
    static const char params[] = "{\"sitekey\":\"a\",\"pageurl\":\"https://example.com/\"}";
    kp_op *op = kp_op_new(client, KP_SUBMIT);
    int step;
    kp_op_set(op, "method", "turnstile", 9);
    kp_op_set(op, "params", params, sizeof params - 1);
    kp_local_time(op);
    while ((step = kp_op_step(op)) != KP_DONE)
        if (step == KP_HTTP)
            answer(op, task);
        else if (step == KP_APPEND)
            append(files, op);
        else if (step == KP_TIME)
            kp_local_time(op);
        else
            kp_local_step(local, op);
    int error = kp_op_error(op);
    if (error)
        fprintf(stderr, "bench_audit: %s\n", kp_op_get(op, "text", NULL));
    kp_op_free(op);
    return error;
}

static int in_order(const void *a, const void *b) {
    double one = *(const double *)a, other = *(const double *)b;
    return one < other ? -1 : one > other;
}

static void print(const char *name, double *of) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += of[i];
    qsort(of, count, sizeof *of, in_order);
    printf("\"%s\": {\"tenth\": %.0f, \"median\": %.0f, \"mean\": %.0f}", name, of[count / 10], of[count / 2],
           sum / (double)count);
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    wanted = strtoul(argv[2], NULL, 10);
    taken = calloc(wanted, sizeof *taken);
    bare = calloc(wanted, sizeof *bare);
    snprintf(bare_path, sizeof bare_path, "%s.bare", argv[1]);
    bare_fd = open(bare_path, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    snprintf(bare_path, sizeof bare_path, "%s.bare.tail", argv[1]);
    checkpoint_fd = open(bare_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    unlink(bare_path);
    snprintf(bare_path, sizeof bare_path, "%s.bare", argv[1]);
    char key[33] = "";
    srandom((unsigned)time(NULL));
    for (size_t i = 0; i < 30; i++)
        key[i] = (char)('a' + random() % 26);
    kp_config *config = kp_config_new();
    kp_secret *secret = kp_secret_new(key, 30);
    kp_config_hold(config, "bench", secret);
    kp_config_set(config, "keys", "[\"held:bench\"]");
    kp_config_set(config, "store", "memory:");
    kp_config_set(config, "audit.file", argv[1]);
    kp_client *client = kp_client_new(config);
    kp_local *local = kp_local_new(client);
    kp_append_files *files = kp_append_files_new();
    if (!taken || !bare || !wanted || !local || !files || checkpoint_fd < 0)
        return 1;
    for (unsigned long task = 1; count < wanted; task++)
        if (call(client, local, files, task))
            return 1;
    printf("{");
    print("line", taken);
    printf(", ");
    print("bare", bare);
    printf("}\n");
    kp_append_files_free(files);
    kp_local_free(local);
    kp_client_free(client);
    kp_secret_free(secret);
    kp_config_free(config);
    free(taken);
    free(bare);
    close(bare_fd);
    close(checkpoint_fd);
    unlink(bare_path);
    return 0;
}
