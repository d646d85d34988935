/* cmd_table.c: every command and every option, once: parsing, help, manual and completion are made from these tables.
 */
#include <string.h>

#include "app/cmd.h"
#include "app/cmd_audit.h"
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
    {"limits", "", "shows every limit, what of it is used, and when it begins anew",
     "Limits are set by the options limits.* and prices ('keyplate help config'). Those of limits.by for each "
     "client_id "
     "are shown for the one of --client-id.",
     NULL, 0, 0, cmd_limits},
    {"pause", "[REASON...]", "stops the paid calls of all who share the state",
     "Tasks that are paid already go on. --for TIME: how long; without it until 'keyplate resume'.", NULL, 0, -1,
     cmd_pause},
    {"resume", "", "ends a pause", NULL, NULL, 0, 0, cmd_resume},
    {"redact", "", "copies stdin to stdout without secrets",
     "A filter for logs: keyplate redact < IN > OUT. Every key that is found here goes, in any encoding, and so do "
     "values "
     "in context (key=, apikey:, clientKey), logins in URLs and of proxies, and bare runs of 32 hex digits; each "
     "becomes "
     "[REDACTED]. Trace ids, ETags, MD5 sums that say so, UUIDs and longer checksums stay. What cannot be part of a "
     "secret goes out at once. A configuration that cannot be used is an error before anything is read.",
     NULL, 0, 0, cmd_redact},
    {"monitor", "", "watches the balance and tells what is wrong",
     "Each minute (--every) it reads the balance once and tells: below a threshold (option balance.alert_below), below "
     "the floor (balance.pause_below: paid calls of all who share the state are paused until it is 5 % above), ten "
     "times "
     "the usual spending within 5 minutes, spending that the books do not explain (--all-spenders), no reading for "
     "10 minutes (--stale). Each is told once when it begins and once when it is over: on stderr, to the program of "
     "balance.exec (JSON on its stdin), to the webhook of balance.webhook (JSON). Monitors that share the state take "
     "turns. Ctrl-C or SIGTERM ends it.",
     NULL, 0, 0, cmd_monitor},
    {"metrics", "", "prints figures as Prometheus reads them",
     "The balance is the last one that a monitor read, with the time of that: nothing is asked of the service. Calls "
     "are "
     "those of the file of the option audit.file, counted from its start.",
     NULL, 0, 0, cmd_metrics},
    {"audit", "verify|report FILE...", "checks the audit record; sums up what it says",
     "verify: whether the records are those that were written: none changed, removed, moved or added. It names the "
     "first "
     "one that is wrong, and ends with exit status 1. FILE is that of the option audit.file, and those that rotation "
     "made of it, in any order; its sidecar FILE.tail tells whether the end was cut. The key is that of --key, else of "
     "the option audit.key, else the one that this host made in its state folder. Whoever has that key can make a "
     "record anew. report: calls, money, errors and latency, by method or what --by names, by code and over time; '-' "
     "is stdin. Lines that cannot be read are counted and left out.",
     "verify report", 1, -1, cmd_audit},
    {"sandbox", "[OPTION]...", "runs both services offline, for trying things out and for tests",
     "'keyplate sandbox --help' lists its options.", NULL, 0, -1, cmd_sandbox},
    {"help", "[config|errors|methods|COMMAND]", "explains options, errors, methods, or a command", NULL,
     "config errors methods", 0, 1, cmd_help},
    {"version", "", "prints the version", NULL, NULL, 0, 0, cmd_version},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

#define WATCH "monitor metrics"
#define CALLS "balance verify solve submit result wait report keys limits pause resume"

static const cmd_option options[CMD_OPTIONS] = {
    [CMD_PROVIDER] = {"--provider", "NAME", CALLS " redact help " WATCH,
                      "captchaai (default) or nocaptchaai; a task reference knows its own"},
    [CMD_KEY] = {"--key", "REF", CALLS " audit",
                 "where the key is, for this call only, such as env:NAME or file:PATH; never the key itself"},
    [CMD_TIMEOUT] = {"--timeout", "TIME", CALLS, "time for the whole call, such as 120s or 2m"},
    [CMD_URL] = {"--url", "URL", CALLS " " WATCH, "base URL of the service, for a sandbox or a gateway"},
    [CMD_CONFIG] = {"--config", "FILE", CALLS " redact audit " WATCH,
                    "configuration file; default ~/.config/keyplate/config.json"},
    [CMD_PROFILE] = {"--profile", "NAME", CALLS " redact audit " WATCH,
                     "which of the configuration file's profiles holds"},
    [CMD_SET] = {"--set", "NAME=VALUE", CALLS " redact audit " WATCH,
                 "sets an option of 'keyplate help config'; may be repeated"},
    [CMD_JSON] = {"--json", NULL, CALLS " version monitor audit", "prints one JSON object on stdout, errors too"},
    [CMD_VERBOSE] = {"--verbose", NULL, CALLS " redact " WATCH,
                     "says on stderr what was used, and what protects less than it could"},
    [CMD_QUIET] = {"--quiet", NULL, CALLS " audit metrics", "no progress line and no hints"},
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
    [CMD_FORMAT] = {"--format", "NAME", "audit", "report: table (default), csv, json or html"},
    [CMD_BY] = {"--by", "NAME", "audit", "report: sums up by method (default), client_id, env, service or key"},
    [CMD_SINCE] = {"--since", "WHEN", "audit",
                   "report: leaves out what is older than a date, a time (RFC 3339, 2026-11-20T14:00:00Z), or so long "
                   "ago: 90m, 24h, 7d"},
    [CMD_OUTPUT] = {"--output", "FILE", "audit", "report: where it is written; default stdout"},
    [CMD_ONCE] = {"--once", NULL, "monitor", "one reading, printed as 'keyplate balance' does, for cron"},
    [CMD_EVERY] = {"--every", "TIME", "monitor", "from one reading to the next, 1s to 1h; default 60s"},
    [CMD_STALE] = {"--stale", "TIME", "monitor",
                   "how long a balance that cannot be read goes untold; default 10m, or three readings"},
    [CMD_ALL_SPENDERS] = {"--all-spenders", NULL, "monitor",
                          "all who spend from this account share the state and a budget in dollars: tell what that "
                          "does not explain"},
    [CMD_TEXTFILE] = {"--textfile", "PATH", "monitor",
                      "also writes metrics there after each reading, for node_exporter (a name ending in .prom)"},
    [CMD_LISTEN] = {"--listen", "ADDR:PORT", "monitor",
                    "also serves metrics at /metrics, to this machine only, such as 127.0.0.1:9477"},
    [CMD_CLIENT_ID] = {"--client-id", "NAME", "solve submit limits",
                       "who the call is for: limits and the record go by it"},
    [CMD_TAG] = {"--tag", "NAME=VALUE", "solve submit", "what the record says of the call besides; may be repeated"},
    [CMD_FOR] = {"--for", "TIME", "pause", "how long, such as 30m or 12h"},
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
