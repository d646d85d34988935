/* cmd_metrics.c: the command metrics, and what the monitor shows of the same figures. */
#include "app/cmd_metrics.h"

#include <string.h>

#include "app/cmd_amount.h"
#include "app/cmd_run.h"
#include "app/cmd_say.h"
#include "base/error.h"
#include "base/text.h"
#include "engine/client.h"
#include "policy/metrics.h"
#include "wire/json.h"

enum { KEYS = 256, BUDGETS = 256, TEXT = 128 };

/* What the client tells of itself, as lists with texts of their own. */
typedef struct figures {
    kp_metric_key keys[KEYS];
    kp_metric_budget budgets[BUDGETS];
    char key_text[KEYS][2][TEXT], budget_text[BUDGETS][2][TEXT];
    size_t key_count, budget_count;
} figures;

/* The answer of KP_TELL; NULL: there is none now. Lent by the operation, which is freed by the caller. */
static kp_json ask(cmd_watch *w, const char *what, cmd_driver *drive, kp_op **op) {
    size_t len = 0;
    *op = cmd_op(w->app, KP_TELL);
    if (!*op)
        return (kp_json){.type = KP_JSON_NONE};
    kp_op_set(*op, "what", what, strlen(what));
    if (drive(w->app, *op))
        return (kp_json){.type = KP_JSON_NONE};
    const char *text = kp_op_get(*op, "answer", &len);
    return kp_json_parse(text, len, NULL);
}

static bool take_text(kp_json value, char out[TEXT]) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    bool fits = kp_json_string(value, &text) && text.len < TEXT;
    if (fits)
        memcpy(out, kp_buf_text(&text), text.len + 1);
    kp_buf_free(&text);
    return fits;
}

static void take_keys(cmd_watch *w, cmd_driver *drive, figures *f) {
    kp_op *op;
    kp_json value, list = ask(w, "keys", drive, &op);
    size_t at = 0;
    while (f->key_count < KEYS && kp_json_next(list, &at, NULL, &value)) {
        char(*text)[TEXT] = f->key_text[f->key_count];
        bool unset = kp_json_get(value, "default").type == KP_JSON_TRUE; /* a place that nobody has to use */
        if (unset && kp_json_is(kp_json_get(value, "state"), "absent"))
            continue;
        if (take_text(kp_json_get(value, "name"), text[0]) && take_text(kp_json_get(value, "state"), text[1]))
            f->keys[f->key_count++] = (kp_metric_key){text[0], text[1]};
    }
    kp_op_free(op);
}

static void take_budgets(cmd_watch *w, cmd_driver *drive, figures *f) {
    kp_op *op;
    kp_json value, list = kp_json_get(ask(w, "limits", drive, &op), "limits");
    size_t at = 0;
    while (f->budget_count < BUDGETS && kp_json_next(list, &at, NULL, &value)) {
        char(*text)[TEXT] = f->budget_text[f->budget_count];
        int64_t spent = cmd_amount(kp_json_get(value, "used")), most = cmd_amount(kp_json_get(value, "limit"));
        bool fits = take_text(kp_json_get(value, "scope"), text[0]) && take_text(kp_json_get(value, "name"), text[1]);
        if (fits && kp_starts(text[1], "usd_") && spent >= 0 && most >= 0)
            f->budgets[f->budget_count++] = (kp_metric_budget){text[0], text[1], spent, most};
    }
    kp_op_free(op);
}

void cmd_metrics_add(cmd_watch *w, cmd_tally *tally, cmd_driver *drive, kp_buf *out) {
    figures *f = kp_zalloc(1, sizeof *f);
    if (!f) {
        out->failed = true;
        return;
    }
    take_keys(w, drive, f);
    take_budgets(w, drive, f);
    const char *record = kp_client_option(w->app->client, "audit.file"), *provider = w->app->client->provider->name;
    bool counted = record && record[0] && cmd_tally_read(tally, record, provider);
    kp_metrics m = {.provider = provider,
                    .version = kp_version(),
                    .success_ms = w->state.success_ms,
                    .balance = w->state.balance,
                    .calls = counted ? &tally->tally : NULL,
                    .keys = f->keys,
                    .key_count = f->key_count,
                    .budgets = f->budgets,
                    .budget_count = f->budget_count,
                    .store_up = w->store_up};
    kp_metrics_write(&m, out);
    kp_free(f);
}

/* ---- The command ---- */

static int drive(cmd_app *app, kp_op *op) {
    return cmd_drive(app, op, "gathering figures");
}

int cmd_metrics(cmd_app *app) {
    cmd_watch watch = {.store_up = -1};
    cmd_tally tally = {.done = 0};
    int status = cmd_open(app, NULL);
    if (status == CMD_DONE && app->client->error)
        status = cmd_fail(app, app->client->error, kp_buf_text(&app->client->problem));
    if (status == CMD_DONE)
        status = cmd_watch_open(&watch, app, 60000, 0);
    if (status == CMD_DONE) {
        kp_buf out;
        kp_buf_init(&out, NULL);
        cmd_watch_look(&watch);
        cmd_metrics_add(&watch, &tally, drive, &out);
        status = cmd_print_masked(&out, CMD_DONE);
        kp_buf_free(&out);
    }
    cmd_watch_close(&watch);
    cmd_tally_free(&tally);
    cmd_close(app);
    return status;
}
