/* cmd.h: what the parts of the command share: its two tables, and what one command line said. */
#ifndef KP_APP_CMD_H
#define KP_APP_CMD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "keyplate_run.h"
#include "wire/provider.h"

/* The options in the order of their table. */
typedef enum cmd_option_id {
    CMD_PROVIDER = 0,
    CMD_KEY,
    CMD_TIMEOUT,
    CMD_URL,
    CMD_CONFIG,
    CMD_PROFILE,
    CMD_SET,
    CMD_JSON,
    CMD_VERBOSE,
    CMD_QUIET,
    CMD_HELP,
    CMD_VERSION,
    CMD_DRY_RUN,
    CMD_SYNC,
    CMD_NOW,
    CMD_UNDO,
    CMD_FORCE,
    CMD_BARE_HEX,
    CMD_FORMAT,
    CMD_BY,
    CMD_SINCE,
    CMD_OUTPUT,
    CMD_ONCE,
    CMD_EVERY,
    CMD_STALE,
    CMD_ALL_SPENDERS,
    CMD_TEXTFILE,
    CMD_LISTEN,
    CMD_CLIENT_ID,
    CMD_TAG,
    CMD_FOR,
    CMD_MAN,
    CMD_COMPLETION,
    CMD_OPTIONS
} cmd_option_id;

enum { CMD_SETS = 64, CMD_TAGS = 32, CMD_SHOWN_MAX = 4096 };

typedef struct cmd_row cmd_row;

/* What one run of the command works with. */
typedef struct cmd_app {
    const cmd_row *row;             /* the command; NULL: none was given */
    const char *value[CMD_OPTIONS]; /* NULL: not given; "" for a switch that was */
    const char *set[CMD_SETS];      /* every --set */
    size_t set_count;
    const char *tag[CMD_TAGS]; /* every --tag */
    size_t tag_count;
    char **args; /* what is neither command nor option */
    int arg_count;
    kp_config *config;
    kp_client *client;
    kp_runner *runner;
} cmd_app;

struct cmd_row {
    const char *name;
    const char *arguments; /* as help shows them; "" for none */
    const char *text;      /* one line, without a full stop */
    const char *more;      /* further lines for the command's own help; NULL for none */
    const char *words;     /* what its first argument can be, blanks between; NULL: anything */
    int least, most;       /* arguments; most -1: any number */
    int (*run)(cmd_app *); /* returns the exit status */
};

typedef struct cmd_option {
    const char *name;  /* "--json" */
    const char *value; /* as help shows it; NULL: a switch */
    const char *of;    /* the commands that take it, blanks between; NULL: all */
    const char *text;
} cmd_option;

/* The i-th command, NULL past the last; by name, NULL if there is none. */
const cmd_row *cmd_row_at(size_t i);
const cmd_row *cmd_row_find(const char *name);
/* The nearest command to a misspelt one; NULL if none is near, for then the word may be anything, a key too. */
const char *cmd_row_near(const char *name);
/* The i-th option, NULL past the last; and the nearest to a misspelt one. */
const cmd_option *cmd_option_at(size_t i);
const char *cmd_option_near(const char *name);
bool cmd_option_fits(const cmd_option *, const cmd_row *);
/* true if the word is one of a list with blanks between. */
bool cmd_in_list(const char *list, const char *word);
/* Takes the next word of such a list: its length, *list moves behind it. 0 at the end. */
size_t cmd_next_word(const char **list, const char **word);
/* Keeps in *nearest the candidate that is nearest to the word; *best starts at the largest distance that counts + 1. */
void cmd_nearer(const char *word, const char *candidate, const char **nearest, size_t *best);

/* true if the option was given. */
bool cmd_on(const cmd_app *, cmd_option_id);
/* Reads the command line into app (zeroed). 0, or the exit status after a message. */
int cmd_read_line(cmd_app *app, int argc, char **argv);

/* The commands. */
int cmd_balance(cmd_app *);
int cmd_verify(cmd_app *);
int cmd_submit(cmd_app *);
int cmd_result(cmd_app *);
int cmd_wait(cmd_app *);
int cmd_report(cmd_app *);
int cmd_solve(cmd_app *);
int cmd_keys(cmd_app *);
int cmd_redact(cmd_app *);
int cmd_limits(cmd_app *);
int cmd_pause(cmd_app *);
int cmd_resume(cmd_app *);
int cmd_monitor(cmd_app *);
int cmd_metrics(cmd_app *);
int cmd_sandbox(cmd_app *);
int cmd_help(cmd_app *);
int cmd_version(cmd_app *);

#endif
