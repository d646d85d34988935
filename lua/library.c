/* library.c: the table of the module, and its kinds of objects. */
#include "base/error.h"
#include "module.h"

/* Milliseconds of the clock that deadlines are told in. */
static int clock_ms(lua_State *L) {
    lua_pushnumber(L, (lua_Number)kp_local_mono_ms());
    return 1;
}

static const luaL_Reg functions[] = {{"new", kpl_client_make},
                                     {"key_from_value", kpl_secret_make},
                                     {"redact", kpl_redact},
                                     {"redactor", kpl_redactor_make},
                                     {"errors", kpl_errors},
                                     {"hygiene", kpl_hygiene},
                                     {"array", kpl_array},
                                     {"clock", clock_ms},
                                     {NULL, NULL}};

static const luaL_Reg no_meta[] = {{NULL, NULL}};

bool kpl_find_library(lua_State *L, const char *place) {
    lua_getfield(L, LUA_REGISTRYINDEX, place);
    if (lua_istable(L, -1))
        return true;
    lua_pop(L, 1);
    return false;
}

void kpl_push_library(lua_State *L, const char *place) {
    luaL_checkversion(L);
    if (kp_abi() != KP_ABI)
        luaL_error(L, "keyplate: the module was built for another version of the core");
    kpl_open_objects(L);
    kpl_open_options(L);
    kpl_open_secret(L);
    kpl_open_error(L);
    kpl_open_result(L);
    kpl_open_redactor(L);
    kpl_open_operation(L);
    kpl_open_client(L);
    kpl_kind(L, KPL_ARRAY, NULL, no_meta);
    luaL_newlib(L, functions);
    kpl_push_null(L);
    lua_setfield(L, -2, "null");
    lua_pushstring(L, kp_version());
    lua_setfield(L, -2, "_VERSION");
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, place);
}
