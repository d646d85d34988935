/* cmd_table.c: every command and every option, once: parsing, help, manual and completion are made from these tables.
 */
#include <string.h>

#include "app/cmd.h"
#include "base/text.h"

#define PARAMETERS                                                                                                     \
    "NAME=VALUE is text, NAME:=JSON is JSON, and NAME=@FILE reads a file for the parameters that hold an image. "      \
    "'keyplate help methods' lists methods and parameters."
#define TASK "TASK is what submit printed (captchaai/primary~1a2b3c4d/123), or the service's bare id."

static const cmd_row rows[] = {
    {"balance", "", "prints what the account has",
     "One number on stdout: dollars at CaptchaAI, credits at NoCaptchaAI.", NULL, 0, 0, cmd_balance},
    {"verify", "", "proves by one balance call that the key is accepted",
     "With --key REF it proves that key and no other, whatever is configured. A key that is older than the option "
     "ring.age_fail is accepted by the service, and verify still fails.",
     NULL, 0, 0, cmd_verify},
    {"solve", "METHOD NAME=VALUE...", "submits a task, waits, and prints the answer",
     PARAMETERS " If the time is over or you press Ctrl-C, the task goes on, and its reference is printed.", NULL, 1,
     -1, cmd_solve},
    {"submit", "METHOD NAME=VALUE...", "submits a task and prints its reference", PARAMETERS, NULL, 1, -1, cmd_submit},
    {"result", "TASK", "asks once for the answer; exit status 6 if it is not there yet", TASK, NULL, 1, 1, cmd_result},
    {"wait", "TASK", "waits for the answer and prints it", TASK, NULL, 1, 1, cmd_wait},
    {"report", "good|bad TASK", "tells the service whether its answer was right", TASK, "good bad", 2, 2, cmd_report},
    {"keys", "[list|explain|set|verify|use|rotate|revoke] [NAME]", "shows which keys were found; manages them",
     "list (or nothing): the keys that were found, masked, with their age and who uses them. explain: every place in "
     "the order in which it is looked at, what is there, and which one wins. set: asks for a key without showing it "
     "and stores it in your home folder; it reads one line from stdin when that is no terminal. verify: as 'keyplate "
     "verify'. use NAME: that key comes first from now on, for all who share the state; --undo: the order of the "
     "configuration again. rotate [NAME]: reads the places of a key again and proves what is there. revoke "
     "NAME|FINGERPRINT: nobody who shares the state uses that value any more; of a NAME it is the value that was "
     "replaced. Delete it at the service afterwards.",
     "list explain set verify use rotate revoke", 0, 2, cmd_keys},
    {"redact", "", "copies stdin to stdout without secrets",
     "A filter for logs: keyplate redact < IN > OUT. Every key that is found here goes, in any encoding, and so do "
     "values "
     "in context (key=, apikey:, clientKey), logins in URLs and of proxies, and bare runs of 32 hex digits; each "
     "becomes "
     "[REDACTED]. Trace ids, ETags, MD5 sums that say so, UUIDs and longer checksums stay. What cannot be part of a "
     "secret goes out at once. A configuration that cannot be used is an error before anything is read.",
     NULL, 0, 0, cmd_redact},
    {"sandbox", "[OPTION]...", "runs both services offline, for trying things out and for tests",
     "'keyplate sandbox --help' lists its options.", NULL, 0, -1, cmd_sandbox},
    {"help", "[config|errors|methods|COMMAND]", "explains options, errors, methods, or a command", NULL,
     "config errors methods", 0, 1, cmd_help},
    {"version", "", "prints the version", NULL, NULL, 0, 0, cmd_version},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

#define CALLS "balance verify solve submit result wait report keys"

static const cmd_option options[CMD_OPTIONS] = {
    [CMD_PROVIDER] = {"--provider", "NAME", CALLS " redact help",
                      "captchaai (default) or nocaptchaai; a task reference knows its own"},
    [CMD_KEY] = {"--key", "REF", CALLS,
                 "where the key is, for this call only, such as env:NAME or file:PATH; never the key itself"},
    [CMD_TIMEOUT] = {"--timeout", "TIME", CALLS, "time for the whole call, such as 120s or 2m"},
    [CMD_URL] = {"--url", "URL", CALLS, "base URL of the service, for a sandbox or a gateway"},
    [CMD_CONFIG] = {"--config", "FILE", CALLS " redact", "configuration file; default ~/.config/keyplate/config.json"},
    [CMD_PROFILE] = {"--profile", "NAME", CALLS " redact", "which of the configuration file's profiles holds"},
    [CMD_SET] = {"--set", "NAME=VALUE", CALLS " redact", "sets an option of 'keyplate help config'; may be repeated"},
    [CMD_JSON] = {"--json", NULL, CALLS " version", "prints one JSON object on stdout, errors too"},
    [CMD_VERBOSE] = {"--verbose", NULL, CALLS " redact",
                     "says on stderr what was used, and what protects less than it could"},
    [CMD_QUIET] = {"--quiet", NULL, CALLS, "no progress line and no hints"},
    [CMD_HELP] = {"--help", NULL, NULL, "explains the command; -h is the same"},
    [CMD_VERSION] = {"--version", NULL, NULL, "prints the version"},
    [CMD_DRY_RUN] = {"--dry-run", NULL, "solve submit", "checks the parameters and prints the request; sends nothing"},
    [CMD_SYNC] = {"--sync", NULL, "solve", "one call that brings the answer (NoCaptchaAI)"},
    [CMD_NOW] = {"--now", NULL, "verify keys",
                 "verify: proves a key now that was refused a while ago (one proof a minute at most)"},
    [CMD_UNDO] = {"--undo", NULL, "keys", "use, revoke: takes it back"},
    [CMD_FORCE] = {"--force", NULL, "keys",
                   "revoke: also a value that is or was just in use, or that nobody is known to have used"},
    [CMD_BARE_HEX] =
        {"--bare-hex", "WHEN", "redact",
         "runs of exactly 32 hex digits go always (default), in a context of keys, or never: always, context, off"},
    [CMD_MAN] = {"--man", NULL, "help", "prints the manual page (roff)"},
    [CMD_COMPLETION] = {"--completion", NULL, "help", "prints the completion script for bash"},
};

const cmd_row *cmd_row_at(size_t i) {
    return i < ROWS ? &rows[i] : NULL;
}

const cmd_row *cmd_row_find(const char *name) {
    for (size_t i = 0; i < ROWS; i++)
        if (kp_same(name, rows[i].name))
            return &rows[i];
    return NULL;
}

void cmd_nearer(const char *word, const char *candidate, const char **nearest, size_t *best) {
    size_t distance = kp_distance(word, candidate, *best);
    if (distance < *best && distance * 2 <= strlen(candidate)) {
        *best = distance;
        *nearest = candidate;
    }
}

const char *cmd_row_near(const char *name) {
    const char *nearest = NULL;
    size_t best = 4;
    for (size_t i = 0; i < ROWS; i++)
        cmd_nearer(name, rows[i].name, &nearest, &best);
    return nearest;
}

const cmd_option *cmd_option_at(size_t i) {
    return i < CMD_OPTIONS ? &options[i] : NULL;
}

const char *cmd_option_near(const char *name) {
    const char *nearest = NULL;
    size_t best = 4;
    for (size_t i = 0; i < CMD_OPTIONS; i++)
        cmd_nearer(name, options[i].name, &nearest, &best);
    return nearest;
}

size_t cmd_next_word(const char **list, const char **word) {
    if (!*list)
        return 0;
    *list += strspn(*list, " ");
    *word = *list;
    size_t len = strcspn(*list, " ");
    *list += len;
    return len;
}

bool cmd_in_list(const char *list, const char *word) {
    const char *at = NULL;
    size_t len;
    while ((len = cmd_next_word(&list, &at)) > 0)
        if (kp_same_n(at, len, word))
            return true;
    return false;
}

bool cmd_option_fits(const cmd_option *option, const cmd_row *row) {
    return !option->of || (row && cmd_in_list(option->of, row->name));
}

bool cmd_on(const cmd_app *app, cmd_option_id id) {
    return app->value[id] != NULL;
}
