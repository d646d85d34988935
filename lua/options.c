/* options.c: the configuration of a client: the local one, then the options of a Lua table. */
#include <string.h>

#include "module.h"

#define KPL_CONFIG "keyplate.config"

typedef struct holder {
    kp_config *config;
} holder;

static int config_gc(lua_State *L) {
    holder *object = kpl_test(L, 1, KPL_CONFIG, sizeof *object);
    if (object) {
        kp_config_free(object->config);
        object->config = NULL;
    }
    return 0;
}

static const luaL_Reg config_meta[] = {{"__gc", config_gc}, {NULL, NULL}};

/* What a member of the ring can be, besides a reference: a function, or a key by value. Both get a name. They stand in
   key, in keys, and in the keys of profiles. */
typedef struct members {
    kp_config *config;
    int functions; /* index of their table */
    int count;
} members;

static bool is_of_keys(const char *option) {
    return strcmp(option, "key") == 0 || strcmp(option, "keys") == 0 || strcmp(option, "profiles") == 0;
}

static bool write_member(kpl_writer *w, int index) {
    members *all = w->with;
    lua_State *L = w->L;
    kp_secret *secret = kpl_secret_test(L, index);
    if (!w->name || !is_of_keys(w->name) || (!secret && !lua_isfunction(L, index)))
        return false;
    int top = lua_gettop(L), n = ++all->count;
    const char *name = n == 1 ? "key" : lua_pushfstring(L, "key%d", n);
    kp_buf_fmt(w->out, "\"%s:%s\"", secret ? "held" : "host", name);
    if (!secret) {
        lua_pushstring(L, name);
        lua_pushvalue(L, index);
        lua_rawset(L, all->functions);
    } else if (kp_config_hold(all->config, name, secret))
        kpl_no_memory(L);
    lua_settop(L, top);
    return true;
}

/* "keys" from the option key (one member) or keys (a list of them). */
static void write_keys(kpl_writer *w, int options, bool first) {
    lua_State *L = w->L;
    lua_getfield(L, options, "key");
    lua_getfield(L, options, "keys");
    bool one = !lua_isnil(L, -2), list = !lua_isnil(L, -1);
    if (one && list)
        luaL_error(L, "keyplate: give key, for one member, or keys, for a list of them; not both");
    if (list && !lua_istable(L, -1))
        luaL_error(L, "keyplate: option 'keys': a list is expected, got a %s", luaL_typename(L, -1));
    if (one || list) {
        kp_buf_str(w->out, first ? "\"keys\":" : ",\"keys\":");
        w->name = one ? "key" : "keys";
        if (list)
            kpl_write_list(w, lua_gettop(L), 1);
        else {
            kp_buf_char(w->out, '[');
            kpl_write(w, lua_gettop(L) - 1, 2);
            kp_buf_char(w->out, ']');
        }
    }
    lua_pop(L, 2);
}

static bool is_own(const char *name) {
    return strcmp(name, "key") == 0 || strcmp(name, "keys") == 0 || strcmp(name, "log") == 0 ||
           strcmp(name, "config") == 0;
}

static void check(lua_State *L, const kp_config *config, int code) {
    if (code)
        luaL_error(L, "keyplate: %s", kp_config_problem(config));
}

/* config: false: none; a path; nothing: the usual one. */
static void load_local(lua_State *L, kp_config *config, int options) {
    if (!options) {
        check(L, config, kp_local_configure(config, NULL));
        return;
    }
    lua_getfield(L, options, "config");
    int type = lua_type(L, -1);
    if (type != LUA_TNIL && type != LUA_TBOOLEAN && type != LUA_TSTRING)
        luaL_error(L, "keyplate: option 'config': a path, true or false is expected, got a %s", lua_typename(L, type));
    if (type != LUA_TBOOLEAN || lua_toboolean(L, -1))
        check(L, config, kp_local_configure(config, type == LUA_TSTRING ? lua_tostring(L, -1) : NULL));
    lua_pop(L, 1);
}

kp_config *kpl_config(lua_State *L) {
    luaL_checkstack(L, 16, NULL);
    holder *object = kpl_new(L, KPL_CONFIG, sizeof *object);
    object->config = kp_config_new();
    if (!object->config)
        kpl_no_memory(L);
    check(L, object->config, kp_config_set(object->config, "host", "lua"));
    return object->config;
}

kp_config *kpl_configure(lua_State *L, int options, int functions) {
    kp_config *config = kpl_config(L);
    load_local(L, config, options);
    if (options) {
        kp_buf *text = kpl_text(L);
        members all = {config, functions, 0};
        kpl_writer w = {.L = L, .out = text, .what = "option", .special = write_member, .with = &all};
        kp_buf_char(text, '{');
        bool first = !kpl_write_members(&w, options, 0, is_own);
        write_keys(&w, options, first);
        kp_buf_char(text, '}');
        if (text->failed)
            kpl_no_memory(L);
        check(L, config, kp_config_load(config, kp_buf_text(text), text->len));
        kp_buf_free(text);
        lua_pop(L, 1);
    }
    return config;
}

void kpl_open_options(lua_State *L) {
    kpl_kind(L, KPL_CONFIG, NULL, config_meta);
}
