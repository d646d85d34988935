/* result.c: what an operation that is over gives to Lua: an amount, a task, a solution, or nil and an error. */
#include "base/decimal.h"
#include "base/error.h"
#include "base/text.h"
#include "module.h"

static bool push_fact(lua_State *L, const kp_op *op, const char *fact) {
    size_t len = 0;
    const char *value = kp_op_get(op, fact, &len);
    if (value)
        lua_pushlstring(L, value, len);
    else
        lua_pushnil(L);
    return value != NULL;
}

static int64_t number_of(const kp_op *op, const char *fact) {
    size_t len = 0;
    int64_t number = 0;
    const char *value = kp_op_get(op, fact, &len);
    return value && kp_parse_i64(value, len, &number) ? number : 0;
}

void kpl_push_dollars(lua_State *L, int64_t micro) {
    kp_buf *text = kpl_text(L);
    kp_add_micro(text, micro);
    kpl_push_text(L, text);
    lua_remove(L, -2);
}

static int push_solution(lua_State *L, const kp_op *op) {
    static const char *const facts[] = {"answer", "task", "provider", "key"};
    lua_createtable(L, 0, 9);
    luaL_getmetatable(L, KPL_SOLUTION);
    lua_setmetatable(L, -2);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        push_fact(L, op, facts[i]);
        lua_setfield(L, -2, facts[i]);
    }
    lua_pushnumber(L, (lua_Number)number_of(op, "elapsed_ms") / 1000);
    lua_setfield(L, -2, "elapsed");
    lua_pushinteger(L, (lua_Integer)number_of(op, "polls"));
    lua_setfield(L, -2, "polls");
    if (kp_op_get(op, "cost_micro", NULL)) {
        kpl_push_dollars(L, number_of(op, "cost_micro"));
        lua_setfield(L, -2, "cost_usd");
    }
    return 1;
}

/* A service can answer a submit at once, without a task to ask for. */
static int push_task(lua_State *L, const kp_op *op) {
    if (push_fact(L, op, "task"))
        return 1;
    lua_pushboolean(L, 0);
    return 1 + push_solution(L, op);
}

static int push_balance(lua_State *L, const kp_op *op) {
    push_fact(L, op, "balance");
    lua_pushinteger(L, (lua_Integer)number_of(op, "balance_micro"));
    return 2;
}

int kpl_push_result(lua_State *L, int operation) {
    kpl_operation *o = kpl_check(L, operation, KPL_OPERATION, sizeof *o);
    size_t len = 0;
    const char *answer;
    if (kp_op_error(o->op)) {
        lua_pushnil(L);
        if (o->kind == KP_RESULT && kp_same(kp_op_get(o->op, "class", NULL), "pending"))
            return 1;
        kpl_push_error(L, operation);
        return 2;
    }
    switch (o->kind) {
    case KP_BALANCE:
    case KP_VERIFY: return push_balance(L, o->op);
    case KP_SUBMIT: return push_task(L, o->op);
    case KP_RESULT:
    case KP_WAIT:
    case KP_SOLVE: return push_solution(L, o->op);
    case KP_TELL:
    case KP_REFRESH:
        answer = kp_op_get(o->op, "answer", &len);
        if (o->text)
            lua_pushlstring(L, answer ? answer : "", len);
        else
            kpl_push_json(L, answer, len);
        return 1;
    default: lua_pushboolean(L, 1); return 1;
    }
}

static int solution_tostring(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_pushliteral(L, "answer");
    lua_rawget(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING)
        lua_pushliteral(L, "");
    return 1;
}

static const luaL_Reg solution_meta[] = {{"__tostring", solution_tostring}, {NULL, NULL}};

void kpl_open_result(lua_State *L) {
    kpl_kind(L, KPL_SOLUTION, NULL, solution_meta);
}
