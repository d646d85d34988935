/* sandbox_options.c: reads the options of `keyplate sandbox` and prints its help, both from one table. */
#include "app/sandbox_options.h"

#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/text.h"

#define SOLVE_MS_DEFAULT 1500
#define BAN_MS_DEFAULT 300000
#define MS_MAX (24LL * 3600 * 1000)
#define BALANCE_DEFAULT (10LL * 1000000)
#define PRICE_DEFAULT 1000

typedef struct option_row option_row;
struct option_row {
    const char *name, *values;                                       /* values: how the arguments are shown */
    int count;                                                       /* arguments that the option takes */
    const char *(*set)(sandbox_options *, const char *const *value); /* NULL, or why the value is refused */
    const char *text;
};

static const char *set_listen(sandbox_options *o, const char *const *value) {
    o->listen = value[0];
    return NULL;
}

static const char *set_key_file(sandbox_options *o, const char *const *value) {
    if (o->key_file_count == SANDBOX_LIST_MAX)
        return "given too often (64 times at most)";
    o->key_files[o->key_file_count++] = value[0];
    return NULL;
}

static const char *read_ms(const char *text, uint64_t *out) {
    int64_t ms = 0;
    if (!kp_parse_i64(text, strlen(text), &ms) || ms < 0 || ms > MS_MAX)
        return "not a number of milliseconds from 0 to 86400000";
    *out = (uint64_t)ms;
    return NULL;
}

static const char *set_solve_ms(sandbox_options *o, const char *const *value) {
    return read_ms(value[0], &o->solve_ms);
}

static const char *set_ban_ms(sandbox_options *o, const char *const *value) {
    return read_ms(value[0], &o->ban_ms);
}

static const char *set_balance(sandbox_options *o, const char *const *value) {
    if (!kp_parse_micro(value[0], strlen(value[0]), &o->balance) || o->balance < 0)
        return "not an amount such as 12.5";
    return NULL;
}

static const char *set_price(sandbox_options *o, const char *const *value) {
    const char *sign = strchr(value[0], '=');
    int64_t micro = 0;
    if (!sign || sign == value[0] || !kp_parse_micro(sign + 1, strlen(sign + 1), &micro) || micro < 0 ||
        micro > SANDBOX_PRICE_MAX)
        return "not METHOD=USD, such as turnstile=0.001 or *=0.002";
    size_t len = (size_t)(sign - value[0]);
    if (kp_same_n(value[0], len, "*")) {
        o->price_other = micro;
        return NULL;
    }
    if (o->price_count == SANDBOX_LIST_MAX)
        return "given too often (64 times at most)";
    o->prices[o->price_count++] = (sandbox_price){value[0], len, micro};
    return NULL;
}

static const char *set_allow_ip(sandbox_options *o, const char *const *value) {
    if (o->allowed_count == SANDBOX_LIST_MAX)
        return "given too often (64 times at most)";
    if (!sandbox_address_parse(value[0], &o->allowed[o->allowed_count]))
        return "not an IP address";
    o->allowed_count++;
    return NULL;
}

static const char *set_script(sandbox_options *o, const char *const *value) {
    o->script = value[0];
    return NULL;
}

static const char *set_ledger(sandbox_options *o, const char *const *value) {
    o->ledger = value[0];
    return NULL;
}

static const char *set_record(sandbox_options *o, const char *const *value) {
    o->record = value[0];
    return NULL;
}

static const char *set_tls(sandbox_options *o, const char *const *value) {
    o->tls_cert = value[0];
    o->tls_key = value[1];
    return NULL;
}

static const char *set_help(sandbox_options *o, const char *const *value) {
    (void)value;
    o->help = true;
    return NULL;
}

static const option_row rows[] = {
    {"--listen", "ADDR:PORT", 1, set_listen,
     "where to listen; port 0 picks a free one. Default 127.0.0.1:0,\nwhich only this machine reaches"},
    {"--key-file", "FILE", 1, set_key_file,
     "a file with the keys of an account, one a line; may be repeated. When it\nchanges it is read again: a key that "
     "is "
     "not there any more is refused\nfrom then on. Without it a key is made, and its file is gone at the end"},
    {"--solve-ms", "N", 1, set_solve_ms, "a task is ready after N milliseconds. Default 1500"},
    {"--balance", "USD", 1, set_balance, "what each account has at each service. Default 10"},
    {"--price", "METHOD=USD", 1, set_price,
     "what a task costs; may be repeated; * stands for all others.\nDefault *=0.001"},
    {"--allow-ip", "ADDR", 1, set_allow_ip, "only this client address may use the keys; may be repeated"},
    {"--ban-ms", "N", 1, set_ban_ms,
     "how long a ban lasts after five wrong keys in a minute; 0: none.\nDefault 300000"},
    {"--script", "FILE", 1, set_script, "scenarios in JSON: slow, broken and missing answers"},
    {"--ledger", "FILE", 1, set_ledger, "append a JSON line for each task that was charged"},
    {"--record", "FILE", 1, set_record,
     "append a JSON line for each request that was read whole, with the\nfingerprint of its key, never the key"},
    {"--tls", "CERT KEY", 2, set_tls, "speak HTTPS with this certificate and private key (PEM files)"},
    {"--help", "", 0, set_help, "this text"},
};
#define ROWS (sizeof rows / sizeof *rows)

static const char help_head[] =
    "usage: keyplate sandbox [OPTION]...\n"
    "\n"
    "Both services offline on one port: CaptchaAI (in.php, res.php) and NoCaptchaAI (createTask,\n"
    "getTaskResult, solve, balance). Nothing is solved and nothing leaves this machine. The first lines\n"
    "on stdout are 'listening on URL', 'key file PATH' and an 'export ...' line for a shell.\n"
    "Ctrl-C ends it.\n"
    "\n"
    "options:\n";

static const char help_tail[] =
    "\n"
    "parameters of a task with a meaning of their own here:\n"
    "  sitekey, googlekey, gt, websiteKey, comment or textinstructions = unsolvable\n"
    "                          the task ends in ERROR_CAPTCHA_UNSOLVABLE\n"
    "  sandbox_answer = TEXT   the answer is TEXT (at most 1024 bytes); else it is sandbox-answer-ID\n"
    "  type = SandboxIdleTask  NoCaptchaAI: the task stays idle for ever\n"
    "\n"
    "A key that is not known is ERROR_WRONG_USER_KEY, or ERROR_KEY_DOES_NOT_EXIST if it has the form of\n"
    "one (32 hex digits). After five of them in a minute the address is banned, and asking prolongs that.\n"
    "\n"
    "example:\n"
    "  keyplate sandbox --script faults.json --ledger ledger.jsonl\n";

void sandbox_options_help(void) {
    fputs(help_head, stdout);
    for (size_t i = 0; i < ROWS; i++) {
        int used = printf("  %s %s", rows[i].name, rows[i].values);
        for (const char *line = rows[i].text; line;) {
            const char *end = strchr(line, '\n');
            int len = end ? (int)(end - line) : (int)strlen(line);
            printf("%*s%.*s\n", used < 26 ? 26 - used : 1, "", len, line);
            used = 0;
            line = end ? end + 1 : NULL;
        }
    }
    fputs(help_tail, stdout);
}

static void say_unknown(const char *word, size_t len) {
    char name[24];
    if (!kp_starts(word, "-") || len >= sizeof name) {
        /* It may be a key that landed in the wrong place, so it is not shown. */
        fputs("keyplate sandbox: an argument that is no option; see keyplate sandbox --help\n", stderr);
        return;
    }
    memcpy(name, word, len);
    name[len] = 0;
    const char *nearest = NULL;
    size_t best = 4;
    for (size_t i = 0; i < ROWS; i++) {
        size_t distance = kp_distance(name, rows[i].name, best);
        if (distance < best) {
            best = distance;
            nearest = rows[i].name;
        }
    }
    if (nearest)
        fprintf(stderr, "keyplate sandbox: unknown option %s; did you mean %s?\n", name, nearest);
    else
        fprintf(stderr, "keyplate sandbox: unknown option %s; see keyplate sandbox --help\n", name);
}

static const option_row *find_row(const char *word, size_t len) {
    if (kp_same_n(word, len, "-h"))
        word = "--help", len = 6;
    for (size_t i = 0; i < ROWS; i++)
        if (kp_same_n(word, len, rows[i].name))
            return &rows[i];
    return NULL;
}

bool sandbox_options_read(sandbox_options *o, int argc, char **argv) {
    *o = (sandbox_options){.listen = "127.0.0.1:0",
                           .solve_ms = SOLVE_MS_DEFAULT,
                           .ban_ms = BAN_MS_DEFAULT,
                           .balance = BALANCE_DEFAULT,
                           .price_other = PRICE_DEFAULT};
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i], *sign = strchr(word, '=');
        size_t len = kp_starts(word, "--") && sign ? (size_t)(sign - word) : strlen(word);
        const option_row *row = find_row(word, len);
        if (!row) {
            say_unknown(word, len);
            return false;
        }
        const char *value[2] = {NULL, NULL};
        int have = 0;
        if (word[len] == '=')
            value[have++] = word + len + 1;
        while (have < row->count && i + 1 < argc)
            value[have++] = argv[++i];
        if (have != row->count) {
            fprintf(stderr, "keyplate sandbox: %s takes %s\n", row->name, row->count ? row->values : "no value");
            return false;
        }
        const char *problem = row->set(o, value);
        if (problem) {
            fprintf(stderr, "keyplate sandbox: %s: %s\n", row->name, problem);
            return false;
        }
    }
    return true;
}

int64_t sandbox_options_price(const sandbox_options *o, const char *method, size_t len) {
    for (size_t i = 0; i < o->price_count; i++)
        if (o->prices[i].method_len == len && memcmp(o->prices[i].method, method, len) == 0)
            return o->prices[i].micro;
    return o->price_other;
}
