-- misuse_spec.lua: every function with every kind of wrong argument: it throws or answers, and never crashes.
local keyplate = require "keyplate"
local support = require "support"

local registry = debug.getregistry()
local kinds = {"keyplate.client", "keyplate.operation", "keyplate.secret", "keyplate.redactor", "keyplate.error",
               "keyplate.solution", "keyplate.array"}

local function values()
    local c, closed = support.client "good", support.client "good"
    closed:close()
    local op = c:operation "balance"
    local ended = c:operation "balance"
    ended:close()
    local r = keyplate.redactor {client = c}
    local cyclic = {}
    cyclic.self = cyclic
    return {false, true, 0, -1, 1e308, 0 / 0, "", "balance", "\0\255", ("x"):rep(70000), {}, cyclic, print, io.stdout,
            coroutine.create(print), keyplate.null, c, closed, op, ended, r, keyplate.key_from_value "the value of a key",
            keyplate.array {}, setmetatable({}, {__index = error, __tostring = error})}
end

-- All functions that Lua can get hold of, the hidden ones of metatables included.
local function functions()
    local all = {}
    for name, value in pairs(keyplate) do
        if type(value) == "function" then all[name] = value end
    end
    for _, kind in ipairs(kinds) do
        for name, value in pairs(registry[kind]) do
            if type(value) == "function" then all[kind .. "." .. name] = value end
            if type(value) == "table" then
                for method, call in pairs(value) do all[kind .. ":" .. method] = call end
            end
        end
    end
    return all
end

describe("wrong use", function()
    it("of any function crashes nothing", function()
        local count = 0
        for name, call in pairs(functions()) do
            count = count + 1
            pcall(call)
            for _, first in ipairs(values()) do
                pcall(call, first)
                pcall(call, nil, first)
                pcall(call, first, first, first, first)
            end
            local all = values()
            for _, self in ipairs {17, 18, 19, 20, 21} do
                for i = 1, #all do
                    if name ~= "keyplate.client:wait" then
                        pcall(call, all[self], all[i])
                        pcall(call, all[self], "turnstile", all[i], all[i])
                    end
                end
            end
            collectgarbage "step"
        end
        assert.is_true(count > 40)
        collectgarbage()
    end)

    it("of metatables on foreign objects crashes nothing", function()
        for _, kind in ipairs(kinds) do
            for _, object in ipairs {io.tmpfile(), keyplate.key_from_value "the value of a key", support.client "good"} do
                local own = debug.getmetatable(object)
                debug.setmetatable(object, registry[kind])
                pcall(tostring, object)
                for name, call in pairs(registry[kind]) do
                    if type(call) == "function" and name ~= "__gc" then pcall(call, object) end
                end
                debug.setmetatable(object, own)
            end
        end
        collectgarbage()
    end)

    it("of __gc by hand ends an object once", function()
        for _, object in ipairs(values()) do
            local meta = type(object) == "userdata" and debug.getmetatable(object)
            if meta and meta.__gc and meta ~= debug.getmetatable(io.stdout) then
                meta.__gc(object)
                meta.__gc(object)
                tostring(object)
                pcall(meta.__gc)
                pcall(meta.__gc, {})
            end
        end
        collectgarbage()
    end)

    it("of uservalues crashes nothing", function()
        local set = debug.setuservalue or debug.setfenv
        local c = support.client(support.service "good", {key = function() return support.made_key() end, log = print})
        set(c, {})
        local none, err = c:balance()
        assert.is_nil(none)
        assert.are.equal("key", err.class)
        local op = c:operation "balance"
        set(op, {})
        op:time()
        assert.has_error(function() op:do_local() end)
        c:close()
    end)
end)

describe("errors and solutions", function()
    it("that were changed by hand can be shown", function()
        local c = support.client(support.service "wrong_key")
        local _, err = c:balance()
        err.text, err.code, err.advice = nil, {}, print
        assert.is_string(tostring(err))
        assert.is_string("x" .. err)
        err.code, err.text, err.advice = "a", "did you mean b?", "c"
        assert.are.equal("a: did you mean b? c", tostring(err))
        local solution = assert(support.client(support.service "good"):result "4711")
        solution.answer = nil
        assert.are.equal("", tostring(solution))
        c:close()
    end)
end)
