/* json.c: gives Lua what the core tells as JSON: lists and tables, strings, numbers. */
#include "wire/json.h"
#include "module.h"

/* What Lua's integers hold exactly; LuaJIT's are doubles. */
#define EXACT_MOST INT64_C(9007199254740992)

static void push(lua_State *L, kp_json value, kp_buf *text);

static void push_string(lua_State *L, kp_json value, kp_buf *text) {
    kp_buf_clear(text);
    kp_json_string(value, text);
    if (text->failed)
        kpl_no_memory(L);
    lua_pushlstring(L, kp_buf_text(text), text->len);
}

/* Lua reads decimals of any locale with a point. */
static void push_number(lua_State *L, kp_json value) {
    int64_t number = 0;
    if (kp_json_i64(value, &number) && (KPL_HAS_INTEGERS || (number <= EXACT_MOST && number >= -EXACT_MOST))) {
        lua_pushinteger(L, (lua_Integer)number);
        return;
    }
    lua_pushlstring(L, value.raw, value.len);
    lua_pushnumber(L, lua_tonumber(L, -1));
    lua_remove(L, -2);
}

static void push_container(lua_State *L, kp_json value, kp_buf *text) {
    kp_json name, member;
    size_t at = 0;
    luaL_checkstack(L, 8, "keyplate: JSON is nested too deep");
    lua_newtable(L);
    for (int i = 1; kp_json_next(value, &at, &name, &member); i++) {
        if (value.type == KP_JSON_OBJECT)
            push_string(L, name, text);
        else
            lua_pushinteger(L, i);
        push(L, member, text);
        lua_rawset(L, -3);
    }
}

static void push(lua_State *L, kp_json value, kp_buf *text) {
    switch (value.type) {
    case KP_JSON_NONE:
    case KP_JSON_NULL: lua_pushnil(L); return;
    case KP_JSON_FALSE:
    case KP_JSON_TRUE: lua_pushboolean(L, value.type == KP_JSON_TRUE); return;
    case KP_JSON_NUMBER: push_number(L, value); return;
    case KP_JSON_STRING: push_string(L, value, text); return;
    case KP_JSON_ARRAY:
    case KP_JSON_OBJECT: push_container(L, value, text); return;
    }
    lua_pushnil(L);
}

void kpl_push_json(lua_State *L, const char *json, size_t len) {
    kp_buf *text = kpl_text(L);
    kp_json value = {KP_JSON_NONE, NULL, 0};
    if (json)
        value = kp_json_parse(json, len, NULL);
    push(L, value, text);
    kp_buf_free(text);
    lua_remove(L, -2);
}
