/* client.c: a program that runs on while its keys change, for tests of places of keys: client OPTIONS (JSON). For each
 * line of its input, "call" or "keys", it makes a paid call or tells its keys, and prints one line: "ok", the code of
 * the error, or the keys as JSON. */
#include <stdio.h>
#include <string.h>

#include "keyplate_run.h"

static const char params[] = "{\"sitekey\":\"a\",\"pageurl\":\"https://example.com/\"}";

static void set(kp_op *op, const char *name, const char *value) {
    kp_op_set(op, name, value, strlen(value));
}

static void run(kp_client *client, kp_runner *runner, int telling) {
    kp_op *op = kp_op_new(client, telling ? KP_TELL : KP_SUBMIT);
    if (telling)
        set(op, "what", "keys");
    else {
        set(op, "method", "turnstile");
        set(op, "params", params);
    }
    const char *told = kp_run(runner, op) ? kp_op_get(op, "code", NULL)
                       : telling          ? kp_op_get(op, "answer", NULL)
                                          : "ok";
    puts(told ? told : "");
    fflush(stdout);
    kp_op_free(op);
}

int main(int argc, char **argv) {
    char line[32];
    kp_config *config = kp_config_new();
    int wrong = kp_local_configure(config, NULL);
    if (!wrong && argc > 1)
        wrong = kp_config_load(config, argv[1], strlen(argv[1]));
    kp_client *client = kp_client_new(config);
    kp_runner *runner = kp_runner_new(client);
    while (!wrong && client && runner && fgets(line, sizeof line, stdin))
        run(client, runner, line[0] == 'k');
    kp_runner_free(runner);
    kp_client_free(client);
    kp_config_free(config);
    return wrong ? 2 : 0;
}
