/* failing.c: linked with the objects of keyplate.so: a module whose own allocations can be made to fail one by one. */
#include "core/failing.h"

#include <lauxlib.h>
#include <lua.h>

__attribute__((visibility("default"))) int luaopen_failing_start(lua_State *L);
__attribute__((visibility("default"))) int luaopen_failing_stop(lua_State *L);

/* (n, from_there_on): the allocation with that number fails, or it and all later ones. */
int luaopen_failing_start(lua_State *L) {
    failing_start((size_t)luaL_checkinteger(L, 1), lua_toboolean(L, 2));
    return 0;
}

/* True if one was made to fail. */
int luaopen_failing_stop(lua_State *L) {
    lua_pushboolean(L, failing_stop());
    return 1;
}
