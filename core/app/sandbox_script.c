/* sandbox_script.c: reads a scenario file and finds the rule for a request. */
#include "app/sandbox_script.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define SCRIPT_MAX (16u << 20)
#define NUMBER_MAX 1e15 /* what a JSON number holds exactly here */

struct sandbox_script {
    pthread_mutex_t lock;
    size_t count;
    sandbox_rule *rules;
};

/* Sets one member of a rule; NULL, or what the value should have been. */
typedef const char *setter(sandbox_rule *, const cJSON *value);
typedef struct member {
    const char *name;
    setter *set;
} member;

static const char *const no_memory = "smaller: memory is short";

static const char *set_number(const cJSON *value, double least, double most, uint64_t *out) {
    if (!cJSON_IsNumber(value) || !(value->valuedouble >= least && value->valuedouble <= most))
        return "a whole number in range";
    *out = (uint64_t)value->valuedouble;
    return (double)*out == value->valuedouble ? NULL : "a whole number in range";
}

static const char *set_string(const cJSON *value, char **out) {
    if (!cJSON_IsString(value))
        return "a string";
    kp_free(*out);
    *out = kp_strdup(value->valuestring);
    return *out ? NULL : no_memory;
}

static const char *set_bytes(const cJSON *value, kp_buf *out) {
    if (!cJSON_IsString(value))
        return "a string";
    kp_buf_clear(out);
    kp_buf_str(out, value->valuestring);
    return out->failed ? no_memory : NULL;
}

static const char *set_path(sandbox_rule *rule, const cJSON *value) {
    return set_string(value, &rule->path);
}

static const char *set_method(sandbox_rule *rule, const cJSON *value) {
    return set_string(value, &rule->method);
}

static const char *set_call(sandbox_rule *rule, const cJSON *value) {
    for (int call = SANDBOX_NO_CALL; call < SANDBOX_CALLS; call++) {
        if (kp_same(cJSON_GetStringValue(value), sandbox_call_name((sandbox_call)call))) {
            rule->call = call;
            return NULL;
        }
    }
    return "submit, result, balance, report, create_task, get_task_result, solve or other";
}

static const char *set_nth(sandbox_rule *rule, const cJSON *value) {
    int count = cJSON_IsArray(value) ? cJSON_GetArraySize(value) : 1;
    if (count < 1)
        return "a number from 1 or a list of them";
    kp_free(rule->nth);
    rule->nth = kp_zalloc((size_t)count, sizeof *rule->nth);
    rule->nth_count = 0;
    if (!rule->nth)
        return no_memory;
    const cJSON *item = cJSON_IsArray(value) ? value->child : value;
    for (; rule->nth_count < (size_t)count; item = item->next)
        if (set_number(item, 1, NUMBER_MAX, &rule->nth[rule->nth_count++]))
            return "a number from 1 or a list of them";
    return NULL;
}

static const char *set_times(sandbox_rule *rule, const cJSON *value) {
    return set_number(value, 1, NUMBER_MAX, &rule->times);
}

static const char *set_status(sandbox_rule *rule, const cJSON *value) {
    uint64_t status = 0;
    const char *problem = set_number(value, 100, 999, &status);
    rule->status = (int)status;
    rule->by_hand |= status < 200; /* an interim answer, where the client waits for the final one */
    return problem;
}

/* What an HTTP server decides or checks by itself, so that only bytes written by hand can say otherwise. */
static bool is_framing(const sandbox_header *header) {
    static const char *const names[] = {"Content-Length", "Transfer-Encoding", "Connection", "Date"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (kp_same_nocase(header->name, strlen(header->name), names[i]))
            return true;
    return header->name[strcspn(header->name, ": \t\r\n")] || header->value[strcspn(header->value, "\t\r\n")];
}

static const char *set_headers(sandbox_rule *rule, const cJSON *value) {
    if (!cJSON_IsObject(value) || rule->headers)
        return "an object of strings";
    rule->headers = kp_zalloc((size_t)cJSON_GetArraySize(value), sizeof *rule->headers);
    if (!rule->headers)
        return no_memory;
    for (const cJSON *item = value->child; item; item = item->next) {
        sandbox_header *header = &rule->headers[rule->header_count++];
        header->name = kp_strdup(item->string);
        const char *problem = header->name ? set_string(item, &header->value) : no_memory;
        if (problem)
            return problem == no_memory ? no_memory : "an object of strings";
        rule->by_hand |= is_framing(header);
    }
    return NULL;
}

static const char *set_body(sandbox_rule *rule, const cJSON *value) {
    rule->has_body = true;
    return set_bytes(value, &rule->body);
}

static const char *set_body_hex(sandbox_rule *rule, const cJSON *value) {
    const char *hex = cJSON_GetStringValue(value);
    size_t len = hex ? strlen(hex) : 1;
    rule->has_body = true;
    kp_buf_clear(&rule->body);
    for (size_t i = 0; hex && i + 1 < len; i += 2) {
        int high = kp_hex_value(hex[i]), low = kp_hex_value(hex[i + 1]);
        if (high < 0 || low < 0)
            return "pairs of hex digits";
        kp_buf_char(&rule->body, (char)(high * 16 + low));
    }
    return len % 2 ? "pairs of hex digits" : rule->body.failed ? no_memory : NULL;
}

static const char *set_raw(sandbox_rule *rule, const cJSON *value) {
    rule->has_raw = rule->by_hand = true;
    return set_bytes(value, &rule->raw);
}

static const char *set_repeat(sandbox_rule *rule, const cJSON *value) {
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(value, "text");
    const cJSON *times = cJSON_GetObjectItemCaseSensitive(value, "times");
    if (!cJSON_IsString(text) || !*text->valuestring || cJSON_GetArraySize(value) != (times ? 2 : 1))
        return "{\"text\":\"...\",\"times\":N} with a text that is not empty";
    rule->by_hand = true;
    if (times && rule->repeat != SANDBOX_ENDLESS && set_number(times, 1, 1e12, &rule->repeat))
        return "{\"text\":\"...\",\"times\":N} with times from 1 to 10^12";
    return set_bytes(text, &rule->unit);
}

static const char *set_endless(sandbox_rule *rule, const cJSON *value) {
    if (!cJSON_IsTrue(value))
        return "true";
    rule->repeat = SANDBOX_ENDLESS;
    rule->by_hand = true;
    return NULL;
}

static const char *set_delay(sandbox_rule *rule, const cJSON *value) {
    return set_number(value, 0, 86400000, &rule->delay_ms);
}

static const char *set_drip(sandbox_rule *rule, const cJSON *value) {
    rule->by_hand = true;
    return set_number(value, 1, 86400000, &rule->drip_ms);
}

static const char *set_cut(sandbox_rule *rule, const cJSON *value) {
    rule->by_hand = true;
    return set_number(value, 0, NUMBER_MAX, &rule->cut);
}

static const char *set_reset(sandbox_rule *rule, const cJSON *value) {
    const char *when = cJSON_GetStringValue(value);
    rule->by_hand = true;
    rule->reset = kp_same(when, "before_read")  ? SANDBOX_RESET_BEFORE_READ
                  : kp_same(when, "after_read") ? SANDBOX_RESET_AFTER_READ
                                                : SANDBOX_NO_RESET;
    return rule->reset ? NULL : "before_read or after_read";
}

static const char *set_charge(sandbox_rule *rule, const cJSON *value) {
    rule->carry_out = cJSON_IsTrue(value);
    return cJSON_IsBool(value) ? NULL : "true or false";
}

static const member match_members[] = {
    {"path", set_path}, {"call", set_call}, {"method", set_method}, {"nth", set_nth}, {NULL, NULL}};
static const member rule_members[] = {{"times", set_times},          {"status", set_status},
                                      {"headers", set_headers},      {"body", set_body},
                                      {"body_hex", set_body_hex},    {"raw", set_raw},
                                      {"repeat", set_repeat},        {"endless", set_endless},
                                      {"delay_ms", set_delay},       {"drip_ms_per_byte", set_drip},
                                      {"drop_after_bytes", set_cut}, {"reset", set_reset},
                                      {"charge", set_charge},        {NULL, NULL}};

static bool read_members(sandbox_rule *rule, size_t number, const cJSON *object, const member *members,
                         kp_buf *problem) {
    if (!cJSON_IsObject(object)) {
        kp_buf_fmt(problem, "rules[%zu]: not an object", number);
        return false;
    }
    for (const cJSON *item = object->child; item; item = item->next) {
        if (members == rule_members && kp_same(item->string, "match")) {
            if (!read_members(rule, number, item, match_members, problem))
                return false;
            continue;
        }
        const member *m = members;
        while (m->name && !kp_same(m->name, item->string))
            m++;
        const char *wanted = m->name ? m->set(rule, item) : NULL;
        if (m->name && !wanted)
            continue;
        kp_buf_fmt(problem, "rules[%zu]: ", number);
        kp_add_shown(problem, item->string, strlen(item->string), 40);
        if (m->name)
            kp_buf_fmt(problem, " must be %s", wanted);
        else
            kp_buf_str(problem, " is not known here");
        return false;
    }
    return true;
}

static bool read_rule(sandbox_rule *rule, size_t number, const cJSON *object, kp_buf *problem) {
    rule->call = -1;
    rule->cut = UINT64_MAX;
    rule->carry_out = true;
    kp_buf_init(&rule->body, NULL);
    kp_buf_init(&rule->raw, NULL);
    kp_buf_init(&rule->unit, NULL);
    if (!read_members(rule, number, object, rule_members, problem))
        return false;
    if (rule->repeat == SANDBOX_ENDLESS && !rule->unit.len)
        kp_buf_char(&rule->unit, 'x');
    if (rule->unit.len && !rule->repeat)
        rule->repeat = 1;
    if (rule->reset == SANDBOX_RESET_AFTER_READ && rule->cut == UINT64_MAX)
        rule->cut = 0;
    if (rule->reset == SANDBOX_RESET_BEFORE_READ && rule->method) {
        kp_buf_fmt(problem, "rules[%zu]: a reset before_read cannot match a method, which is not read yet", number);
        return false;
    }
    return !rule->unit.failed;
}

static bool read_rules(sandbox_script *script, const cJSON *root, kp_buf *problem) {
    const cJSON *rules = cJSON_GetObjectItemCaseSensitive(root, "rules");
    if (!cJSON_IsArray(rules) || cJSON_GetArraySize(root) != 1) {
        kp_buf_str(problem, "not an object {\"rules\":[...]}");
        return false;
    }
    script->rules = kp_zalloc((size_t)cJSON_GetArraySize(rules), sizeof *script->rules);
    if (!script->rules)
        return false;
    for (const cJSON *item = rules->child; item; item = item->next) {
        size_t number = script->count++;
        if (!read_rule(&script->rules[number], number, item, problem))
            return false;
    }
    return true;
}

static bool read_text(const char *path, kp_buf *text, kp_buf *problem) {
    FILE *file = fopen(path, "re");
    char piece[8192];
    size_t len = 0;
    while (file && text->len <= SCRIPT_MAX && (len = fread(piece, 1, sizeof piece, file)) > 0)
        kp_buf_add(text, piece, len);
    bool fine = file && !ferror(file) && !text->failed;
    if (!fine)
        kp_buf_str(problem, text->failed ? "memory is short" : strerror(errno));
    if (file)
        fclose(file);
    if (fine && text->len > SCRIPT_MAX) {
        kp_buf_str(problem, "larger than 16 MiB");
        fine = false;
    }
    return fine;
}

sandbox_script *sandbox_script_read(const char *path, kp_buf *problem) {
    kp_buf text;
    kp_buf_init(&text, NULL);
    sandbox_script *script = kp_zalloc(1, sizeof *script);
    cJSON *root = NULL;
    bool fine = false;
    if (script) {
        pthread_mutex_init(&script->lock, NULL);
        fine = read_text(path, &text, problem);
    }
    if (fine) {
        const char *end = NULL;
        root = cJSON_ParseWithLengthOpts(kp_buf_text(&text), text.len + 1, &end, true);
        if (root)
            fine = read_rules(script, root, problem);
        else {
            kp_buf_fmt(problem, "not JSON, from byte %zu on", end ? (size_t)(end - kp_buf_text(&text)) : 0);
            fine = false;
        }
    }
    cJSON_Delete(root);
    kp_buf_free(&text);
    if (fine)
        return script;
    if (!problem->len)
        kp_buf_str(problem, "memory is short");
    sandbox_script_free(script);
    return NULL;
}

void sandbox_script_free(sandbox_script *script) {
    if (!script)
        return;
    for (size_t i = 0; i < script->count; i++) {
        sandbox_rule *rule = &script->rules[i];
        for (size_t j = 0; j < rule->header_count; j++) {
            kp_free(rule->headers[j].name);
            kp_free(rule->headers[j].value);
        }
        kp_free(rule->headers);
        kp_free(rule->path);
        kp_free(rule->method);
        kp_free(rule->nth);
        kp_buf_free(&rule->body);
        kp_buf_free(&rule->raw);
        kp_buf_free(&rule->unit);
    }
    kp_free(script->rules);
    pthread_mutex_destroy(&script->lock);
    kp_free(script);
}

/* Does everything but nth and times match? */
static bool fits(const sandbox_rule *rule, const sandbox_request *req) {
    if (rule->path && !kp_same(rule->path, req->path))
        return false;
    if (rule->call >= 0 && rule->call != (int)sandbox_request_call(req))
        return false;
    size_t len = 0;
    const char *method = rule->method ? sandbox_request_task_method(req, &len) : NULL;
    return !rule->method || (method && kp_same_n(method, len, rule->method));
}

static bool is_turn(const sandbox_rule *rule) {
    for (size_t i = 0; i < rule->nth_count; i++)
        if (rule->nth[i] == rule->seen)
            return true;
    return rule->nth_count == 0;
}

const sandbox_rule *sandbox_script_match(sandbox_script *script, const sandbox_request *req, bool before_read) {
    const sandbox_rule *found = NULL;
    pthread_mutex_lock(&script->lock);
    for (size_t i = 0; i < script->count; i++) {
        sandbox_rule *rule = &script->rules[i];
        if ((rule->reset == SANDBOX_RESET_BEFORE_READ) != before_read || !fits(rule, req))
            continue;
        rule->seen++; /* also behind the rule that is used: nth counts requests, not what other rules left */
        if (found || !is_turn(rule) || (rule->times && rule->used == rule->times))
            continue;
        rule->used++;
        found = rule;
    }
    pthread_mutex_unlock(&script->lock);
    return found;
}

bool sandbox_script_needs_plain(const sandbox_script *script) {
    for (size_t i = 0; i < script->count; i++) {
        const sandbox_rule *rule = &script->rules[i];
        if (rule->by_hand && rule->reset != SANDBOX_RESET_BEFORE_READ && rule->cut > 0)
            return true;
    }
    return false;
}
