/* object.c: userdata and their metatables: made empty, checked before every use, locked. */
#include <string.h>

#include "module.h"
#include "safe/arena.h"

/* Stands in front of every object: a metatable that somebody moved to a foreign userdata is not enough. Userdata are
   aligned for pointers, not for more (LuaJIT: 8 bytes), and so are the objects behind this head. */
typedef struct head {
    const void *mark;
    size_t size;
} head;

static const char mark[] = "keyplate";

#define KPL_TEXT "keyplate.text"

void *kpl_new(lua_State *L, const char *kind, size_t size) {
    head *all = kpl_userdata(L, sizeof *all + size);
    memset(all, 0, sizeof *all + size);
    *all = (head){mark, size};
    luaL_getmetatable(L, kind);
    lua_setmetatable(L, -2);
    return all + 1;
}

void *kpl_test(lua_State *L, int index, const char *kind, size_t size) {
    if (lua_type(L, index) != LUA_TUSERDATA)
        return NULL;
    head *all = luaL_testudata(L, index, kind);
    if (!all || kpl_length(L, index) != sizeof *all + size || all->mark != mark || all->size != size)
        return NULL;
    return all + 1;
}

void *kpl_check(lua_State *L, int index, const char *kind, size_t size) {
    void *object = kpl_test(L, index, kind, size);
    if (!object) {
        const char *advice = index == 1 ? "; call methods with ':'" : "";
        luaL_argerror(L, index, lua_pushfstring(L, "%s expected, got %s%s", kind, luaL_typename(L, index), advice));
    }
    return object;
}

void kpl_kind(lua_State *L, const char *kind, const luaL_Reg *methods, const luaL_Reg *meta) {
    luaL_newmetatable(L, kind);
    luaL_setfuncs(L, meta, 0);
    lua_pushstring(L, kind);
    lua_setfield(L, -2, "__name");
    lua_pushstring(L, kind);
    lua_setfield(L, -2, "__metatable");
    if (methods) {
        lua_newtable(L);
        luaL_setfuncs(L, methods, 0);
        lua_setfield(L, -2, "__index");
    }
    lua_pop(L, 1);
}

void kpl_kind_add(lua_State *L, const char *kind, const luaL_Reg *methods) {
    luaL_getmetatable(L, kind);
    lua_getfield(L, -1, "__index");
    luaL_setfuncs(L, methods, 0);
    lua_pop(L, 2);
}

/* ---- Text that is being put together ---- */

static int text_gc(lua_State *L) {
    kp_buf *text = kpl_test(L, 1, KPL_TEXT, sizeof *text);
    if (text)
        kp_buf_free(text);
    return 0;
}

static const luaL_Reg text_meta[] = {{"__gc", text_gc}, {NULL, NULL}};

kp_buf *kpl_text(lua_State *L) {
    kp_buf *text = kpl_new(L, KPL_TEXT, sizeof *text);
    kp_buf_init(text, &kp_safe);
    return text;
}

void kpl_push_text(lua_State *L, kp_buf *text) {
    if (text->failed)
        kpl_no_memory(L);
    lua_pushlstring(L, kp_buf_text(text), text->len);
    kp_buf_free(text);
}

/* ---- What messages may show ---- */

void kpl_push_shown(lua_State *L, int index) {
    int type = lua_type(L, index);
    if (type == LUA_TSTRING || type == LUA_TNUMBER) {
        lua_pushvalue(L, index);
        lua_tolstring(L, -1, NULL);
        return;
    }
    if (type == LUA_TTABLE && lua_getmetatable(L, index)) {
        luaL_getmetatable(L, KPL_ERROR);
        luaL_getmetatable(L, KPL_SOLUTION);
        bool ours = lua_rawequal(L, -1, -3) || lua_rawequal(L, -2, -3);
        lua_pop(L, 3);
        if (ours && luaL_callmeta(L, index, "__tostring"))
            return;
    }
    lua_pushfstring(L, "(a %s value)", lua_typename(L, type));
}

bool kpl_is_word(const char *name) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.";
    size_t len = strlen(name);
    return len > 0 && len <= 24 && strspn(name, letters) == len;
}

/* ---- What others do meanwhile ---- */

void kpl_get_slot(lua_State *L, int index, int n) {
    kpl_get_table(L, index);
    if (lua_istable(L, -1))
        lua_rawgeti(L, -1, n);
    else
        lua_pushnil(L);
    lua_remove(L, -2);
}

int kpl_hold(lua_State *L, int *held, lua_CFunction call) {
    int count = lua_gettop(L);
    luaL_checkstack(L, count + 8, NULL);
    lua_pushcfunction(L, call);
    for (int i = 1; i <= count; i++)
        lua_pushvalue(L, i);
    ++*held;
    int status = lua_pcall(L, count, LUA_MULTRET, 0);
    --*held;
    return status ? lua_error(L) : lua_gettop(L) - count;
}

/* ---- Memory ---- */

int kpl_no_memory(lua_State *L) {
    return luaL_error(L, "keyplate: memory is short");
}

void kpl_count_memory(lua_State *L, int kilobytes) {
#ifdef LUA_GCISRUNNING
    if (lua_gc(L, LUA_GCISRUNNING, 0))
#endif
        lua_gc(L, LUA_GCSTEP, kilobytes);
}

void kpl_open_objects(lua_State *L) {
    kpl_kind(L, KPL_TEXT, NULL, text_meta);
}
