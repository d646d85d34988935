/* interrupt.c: lets Ctrl-C through to a call that blocks. */
#include "interrupt.h"

#include <string.h>

bool kpl_is_interrupt(lua_State *L, int index) {
    static const char word[] = "interrupted!";
    size_t len = 0;
    if (lua_type(L, index) != LUA_TSTRING)
        return false;
    const char *text = lua_tolstring(L, index, &len);
    return len >= sizeof word - 1 && memcmp(text + len - (sizeof word - 1), word, sizeof word - 1) == 0;
}

static void note(kpl_watch *watch) {
    watch->hook = lua_gethook(watch->main);
    watch->mask = lua_gethookmask(watch->main);
    watch->count = lua_gethookcount(watch->main);
}

void kpl_watch_begin(lua_State *L, kpl_watch *watch) {
    watch->main = L;
#ifdef LUA_RIDX_MAINTHREAD
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
    if (lua_isthread(L, -1))
        watch->main = lua_tothread(L, -1);
    lua_pop(L, 1);
#endif
    note(watch);
}

void kpl_watch_look(lua_State *L, kpl_watch *watch) {
    if (lua_gethook(watch->main) == watch->hook && lua_gethookmask(watch->main) == watch->mask)
        return;
    if (watch->main == L) {
        /* One instruction of Lua, for the hook to be called at; what it throws goes on from here. */
        if (luaL_loadbuffer(L, "return", 6, "=keyplate"))
            lua_error(L);
        lua_call(L, 0, 0);
    } else if ((lua_gethookmask(watch->main) & LUA_MASKCOUNT) && lua_gethookcount(watch->main) == 1) {
        /* A coroutine of Lua 5.4: the hook is the main thread's, which would not come to it before this call ends. */
        lua_sethook(watch->main, watch->hook, watch->mask, watch->count);
        luaL_error(L, "interrupted!");
    }
    note(watch);
}
