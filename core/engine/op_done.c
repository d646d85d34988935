/* op_done.c: guards and actions about the end of an operation: its errors, its answer, what is settled at DONE. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/text.h"
#include "base/when.h"
#include "engine/meter.h"
#include "engine/moves.h"
#include "engine/op.h"
#include "safe/arena.h"
#include "safe/known.h"

bool kp_op_is_paid(const kp_op *op) {
    return op->kind == KP_SUBMIT || op->kind == KP_SOLVE;
}

const char *kp_op_method(const kp_op *op) {
    return kp_op_is_paid(op) && op->checked.method ? op->checked.method->name : NULL;
}

bool kp_op_waits(const kp_op *op) {
    return op->kind == KP_WAIT || op->kind == KP_SOLVE;
}

void kp_op_fail(kp_op *op, int code, const char *format, ...) {
    if (op->error)
        return;
    op->error = code;
    kp_buf_clear(&op->detail);
    /* Masked whole: half a key that a cut leaves over would not be known any more. */
    kp_buf line;
    kp_buf_init(&line, &kp_safe);
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    if (len > 0 && kp_buf_reserve(&line, (size_t)len)) {
        vsnprintf(line.data, (size_t)len + 1, format, again);
        kp_known_mask(&op->detail, line.data, (size_t)len);
    }
    va_end(again);
    va_end(args);
    kp_buf_free(&line);
}

bool kp_is_always(const kp_op *op) {
    (void)op;
    return true;
}

bool kp_is_faulty(const kp_op *op) {
    return op->error != 0;
}

bool kp_is_dry_run(const kp_op *op) {
    return op->dry_run;
}

bool kp_is_free_call(const kp_op *op) {
    return !kp_op_is_paid(op) || op->accepted;
}

bool kp_is_proves_itself(const kp_op *op) {
    return op->kind == KP_BALANCE || op->kind == KP_VERIFY || op->kind == KP_REFRESH;
}

bool kp_is_stopping(const kp_op *op) {
    return kp_op_cancelled(op) || op->mono_ms >= op->deadline_ms;
}

bool kp_is_waits(const kp_op *op) {
    return kp_op_waits(op);
}

void kp_do_nothing(kp_op *op) {
    (void)op;
}

/* What would be sent, for people: the key is not even looked for. */
void kp_do_show_request(kp_op *op) {
    kp_call_kind kind = kp_op_is_paid(op)       ? op->checked.call
                        : op->kind == KP_REPORT ? (op->good ? KP_CALL_REPORT_GOOD : KP_CALL_REPORT_BAD)
                        : op->kind == KP_BALANCE || op->kind == KP_VERIFY ? KP_CALL_BALANCE
                                                                          : KP_CALL_RESULT;
    const char *id = op->bare_id.len ? kp_buf_text(&op->bare_id) : NULL;
    int code = op->kind == KP_TELL || op->kind == KP_REFRESH || kp_is_managing(op)
                   ? KP_E_MISUSE
                   : kp_request_build(&op->request, op->client->provider, kind, op->client->base_url, KP_REQUEST_SHOWN,
                                      strlen(KP_REQUEST_SHOWN), kp_op_is_paid(op) ? &op->checked : NULL, id);
    if (code) {
        kp_op_fail(op, code, "%s", "");
        return;
    }
    kp_buf_fmt(&op->answer, "%s ", op->request.http_method);
    kp_known_mask(&op->answer, kp_buf_text(&op->request.shown_url), op->request.shown_url.len);
    for (size_t i = 0; i < op->request.header_count; i++) {
        kp_buf_fmt(&op->answer, "\n%s: ", op->request.header_name[i]);
        kp_buf_str(&op->answer, kp_buf_text(&op->request.header_value[i]));
    }
    kp_buf body;
    kp_buf_init(&body, NULL);
    code = kp_request_shown_body(&body, op->client->provider, kind, kp_op_is_paid(op) ? &op->checked : NULL, id);
    if (body.len) {
        kp_buf_str(&op->answer, "\n\n");
        kp_known_mask(&op->answer, kp_buf_text(&body), body.len);
    }
    if (code || body.failed || op->answer.failed)
        kp_op_fail(op, code ? code : KP_E_MEMORY, "%s", "");
    kp_buf_free(&body);
    op->has_answer = true;
}

void kp_do_take_answer(kp_op *op) {
    kp_buf_clear(&op->answer);
    if (op->kind == KP_REPORT)
        kp_buf_str(&op->answer, "recorded");
    else
        kp_known_mask_exact(&op->answer, kp_buf_text(&op->read.text), op->read.text.len);
    op->balance_micro = op->read.balance_micro;
    op->has_answer = true;
    kp_op_judge_age(op);
    if (op->answer.failed)
        kp_op_fail(op, KP_E_MEMORY, "the answer does not fit; ask for it again");
}

/* A wait for somebody else is told, or nobody would find the cause. */
static const char *waited_for(const kp_op *op) {
    if (op->state == KP_S_LOADING)
        return "until then another operation was looking for the key";
    if (op->state != KP_S_PROVING)
        return "";
    if (op->now && !op->crowded)
        return "until then the key could not be proven again, for that is done once a minute at most; it may be in ";
    return op->crowded ? "until then too many keys had been refused lately; the next one may be tried in "
                       : "until then another process was proving the key; if that one is gone, it is proven anew in ";
}

void kp_do_say_stop(kp_op *op) {
    kp_buf wait;
    kp_buf_init(&wait, NULL);
    if (op->state == KP_S_PROVING) {
        kp_add_duration(&wait, op->gate_ms);
        op->come_back_ms = op->gate_ms;
    }
    kp_op_fail(op, kp_op_cancelled(op) ? KP_E_CANCELLED : KP_E_TIMEOUT, "%s%s", waited_for(op), kp_buf_text(&wait));
    kp_buf_free(&wait);
}

void kp_do_say_stop_settle(kp_op *op) {
    kp_do_say_stop(op);
    kp_do_ask_settle(op);
}

void kp_do_say_late(kp_op *op) {
    kp_op_fail(op, KP_E_TIMEOUT, "too little of it was left to submit and to fetch the answer, so nothing was sent");
    kp_do_ask_settle(op);
}

void kp_do_say_unusable(kp_op *op) {
    kp_op_fail(op, op->finder.error, "%s", kp_buf_text(&op->finder.note));
    op->come_back_ms = op->ask_again_ms;
}

void kp_do_say_no_memory(kp_op *op) {
    kp_op_fail(op, KP_E_MEMORY, "%s", "");
}

static const char *host_hint(const char *host) {
    if (kp_same(host, "nginx"))
        return " Under nginx a variable reaches the workers only by a line \"env %s;\" at the top of nginx.conf.";
    if (kp_same(host, "php-fpm"))
        return " php-fpm clears the environment: set \"clear_env = no\" or \"env[%s] = ...\" in the pool's file, and "
               "clear a framework's cached configuration.";
    return "";
}

void kp_do_say_no_key(kp_op *op) {
    bool any = false;
    pthread_mutex_lock(&op->client->lock);
    for (size_t i = 0; i < op->ring->members.count; i++)
        any = any || op->ring->slots[i].key[KP_NOW].cell;
    pthread_mutex_unlock(&op->client->lock);
    if (op->wants_one && any) {
        kp_op_fail(op, KP_E_KEY_GONE, "the task belongs to key %s with fingerprint %s", op->ref.key_name,
                   op->ref.fingerprint);
        return;
    }
    const kp_provider *provider = op->client->provider;
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_buf_fmt(&text, "%s needs one. Looked at: ", provider->title);
    kp_buf_str(&text, kp_buf_text(&op->looked_at));
    if (op->kind != KP_REFRESH && op->ring->members.count > 1 && op->ring->members.list[1].by_default)
        kp_buf_fmt(&text, "; and %s_BACKUP, _2 to _9", provider->key_env);
    kp_buf_char(&text, '.');
    const char *format = host_hint(kp_config_value(op->client->config, KP_OPT_HOST));
    const char *gap = strstr(format, "%s");
    kp_buf_add(&text, format, gap ? (size_t)(gap - format) : strlen(format));
    if (gap) {
        kp_buf_str(&text, provider->key_env);
        kp_buf_str(&text, gap + 2);
    }
    if (op->hints & 1U)
        kp_buf_fmt(&text,
                   " This is a CI job: give it the secret as a variable (GitHub: env: %s: ${{ secrets.%s }}); jobs "
                   "of forks get no secrets.",
                   provider->key_env, provider->key_env);
    if (op->hints & 2U)
        kp_buf_fmt(&text, " In PowerShell a variable is set by $env:%s = '...'.", provider->key_env);
    kp_op_fail(op, KP_E_NO_KEY, "%s", kp_buf_text(&text));
    kp_buf_free(&text);
}

static void say_wait(kp_op *op, int code, const char *what) {
    kp_buf wait;
    kp_buf_init(&wait, NULL);
    kp_add_duration(&wait, op->gate_ms);
    kp_op_fail(op, code, "%s%sagain in %s", what, what[0] ? "; " : "", kp_buf_text(&wait));
    op->come_back_ms = op->gate_ms;
    kp_buf_free(&wait);
}

/* The operation that asked the service itself tells the service's own word; the others tell of the gate that it shut.
 */
static bool asked_itself(const kp_op *op) {
    kp_class cls = kp_error_find(op->code)->cls;
    return op->attempts > 0 && (cls == KP_CLASS_KEY || cls == KP_CLASS_ADDRESS);
}

void kp_do_say_banned(kp_op *op) {
    if (asked_itself(op))
        kp_do_say_code(op);
    else
        say_wait(op, KP_E_BANNED, "");
}

void kp_do_say_cooling(kp_op *op) {
    if (op->first_error) {
        kp_do_say_first(op);
        return;
    }
    if (op->barred) {
        kp_op_say_barred(op);
        return;
    }
    if (asked_itself(op)) {
        kp_do_say_code(op);
        return;
    }
    char what[96] = "";
    if (op->refused_with)
        snprintf(what, sizeof what, "it said %s", kp_error_name(op->refused_with));
    say_wait(op, KP_E_KEY_COOLING, what);
}

void kp_do_say_crowded(kp_op *op) {
    say_wait(op, KP_E_LIMIT, "too many keys were refused lately, and the service bans addresses for that");
}

void kp_op_say_limit(kp_op *op, int code) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_buf_str(&text, kp_buf_text(&op->limit));
    if (op->limit_letter == 'B') {
        kp_buf_str(&text, ", of which ");
        kp_add_micro(&text, op->left);
        kp_buf_str(&text, " dollars are left");
    }
    say_wait(op, code, kp_buf_text(&text));
    kp_buf_free(&text);
}

/* Who pauses without a time means no time. */
static const uint64_t LONG_PAUSE_MS = 366ULL * 86400000;

void kp_do_say_refused(kp_op *op) {
    if (op->banned)
        kp_do_say_banned(op);
    else if (op->cooling)
        kp_do_say_cooling(op);
    else if (op->paused && op->gate_ms > LONG_PAUSE_MS)
        kp_op_fail(op, KP_E_PAUSED, "until somebody resumes them");
    else if (op->paused)
        say_wait(op, KP_E_PAUSED, "");
    else
        kp_op_say_limit(op, op->limit_letter == 'R'   ? KP_E_RATE
                            : op->limit_letter == 'S' ? KP_E_TOO_MANY_TASKS
                            : op->limit_letter        ? KP_E_BUDGET
                                                      : KP_E_LIMIT);
}

/* The zone of a budget's day or of a window is not there: nobody knows what holds. */
void kp_do_say_no_zone(kp_op *op) {
    pthread_mutex_lock(&op->client->lock);
    const char *zone = kp_op_missing_zone(op);
    pthread_mutex_unlock(&op->client->lock);
    kp_op_fail(op, KP_E_CONFIG, "limits name the time zone %s, and this system has no such zone (package tzdata)",
               zone ? zone : "");
}

bool kp_is_no_zone(const kp_op *op) {
    if (kp_is_free_call(op))
        return false;
    pthread_mutex_lock(&op->client->lock);
    bool missing = kp_op_missing_zone(op) != NULL;
    pthread_mutex_unlock(&op->client->lock);
    return missing;
}

bool kp_op_failed_there(const kp_op *op) {
    return op->error && kp_error_find(op->error)->cls == KP_CLASS_TASK;
}

void kp_do_say_unwritten(kp_op *op) {
    if (op->line.failed)
        kp_op_fail(op, KP_E_MEMORY, "%s", "");
    else
        kp_op_fail(op, KP_E_RECORD, "%s", kp_config_value(op->client->config, KP_OPT_AUDIT_FILE));
    kp_do_ask_settle(op);
}

/* Another key of the account did not help either. What may pass says nothing of the key. */
static bool is_gone(const kp_op *op, const kp_error_row *row) {
    return op->substituted && (row->cls == KP_CLASS_KEY || row->cls == KP_CLASS_TASK || row->cls == KP_CLASS_INPUT ||
                               row->cls == KP_CLASS_UNKNOWN);
}

void kp_do_say_code(kp_op *op) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    const kp_error_row *row = kp_error_find(op->code);
    if (is_gone(op, row)) {
        kp_op_fail(op, KP_E_KEY_GONE,
                   "the task belongs to key %s with fingerprint %s; with another key of that account "
                   "the service said %s",
                   op->accepted ? op->ring->members.list[op->first_member].name : op->ref.key_name,
                   op->accepted ? op->first_fingerprint : op->ref.fingerprint, row->name);
        return;
    }
    const char *said = kp_buf_text(&op->read.provider_text);
    if (said[0] && strcmp(said, row->text) != 0 && strcmp(said, row->name) != 0)
        kp_buf_fmt(&text, "the service says: %s", said);
    else if (op->code == KP_E_HTTP || op->code == KP_E_SERVER || op->code == KP_E_REDIRECT)
        kp_buf_fmt(&text, "HTTP status %d", op->http_status);
    else if (row->cls == KP_CLASS_NETWORK)
        kp_buf_str(&text, op->client->base_url);
    if (row->cls == KP_CLASS_ADDRESS) {
        kp_buf_str(&text, text.len ? "; calls go out " : "calls go out ");
        kp_client_egress(op->client, &text);
    }
    kp_op_fail(op, op->code, "%s", kp_buf_text(&text));
    if (op->retry_after_ms)
        op->come_back_ms = op->retry_after_ms;
    kp_buf_free(&text);
}

void kp_do_say_code_settle(kp_op *op) {
    kp_do_say_code(op);
    kp_do_ask_settle(op);
}

void kp_do_say_failed(kp_op *op) {
    op->accepted = true;
    kp_do_say_code(op);
}

void kp_do_say_unknown(kp_op *op) {
    op->unknown = true;
    kp_do_say_code(op);
}

kp_event kp_enter(kp_op *op) {
    op->begun_ms = op->mono_ms;
    if (op->state != KP_S_READ && op->state != KP_S_FETCH && op->state != KP_S_REFETCH && op->state != KP_S_ZONE &&
        op->state != KP_S_AUDITKEY)
        kp_op_end_look(op);
    switch (op->state) {
    case KP_S_READ:
        if (op->room && op->fetching && kp_fetch_step(op->fetch) != KP_FETCH_READ)
            return kp_op_fetch_event(op);
        if (op->room && (op->left_out || op->recalled))
            return kp_op_take_found(op);
        if (op->room && kp_op_place(op))
            return kp_op_take_held(op);
        op->finder.error = KP_E_MEMORY;
        kp_buf_clear(&op->finder.note);
        return KP_EV_UNUSABLE;
    case KP_S_ZONE: return op->room && !op->zone_path.failed ? KP_EV_NONE : kp_op_take_zone(op, KP_FAILED, 0);
    case KP_S_AUDITKEY:
        return op->room && kp_op_place(op) ? kp_op_take_held(op) : kp_op_take_seal(op, KP_FAILED, KP_WHY_IO, 0);
    case KP_S_FETCH: kp_op_build_fetch(op); return op->built ? KP_EV_NONE : KP_EV_UNBUILT;
    case KP_S_PROBE:
    case KP_S_SUBMIT:
    case KP_S_POLL: kp_op_build(op); return op->built ? KP_EV_NONE : KP_EV_UNBUILT;
    case KP_S_GATE:
    case KP_S_MARK:
    case KP_S_RECHECK:
    case KP_S_CLAIM:
    case KP_S_ADMIT:
    case KP_S_REFUND:
    case KP_S_COOL:
    case KP_S_LIMITS:
    case KP_S_FREE: return op->args.failed ? KP_EV_AWAY : KP_EV_NONE;
    case KP_S_INTENT:
        if (!kp_op_records(op))
            return KP_EV_WRITTEN;
        return kp_op_record(op) ? KP_EV_NONE : KP_EV_UNWRITTEN;
    case KP_S_OUTCOME:
        op->elapsed_ms = op->mono_ms - op->start_ms;
        return (op->intended || (kp_op_is_refused(op) && kp_op_records(op))) && kp_op_record(op) ? KP_EV_NONE
                                                                                                 : KP_EV_WRITTEN;
    case KP_S_DONE: kp_op_finish(op); return KP_EV_NONE;
    default: return KP_EV_NONE;
    }
}

void kp_op_finish(kp_op *op) {
    op->elapsed_ms = op->mono_ms - op->start_ms;
    kp_request_clear(&op->request);
    kp_buf_clear(&op->body);
    if (!op->client)
        return;
    if (op->kind == KP_REFRESH && !op->error)
        kp_op_tell_refreshed(op);
    kp_op_note_end(op);
    kp_meter_end(op);
    pthread_mutex_lock(&op->client->lock);
    kp_cell_drop(op->cell);
    op->cell = NULL;
    pthread_mutex_unlock(&op->client->lock);
}
