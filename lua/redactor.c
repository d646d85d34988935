/* redactor.c: takes keys out of the caller's own texts: whole ones, and streams. */
#include <string.h>

#include "module.h"
#include "wire/provider.h"

typedef struct holder {
    kp_redactor *redactor; /* NULL: closed */
    kp_client *client;     /* whose options hold, if it is the redactor's own */
    int held;              /* its text goes to Lua: nobody else uses it meanwhile */
} holder;

static void end(holder *object) {
    kp_redactor_free(object->redactor);
    kp_client_free(object->client);
    object->redactor = NULL;
    object->client = NULL;
}

static int redactor_gc(lua_State *L) {
    holder *object = kpl_test(L, 1, KPL_REDACTOR, sizeof *object);
    if (object && !object->held)
        end(object);
    return 0;
}

/* ---- Made ---- */

static void learn(const kp_config *config) {
    kp_client *client = kp_client_new(config);
    kp_local_learn(client);
    kp_client_free(client);
}

/* The keys of this machine become known, those of each service. Pushes the local configuration. */
static kp_config *learn_local(lua_State *L) {
    kp_config *config = kpl_configure(L, 0, 0);
    learn(config);
    for (size_t i = 0; kp_provider_at(i); i++) {
        kp_config *other = kpl_configure(L, 0, 0);
        kp_config_set(other, "provider", kp_provider_at(i)->name);
        if (strcmp(kp_config_get(config, "provider"), kp_provider_at(i)->name) != 0)
            learn(other);
        lua_pop(L, 1);
    }
    return config;
}

static void make(lua_State *L, holder *object, const kp_client *client) {
    object->redactor = kp_redactor_new(client);
    if (!object->redactor)
        kpl_no_memory(L);
}

static void make_own(lua_State *L, holder *object, const kp_config *config) {
    object->client = kp_client_new(config);
    if (!object->client)
        kpl_no_memory(L);
    make(L, object, object->client);
}

static void check_names(lua_State *L) {
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        if (strcmp(name, "client") != 0 && strcmp(name, "bare_hex") != 0)
            luaL_argerror(L, 1, "a redactor has the options client and bare_hex");
    }
}

static void set_bare_hex(lua_State *L, kp_config *config) {
    lua_getfield(L, 1, "bare_hex");
    if (!lua_isnil(L, -1)) {
        luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 1, "bare_hex: 'always', 'context' or 'off' expected");
        if (kp_config_set(config, "redact.bare_hex", lua_tostring(L, -1)))
            luaL_error(L, "keyplate: %s", kp_config_problem(config));
    }
    lua_pop(L, 1);
}

int kpl_redactor_make(lua_State *L) {
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    check_names(L);
    holder *object = kpl_new(L, KPL_REDACTOR, sizeof *object);
    lua_getfield(L, 1, "client");
    lua_getfield(L, 1, "bare_hex");
    if (lua_isnil(L, 3)) {
        kp_config *config = learn_local(L);
        set_bare_hex(L, config);
        make_own(L, object, config);
    } else {
        kpl_client *c = kpl_client_at(L, 3);
        kp_local_learn(c->client);
        if (lua_isnil(L, 4))
            make(L, object, c->client);
        else {
            kp_config *config = kpl_config(L);
            set_bare_hex(L, config);
            make_own(L, object, config);
        }
    }
    lua_settop(L, 2);
    return 1;
}

/* ---- Used ---- */

/* Of the redactor, a text, and whether it is the last: gives what comes of it; the same text if nothing was changed. */
static int give_part(lua_State *L) {
    holder *object = kpl_check(L, 1, KPL_REDACTOR, sizeof *object);
    size_t len = 0, out_len = 0;
    const char *text = lua_tolstring(L, 2, &len), *out = NULL;
    switch (kp_redactor_feed(object->redactor, text, len, lua_toboolean(L, 3), &out, &out_len)) {
    case 0: lua_pushvalue(L, 2); return 1;
    case 1: lua_pushlstring(L, out ? out : "", out_len); return 1;
    default: return luaL_error(L, "keyplate: memory is short, and the text is not shown");
    }
}

/* Stack: redactor, text. */
static int part(lua_State *L, holder *object, bool final) {
    lua_settop(L, 2);
    lua_pushboolean(L, final);
    return kpl_hold(L, &object->held, give_part);
}

static holder *redactor_at(lua_State *L) {
    holder *object = kpl_check(L, 1, KPL_REDACTOR, sizeof *object);
    if (!object->redactor)
        luaL_error(L, "keyplate: the redactor is closed");
    if (object->held)
        luaL_error(L, "keyplate: the redactor is in the midst of a part");
    return object;
}

static int redactor_feed(lua_State *L) {
    holder *object = redactor_at(L);
    luaL_checktype(L, 2, LUA_TSTRING);
    return part(L, object, false);
}

static int redactor_close(lua_State *L) {
    holder *object = kpl_check(L, 1, KPL_REDACTOR, sizeof *object);
    lua_settop(L, 1);
    lua_pushliteral(L, "");
    if (object->redactor) {
        part(L, redactor_at(L), true);
        end(object);
    }
    return 1;
}

static int redactor_tostring(lua_State *L) {
    const holder *object = kpl_check(L, 1, KPL_REDACTOR, sizeof *object);
    lua_pushstring(L, object->redactor ? KPL_REDACTOR : KPL_REDACTOR " (closed)");
    return 1;
}

/* Whole texts share one redactor of this Lua state, made when the first comes. */
int kpl_redact(lua_State *L) {
    static const char place = 0;
    void *key = (void *)(uintptr_t)&place;
    luaL_checktype(L, 1, LUA_TSTRING);
    lua_settop(L, 1);
    lua_pushlightuserdata(L, key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    holder *object = kpl_test(L, 2, KPL_REDACTOR, sizeof *object);
    if (!object || !object->redactor || object->held) {
        lua_settop(L, 1);
        object = kpl_new(L, KPL_REDACTOR, sizeof *object);
        make_own(L, object, learn_local(L));
        lua_pushlightuserdata(L, key);
        lua_pushvalue(L, 2);
        lua_rawset(L, LUA_REGISTRYINDEX);
    }
    lua_settop(L, 2);
    lua_insert(L, 1);
    return part(L, object, true);
}

void kpl_push_redacted(lua_State *L, const char *text, size_t len) {
    holder *object = kpl_new(L, KPL_REDACTOR, sizeof *object);
    make(L, object, NULL);
    lua_pushcfunction(L, give_part);
    lua_pushvalue(L, -2);
    lua_pushlstring(L, text ? text : "", len);
    lua_pushboolean(L, 1);
    lua_call(L, 3, 1);
    end(object);
    lua_remove(L, -2);
}

static const luaL_Reg redactor_methods[] = {{"feed", redactor_feed}, {"close", redactor_close}, {NULL, NULL}};

static const luaL_Reg redactor_meta[] = {
    {"__close", redactor_gc}, {"__gc", redactor_gc}, {"__tostring", redactor_tostring}, {NULL, NULL}};

void kpl_open_redactor(lua_State *L) {
    kpl_kind(L, KPL_REDACTOR, redactor_methods, redactor_meta);
}
