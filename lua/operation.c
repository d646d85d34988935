/* operation.c: operations as Lua objects: made, and what the caller sets. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/when.h"
#include "module.h"

/* What an operation holds outside of Lua, about. */
enum { OPERATION_KILOBYTES = 4 };

kpl_operation *kpl_operation_push(lua_State *L, int client, int kind) {
    kpl_client *c = kpl_client_at(L, client);
    luaL_checkstack(L, 12, NULL);
    kpl_operation *o = kpl_new(L, KPL_OPERATION, sizeof *o);
    o->kind = kind;
    lua_createtable(L, KPL_WHY, 0);
    lua_pushvalue(L, client);
    lua_rawseti(L, -2, KPL_OWNER);
    kpl_set_table(L, -2);
    o->op = kp_op_new(c->client, kind);
    if (!o->op)
        kpl_no_memory(L);
    kpl_count_memory(L, OPERATION_KILOBYTES);
    return o;
}

/* ---- What the caller sets. Misuse of Lua throws here; what the core refuses ends the operation. ---- */

/* name: the caller's word for it; fact: the core's. */
static void set_text(lua_State *L, int index, kp_op *op, const char *name, const char *fact) {
    size_t len = 0;
    if (lua_type(L, index) != LUA_TSTRING)
        luaL_error(L, "keyplate: %s: a string is expected, got %s", name, luaL_typename(L, index));
    const char *text = lua_tolstring(L, index, &len);
    kp_op_set(op, fact, text, len);
}

void kpl_operation_method(lua_State *L, int index, kp_op *op) {
    set_text(L, index, op, "method", "method");
}

void kpl_operation_task(lua_State *L, int index, kp_op *op) {
    set_text(L, index, op, "task", "task");
}

void kpl_operation_name(lua_State *L, int index, kp_op *op) {
    if (!lua_isnoneornil(L, index))
        set_text(L, index, op, "name", "what");
}

void kpl_operation_reason(lua_State *L, int index, kp_op *op) {
    if (!lua_isnoneornil(L, index))
        set_text(L, index, op, "reason", "what");
}

/* Each with a name and a text of its own, for the record. */
static void set_tags(lua_State *L, int index, kp_op *op) {
    if (!lua_istable(L, index))
        luaL_error(L, "keyplate: tags: a table of texts by name is expected, got %s", luaL_typename(L, index));
    if (kpl_inherits(L, index))
        luaL_error(L, "keyplate: tags: the table has members in its metatable; copy them into a plain table");
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        size_t len = 0, name_len = 0;
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tolstring(L, -2, &name_len) : NULL;
        if (!name || strlen(name) != name_len)
            luaL_error(L, "keyplate: tags: the name of each is a string without NUL");
        if (lua_type(L, -1) != LUA_TSTRING)
            luaL_error(L, "keyplate: tags: each is a string; there is one that is a %s", luaL_typename(L, -1));
        const char *value = lua_tolstring(L, -1, &len);
        const char *fact = lua_pushfstring(L, "tag.%s", name);
        kp_op_set(op, fact, value, len);
        lua_pop(L, 1);
    }
}

static bool is_file(const char *name) {
    return strcmp(name, "file") == 0;
}

/* file has the bytes of an upload; all others are JSON. */
void kpl_operation_params(lua_State *L, int index, kp_op *op) {
    if (lua_isnoneornil(L, index))
        return;
    if (!lua_istable(L, index))
        luaL_error(L, "keyplate: params: a table is expected, got %s", luaL_typename(L, index));
    luaL_checkstack(L, 12, NULL);
    int top = lua_gettop(L);
    lua_pushliteral(L, "file");
    lua_rawget(L, index);
    if (!lua_isnil(L, -1))
        set_text(L, lua_gettop(L), op, "file", "file");
    kp_buf *text = kpl_text(L);
    kpl_writer w = {.L = L, .out = text, .what = "parameter"};
    kp_buf_char(text, '{');
    kpl_write_members(&w, index, 0, is_file);
    kp_buf_char(text, '}');
    if (text->failed)
        kpl_no_memory(L);
    kp_op_set(op, "params", kp_buf_text(text), text->len);
    kp_buf_free(text);
    lua_settop(L, top);
}

void kpl_operation_good(lua_State *L, int index, kp_op *op) {
    bool good = lua_toboolean(L, index), known = lua_isboolean(L, index);
    if (lua_type(L, index) == LUA_TSTRING) {
        const char *word = lua_tostring(L, index);
        good = strcmp(word, "good") == 0;
        known = good || strcmp(word, "bad") == 0;
    }
    if (!known)
        luaL_error(L, "keyplate: good: true, false, 'good' or 'bad' is expected, got %s", luaL_typename(L, index));
    kp_op_set(op, "good", good ? "1" : "0", 1);
}

static void set_flag(lua_State *L, int index, kp_op *op, const char *name) {
    if (!lua_isboolean(L, index))
        luaL_error(L, "keyplate: %s: true or false is expected, got %s", name, luaL_typename(L, index));
    kp_op_set(op, name, lua_toboolean(L, index) ? "1" : "0", 1);
}

/* Seconds, or a text such as "120s". name: the caller's word for it; fact: the core's. */
static void set_duration(lua_State *L, int index, kp_op *op, const char *name, const char *fact) {
    const double most = 366.0 * 86400;
    uint64_t ms = 0;
    size_t len = 0;
    if (lua_type(L, index) == LUA_TNUMBER) {
        double seconds = lua_tonumber(L, index);
        if (seconds > 0 && seconds <= most)
            ms = (uint64_t)ceil(seconds * 1000);
    } else if (lua_type(L, index) == LUA_TSTRING) {
        const char *text = lua_tolstring(L, index, &len);
        if (!kp_parse_duration(text, len, &ms))
            ms = 0;
    }
    if (ms == 0)
        luaL_error(L, "keyplate: %s: seconds above 0, or a text such as '120s' or '500ms', is expected", name);
    kp_buf *text = kpl_text(L);
    kp_buf_i64(text, (int64_t)ms);
    if (text->failed)
        kpl_no_memory(L);
    kp_op_set(op, fact, kp_buf_text(text), text->len);
    kp_buf_free(text);
    lua_pop(L, 1);
}

static void set_option(lua_State *L, int index, kp_op *op, const char *name) {
    if (strcmp(name, "method") == 0)
        kpl_operation_method(L, index, op);
    else if (strcmp(name, "params") == 0)
        kpl_operation_params(L, index, op);
    else if (strcmp(name, "task") == 0)
        kpl_operation_task(L, index, op);
    else if (strcmp(name, "name") == 0)
        kpl_operation_name(L, index, op);
    else if (strcmp(name, "good") == 0)
        kpl_operation_good(L, index, op);
    else if (strcmp(name, "client_id") == 0)
        set_text(L, index, op, name, name);
    else if (strcmp(name, "tags") == 0)
        set_tags(L, index, op);
    else if (strcmp(name, "reason") == 0)
        kpl_operation_reason(L, index, op);
    else if (strcmp(name, "duration") == 0)
        set_duration(L, index, op, name, "for_ms");
    else if (strcmp(name, "timeout") == 0)
        set_duration(L, index, op, name, "timeout_ms");
    else
        set_flag(L, index, op, name);
}

static int unknown_option(lua_State *L, const char *name, const char *const *names) {
    lua_pushliteral(L, "");
    for (size_t i = 0; names[i]; i++) {
        lua_pushfstring(L, i ? ", %s" : "%s", names[i]);
        lua_concat(L, 2);
    }
    const char *list = lua_tostring(L, -1);
    if (name && kpl_is_word(name))
        return luaL_error(L, "keyplate: there is no option '%s' here; there are: %s", name, list);
    return luaL_error(L, "keyplate: there is no option of the name given here; there are: %s", list);
}

static bool is_one_of(const char *name, const char *const *names) {
    for (size_t i = 0; names[i]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

void kpl_operation_options(lua_State *L, int options, kp_op *op, const char *const *names) {
    if (lua_isnoneornil(L, options))
        return;
    if (!lua_istable(L, options))
        luaL_error(L, "keyplate: options: a table is expected, got %s", luaL_typename(L, options));
    if (kpl_inherits(L, options))
        luaL_error(L, "keyplate: options: the table has members in its metatable; copy them into a plain table");
    luaL_checkstack(L, 12, NULL);
    for (lua_pushnil(L); lua_next(L, options); lua_pop(L, 1)) {
        size_t len = 0;
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tolstring(L, -2, &len) : NULL;
        if (!name || strlen(name) != len || !is_one_of(name, names))
            unknown_option(L, name, names);
        else
            set_option(L, lua_gettop(L), op, name);
    }
}

/* ---- client:operation ---- */

static const char *const look_names[] = {"timeout", NULL};
static const char *const verify_names[] = {"now", "timeout", NULL};
static const char *const rotate_names[] = {"name", "timeout", NULL};
static const char *const submit_names[] = {"method", "params", "client_id", "tags", "sync", "timeout", "dry_run", NULL};
static const char *const task_names[] = {"task", "timeout", NULL};
static const char *const report_names[] = {"task", "good", "timeout", NULL};
static const char *const limits_names[] = {"client_id", "method", "timeout", NULL};
static const char *const pause_names[] = {"reason", "duration", "timeout", NULL};

/* fact and value: what the core is told of each of that name. */
static const struct {
    const char *name;
    int kind;
    const char *const *options;
    const char *fact, *value;
} kinds[] = {{"balance", KP_BALANCE, look_names, NULL, NULL},     {"verify", KP_VERIFY, verify_names, NULL, NULL},
             {"submit", KP_SUBMIT, submit_names, NULL, NULL},     {"solve", KP_SOLVE, submit_names, NULL, NULL},
             {"result", KP_RESULT, task_names, NULL, NULL},       {"wait", KP_WAIT, task_names, NULL, NULL},
             {"report", KP_REPORT, report_names, NULL, NULL},     {"rotate", KP_REFRESH, rotate_names, NULL, NULL},
             {"keys", KP_TELL, look_names, "what", "keys"},       {"limits", KP_TELL, limits_names, "what", "limits"},
             {"metrics", KP_TELL, look_names, "what", "metrics"}, {"pause", KP_PAUSE, pause_names, NULL, NULL},
             {"resume", KP_PAUSE, look_names, "undo", "1"}};

kpl_operation *kpl_operation_named(lua_State *L, int client, const char *call, int options) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(call, kinds[i].name) == 0) {
            kpl_operation *o = kpl_operation_push(L, client, kinds[i].kind);
            if (kinds[i].fact)
                kp_op_set(o->op, kinds[i].fact, kinds[i].value, strlen(kinds[i].value));
            o->text = strcmp(call, "metrics") == 0;
            kpl_operation_options(L, options, o->op, kinds[i].options);
            return o;
        }
    return NULL;
}

int kpl_operation_make(lua_State *L) {
    kpl_client_free_at(L, 1);
    luaL_checktype(L, 2, LUA_TSTRING);
    const char *name = lua_tostring(L, 2);
    lua_settop(L, 3);
    if (kpl_operation_named(L, 1, name, 3))
        return 1;
    return luaL_argerror(L, 2,
                         "balance, verify, submit, solve, result, wait, report, rotate, keys, limits, metrics, "
                         "pause or resume expected");
}
