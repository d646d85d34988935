/* error.c: failures as Lua values: a table that shows itself as "code: text. advice". */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "module.h"

static void set_fact(lua_State *L, const kp_op *op, const char *field, const char *fact) {
    size_t len = 0;
    const char *value = kp_op_get(op, fact, &len);
    if (value && len > 0) {
        lua_pushlstring(L, value, len);
        lua_setfield(L, -2, field);
    }
}

static bool get_number(const kp_op *op, const char *fact, int64_t *out) {
    size_t len = 0;
    const char *value = kp_op_get(op, fact, &len);
    return value && kp_parse_i64(value, len, out);
}

/* What is left of a limit: dollars as text, or a count, as client:limits() has it. */
static void set_left(lua_State *L, const kp_op *op) {
    int64_t left = 0;
    if (!get_number(op, "left", &left))
        return;
    const char *limit = kp_op_get(op, "limit", NULL);
    if (limit && kp_starts(limit, "usd_"))
        kpl_push_dollars(L, left);
    else
        lua_pushinteger(L, (lua_Integer)left);
    lua_setfield(L, -2, "left");
}

static void set_string(lua_State *L, const char *field, const char *value) {
    lua_pushstring(L, value);
    lua_setfield(L, -2, field);
}

/* What the function that gives the key said is more to the point than what the core knows of it. */
static void set_text(lua_State *L, int operation, const kp_op *op) {
    kpl_get_slot(L, operation, KPL_WHY);
    const char *why = kp_same(kp_op_get(op, "class", NULL), "key") ? lua_tostring(L, -1) : NULL;
    if (why) {
        lua_pushfstring(L, "%s: the function that gives it failed: %s", kp_error_text(kp_op_error(op)), why);
        lua_setfield(L, -3, "text");
    }
    lua_pop(L, 1);
}

void kpl_push_error(lua_State *L, int operation) {
    kpl_operation *o = kpl_check(L, operation, KPL_OPERATION, sizeof *o);
    static const char *const facts[] = {"code", "class", "text", "advice", "task", "provider_code", "limit"};
    int code = kp_op_error(o->op);
    int64_t number = 0;
    lua_createtable(L, 0, 12);
    luaL_getmetatable(L, KPL_ERROR);
    lua_setmetatable(L, -2);
    /* When memory is short the operation's own facts are empty; what its code stands for is known all the same. */
    set_string(L, "code", kp_error_name(code));
    set_string(L, "class", kp_error_class(code));
    set_string(L, "text", kp_error_text(code));
    set_string(L, "advice", kp_error_advice(code));
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        set_fact(L, o->op, facts[i], facts[i]);
    set_text(L, operation, o->op);
    lua_pushboolean(L, kp_op_get(o->op, "unknown", NULL) != NULL);
    lua_setfield(L, -2, "unknown");
    if (get_number(o->op, "http_status", &number)) {
        lua_pushinteger(L, (lua_Integer)number);
        lua_setfield(L, -2, "http_status");
    }
    if (get_number(o->op, "retry_after_ms", &number)) {
        lua_pushnumber(L, (lua_Number)number / 1000);
        lua_setfield(L, -2, "retry_after");
    }
    set_left(L, o->op);
}

/* ---- As text ---- */

static void push_field(lua_State *L, int index, const char *name) {
    lua_pushstring(L, name);
    lua_rawget(L, index);
    if (lua_type(L, -1) != LUA_TSTRING) {
        lua_pop(L, 1);
        lua_pushliteral(L, "");
    }
}

static int error_tostring(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    push_field(L, 1, "code");
    push_field(L, 1, "text");
    push_field(L, 1, "advice");
    size_t len = 0;
    const char *text = lua_tolstring(L, 3, &len);
    const char *stop = len > 0 && strchr(".?!", text[len - 1]) ? "" : ".";
    lua_pushfstring(L, "%s: %s%s %s", lua_tostring(L, 2), text, stop, lua_tostring(L, 4));
    return 1;
}

static int error_concat(lua_State *L) {
    for (int i = 1; i <= 2; i++) {
        int type = lua_type(L, i);
        if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TTABLE)
            return luaL_error(L, "attempt to concatenate a %s value", lua_typename(L, type));
    }
    kpl_push_shown(L, 1);
    kpl_push_shown(L, 2);
    lua_concat(L, 2);
    return 1;
}

/* ---- The list ---- */

int kpl_errors(lua_State *L) {
    int code;
    lua_newtable(L);
    for (size_t i = 0; (code = kp_error_at(i)) != 0; i++) {
        const char *const facts[][2] = {{"code", kp_error_name(code)},
                                        {"class", kp_error_class(code)},
                                        {"text", kp_error_text(code)},
                                        {"advice", kp_error_advice(code)}};
        lua_createtable(L, 0, 4);
        for (size_t f = 0; f < sizeof facts / sizeof facts[0]; f++) {
            lua_pushstring(L, facts[f][1]);
            lua_setfield(L, -2, facts[f][0]);
        }
        lua_rawseti(L, -2, (int)i + 1);
    }
    return 1;
}

static const luaL_Reg error_meta[] = {{"__tostring", error_tostring}, {"__concat", error_concat}, {NULL, NULL}};

void kpl_open_error(lua_State *L) {
    kpl_kind(L, KPL_ERROR, NULL, error_meta);
}
