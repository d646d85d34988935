/* value.c: writes Lua values as JSON text: parameters and options. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"
#include "wire/json.h"

/* A double counts by ones up to here; what is larger may be another number than its writer meant. */
#define EXACT_MOST 9007199254740992.0

static const char null_value = 0;

void kpl_push_null(lua_State *L) {
    lua_pushlightuserdata(L, (void *)(uintptr_t)&null_value);
}

static int refuse(const kpl_writer *w, const char *why) {
    if (w->name)
        return luaL_error(w->L, "keyplate: %s '%s': %s", w->what, w->name, why);
    return luaL_error(w->L, "keyplate: a %s: %s", w->what, why);
}

void kpl_write_string(kp_buf *out, const char *text, size_t len) {
    static const char digits[] = "0123456789abcdef";
    kp_buf_char(out, '"');
    for (size_t i = 0, from = 0; i <= len; i++) {
        unsigned char c = i < len ? (unsigned char)text[i] : '"';
        if (c >= ' ' && c != '"' && c != '\\')
            continue;
        kp_buf_add(out, text + from, i - from);
        from = i + 1;
        if (i == len)
            break;
        if (c >= ' ') {
            kp_buf_char(out, '\\');
            kp_buf_char(out, (char)c);
        } else {
            kp_buf_str(out, "\\u00");
            kp_buf_char(out, digits[c >> 4]);
            kp_buf_char(out, digits[c & 15]);
        }
    }
    kp_buf_char(out, '"');
}

/* The shortest of the forms that give the same double back; with a point, whatever the locale writes. */
static void write_fraction(kp_buf *out, double x) {
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x)
            break;
    }
    bool point = false;
    for (const char *at = text; *at; at++) {
        if (strchr("0123456789+-e", *at)) {
            kp_buf_char(out, *at);
            point = false;
        } else if (!point) {
            kp_buf_char(out, '.');
            point = true;
        }
    }
}

static void write_number(kpl_writer *w, int index) {
#if KPL_HAS_INTEGERS
    if (lua_isinteger(w->L, index)) {
        kp_buf_i64(w->out, lua_tointeger(w->L, index));
        return;
    }
#endif
    double x = lua_tonumber(w->L, index);
    if (!isfinite(x))
        refuse(w, "a number that is infinite, or none, cannot be sent");
    if (floor(x) != x)
        write_fraction(w->out, x);
    else if (fabs(x) < EXACT_MOST)
        kp_buf_i64(w->out, (int64_t)x);
    else
        refuse(w, "a number of this size is not exact; give it as a string");
}

void kpl_write_list(kpl_writer *w, int index, int depth) {
    lua_State *L = w->L;
    size_t count = kpl_length(L, index);
    kp_buf_char(w->out, '[');
    for (size_t i = 1; i <= count; i++) {
        if (i > 1)
            kp_buf_char(w->out, ',');
        lua_rawgeti(L, index, (int)i);
        kpl_write(w, lua_gettop(L), depth + 1);
        lua_pop(L, 1);
    }
    kp_buf_char(w->out, ']');
}

/* A list has the keys 1 to n and no others. Neither: it has some of them, or holes. */
typedef enum shape { LIST, OBJECT, NEITHER } shape;

static shape shape_of(lua_State *L, int index) {
    size_t texts = 0, others = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TSTRING)
            texts++;
        else
            others++;
    }
    if (lua_getmetatable(L, index)) {
        luaL_getmetatable(L, KPL_ARRAY);
        bool marked = lua_rawequal(L, -1, -2);
        lua_pop(L, 2);
        if (marked)
            return texts == 0 && others == kpl_length(L, index) ? LIST : NEITHER;
    }
    if (others == 0)
        return OBJECT;
    return texts == 0 && others == kpl_length(L, index) ? LIST : NEITHER;
}

bool kpl_inherits(lua_State *L, int index) {
    static const char *const fields[] = {"__index", "__pairs"};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (luaL_getmetafield(L, index, fields[i])) {
            lua_pop(L, 1);
            return true;
        }
    return false;
}

bool kpl_write_members(kpl_writer *w, int index, int depth, bool (*skips)(const char *name)) {
    lua_State *L = w->L;
    bool first = true;
    if (kpl_inherits(L, index))
        refuse(w, "the table has members in its metatable; copy them into a plain table");
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING) {
            w->name = NULL;
            refuse(w, lua_pushfstring(L, "each has a name; there is one that is a %s", luaL_typename(L, -2)));
        }
        size_t len = 0;
        const char *name = lua_tolstring(L, -2, &len);
        if (skips && strlen(name) == len && skips(name))
            continue;
        if (!first)
            kp_buf_char(w->out, ',');
        first = false;
        kpl_write_string(w->out, name, len);
        kp_buf_char(w->out, ':');
        if (depth == 0)
            w->name = kpl_is_word(name) ? name : NULL;
        kpl_write(w, lua_gettop(L), depth + 1);
    }
    return !first;
}

static void write_table(kpl_writer *w, int index, int depth) {
    if (depth >= KP_JSON_DEPTH)
        refuse(w, "tables are nested too deep, or a table contains itself");
    luaL_checkstack(w->L, 8, "keyplate: tables are nested too deep");
    switch (shape_of(w->L, index)) {
    case LIST: kpl_write_list(w, index, depth); return;
    case OBJECT:
        kp_buf_char(w->out, '{');
        kpl_write_members(w, index, depth, NULL);
        kp_buf_char(w->out, '}');
        return;
    case NEITHER: refuse(w, "a table is either a list without holes, or has names only"); return;
    }
}

void kpl_write(kpl_writer *w, int index, int depth) {
    lua_State *L = w->L;
    size_t len = 0;
    const char *text;
    switch (lua_type(L, index)) {
    case LUA_TSTRING:
        text = lua_tolstring(L, index, &len);
        kpl_write_string(w->out, text, len);
        return;
    case LUA_TNUMBER: write_number(w, index); return;
    case LUA_TBOOLEAN: kp_buf_str(w->out, lua_toboolean(L, index) ? "true" : "false"); return;
    case LUA_TTABLE: write_table(w, index, depth); return;
    default: break;
    }
    if (lua_touserdata(L, index) == &null_value)
        kp_buf_str(w->out, "null");
    else if (!w->special || !w->special(w, index))
        refuse(w, lua_pushfstring(L, "a %s cannot be given here", luaL_typename(L, index)));
}

int kpl_array(lua_State *L) {
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_getmetatable(L, KPL_ARRAY);
    if (lua_getmetatable(L, 1)) {
        luaL_argcheck(L, lua_rawequal(L, -1, -2), 1, "the table has a metatable of its own");
        lua_pop(L, 1);
    }
    lua_setmetatable(L, 1);
    return 1;
}
