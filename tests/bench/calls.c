/* calls.c: makes N calls on one kept-alive connection, by keyplate or by plain libcurl, so that callgrind can count the
 * instructions of one.
 *
 *     calls keyplate-submit|keyplate-poll|curl-post|curl-get N URL KEY_FILE
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyplate_run.h"

static size_t drop(char *data, size_t size, size_t count, void *arg) {
    (void)data;
    (void)arg;
    return size * count;
}

static void fail(const char *what) {
    fprintf(stderr, "calls: %s\n", what);
    exit(1);
}

/* The plain program: one easy handle, its URL or body as a string, nothing checked. */
static void by_curl(int post, long n, const char *url, const char *key) {
    char target[512], body[512];
    snprintf(target, sizeof target, post ? "%s/in.php" : "%s/res.php?key=%s&action=getbalance&json=1", url, key);
    snprintf(body, sizeof body,
             "key=%s&method=turnstile&json=1&sitekey=0x4AAA&pageurl=https%%3A%%2F%%2Fexample.com%%2F", key);
    CURL *easy = curl_easy_init();
    if (!easy)
        fail("libcurl cannot start");
    for (long i = 0; i < n; i++) {
        curl_easy_setopt(easy, CURLOPT_URL, target);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
        if (post)
            curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
        if (curl_easy_perform(easy) != CURLE_OK)
            fail("a plain call failed");
    }
    curl_easy_cleanup(easy);
}

static void by_keyplate(int submit, long n, const char *url, const char *key_file) {
    static const char params[] = "{\"sitekey\":\"0x4AAA\",\"pageurl\":\"https://example.com/\"}";
    char keys[600];
    snprintf(keys, sizeof keys, "[\"file:%s\"]", key_file);
    kp_config *config = kp_config_new();
    kp_config_set(config, "url.captchaai", url);
    kp_config_set(config, "store", "memory:");
    kp_config_set(config, "keys", keys);
    kp_client *client = kp_client_new(config);
    kp_runner *runner = kp_runner_new(client);
    for (long i = 0; i < n; i++) {
        kp_op *op = kp_op_new(client, submit ? KP_SUBMIT : KP_BALANCE);
        kp_op_set(op, "method", "turnstile", 9);
        kp_op_set(op, "params", params, sizeof params - 1);
        if (kp_run(runner, op) != 0)
            fail(kp_op_get(op, "text", NULL));
        kp_op_free(op);
    }
    kp_runner_free(runner);
    kp_client_free(client);
    kp_config_free(config);
}

int main(int argc, char **argv) {
    if (argc != 5)
        fail("give mode, number, URL and key file");
    char key[256] = "";
    FILE *file = fopen(argv[4], "r");
    if (!file || !fgets(key, sizeof key, file))
        fail("the key file cannot be read");
    fclose(file);
    key[strcspn(key, "\r\n")] = '\0';
    long n = strtol(argv[2], NULL, 10);
    if (strncmp(argv[1], "keyplate-", 9) == 0)
        by_keyplate(strcmp(argv[1], "keyplate-submit") == 0, n, argv[3], argv[4]);
    else
        by_curl(strcmp(argv[1], "curl-post") == 0, n, argv[3], key);
    return 0;
}
