/* secret.c: keys by value: an object that holds one in guarded memory, and shows a mask. */
#include "module.h"

enum { VALUE_MOST = 4096 };

typedef struct holder {
    kp_secret *secret;
} holder;

kp_secret *kpl_secret_test(lua_State *L, int index) {
    holder *object = kpl_test(L, index, KPL_SECRET, sizeof *object);
    return object ? object->secret : NULL;
}

int kpl_secret_make(lua_State *L) {
    size_t len = 0;
    luaL_checktype(L, 1, LUA_TSTRING);
    const char *value = lua_tolstring(L, 1, &len);
    /* What is known is searched for in every text from now on. */
    luaL_argcheck(L, len <= VALUE_MOST, 1, "no key is as long as this");
    holder *object = kpl_new(L, KPL_SECRET, sizeof *object);
    object->secret = kp_secret_new(value, len);
    return object->secret ? 1 : kpl_no_memory(L);
}

static int secret_gc(lua_State *L) {
    holder *object = kpl_test(L, 1, KPL_SECRET, sizeof *object);
    if (object) {
        kp_secret_free(object->secret);
        object->secret = NULL;
    }
    return 0;
}

static int secret_tostring(lua_State *L) {
    holder *object = kpl_check(L, 1, KPL_SECRET, sizeof *object);
    lua_pushstring(L, object->secret ? kp_secret_mask(object->secret) : "***");
    return 1;
}

static const luaL_Reg secret_meta[] = {{"__gc", secret_gc}, {"__tostring", secret_tostring}, {NULL, NULL}};

void kpl_open_secret(lua_State *L) {
    kpl_kind(L, KPL_SECRET, NULL, secret_meta);
}
