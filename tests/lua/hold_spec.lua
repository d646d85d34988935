-- hold_spec.lua: what others do in the midst of a function: finalizers, debug, a second require; hostile names.
local keyplate = require "keyplate"
local support = require "support"

local set = debug.setuservalue or debug.setfenv

-- Something whose finalizer calls that function.
local function finalized(call)
    if newproxy then
        local proxy = newproxy(true)
        getmetatable(proxy).__gc = call
        return proxy
    end
    return setmetatable({}, {__gc = call})
end

-- Runs body while each collection calls act, wherever Lua takes memory.
local function amid(act, body)
    local on = true
    local function again()
        if on then
            pcall(act)
            finalized(again)
        end
    end
    for _ = 1, 60 do finalized(again) end
    local ok, message = pcall(body)
    on = false
    collectgarbage()
    assert(ok, message)
end

local function rest(length)
    return ("y "):rep(length)
end

describe("finalizers", function()
    it("that redact do not change what is redacted meanwhile", function()
        local key = support.made_key()
        keyplate.key_from_value(key)
        local acts = 0
        amid(function()
            acts = acts + 1
            keyplate.redact(rest(500) .. key .. rest(math.random(1500)))
        end, function()
            for i = 1, 300 do
                local before = rest(math.random(1500))
                assert.are.equal(before .. "[REDACTED] " .. i, keyplate.redact(before .. key .. " " .. i))
            end
        end)
        assert.is_true(acts > 0)
    end)

    it("that use or close the redactor of a stream do not change it", function()
        local key = support.made_key()
        keyplate.key_from_value(key)
        local c, r = support.client "good", nil
        amid(function() r:close() end, function()
            for i = 1, 300 do
                r = keyplate.redactor {client = c}
                local before = rest(math.random(1500))
                local ok, out = pcall(r.feed, r, before .. key .. " " .. i .. "\n")
                if ok then assert.are.equal(before .. "[REDACTED] ", out:sub(1, #before + 11)) end
            end
        end)
    end)

    it("that close an operation do no harm to who reads it", function()
        local c, op = support.client "good", nil
        local params = {sitekey = ("a"):rep(3000), pageurl = support.page}
        local function used(kind, options, reads)
            op = c:operation(kind, options)
            local mine = op
            pcall(function()
                mine:time()
                for _ = 1, 9 do
                    if mine:step() ~= "http" and not mine:do_local() then mine:time() end
                end
                for _ = 1, 20 do reads(mine) end
            end)
            op = nil
        end
        amid(function() op:close() end, function()
            for _ = 1, 200 do
                used("submit", {method = "turnstile", params = params}, function(o) return o:request(), o:get "state" end)
                used("keys", nil, function(o) return o:result() end)
            end
        end)
    end)

    it("that close the client do no harm to what it tells", function()
        local c
        amid(function() c:close() end, function()
            for _ = 1, 100 do
                c = support.client "good"
                pcall(function()
                    for _ = 1, 20 do
                        c:hygiene()
                        tostring(c)
                    end
                end)
            end
        end)
    end)
end)

describe("tables of objects that debug took away", function()
    it("end calls with an error, not the interpreter", function()
        for _, value in ipairs {false, 5, "x", {}} do
            local c = support.client(support.service "good", {key = function() return nil, "none" end, log = function() end})
            for _, kind in ipairs {"balance", "keys"} do
                local op = c:operation(kind)
                pcall(set, op, value or nil)
                op:time()
                for _ = 1, 5 do pcall(op.do_local, op) end
                op:cancel()
                op:time()
                pcall(op.result, op)
                op:close()
            end
            pcall(set, c, value or nil)
            c:balance()
            c:close()
        end
    end)
end)

describe("require", function()
    it("gives the one library again, whatever was unloaded", function()
        local c = support.client(support.service "good")
        local loaded = {keyplate = package.loaded.keyplate, core = package.loaded["keyplate.core"]}
        for _, names in ipairs {{"keyplate.core", "keyplate"}, {"keyplate", "keyplate.core"}} do
            package.loaded.keyplate, package.loaded["keyplate.core"] = nil, nil
            for _, name in ipairs(names) do assert.are.equal(keyplate, (require(name))) end
        end
        package.loaded.keyplate, package.loaded["keyplate.core"] = loaded.keyplate, loaded.core
        assert(c:balance())
        c:close()
    end)
end)

describe("options and parameters", function()
    it("with a NUL in the name are not taken for others", function()
        assert.has_error(function() support.client("good", {["log\0x"] = true}) end)
        local name = support.service "good"
        local c = support.client(name)
        assert.has_error(function() c:balance {["timeout\0x"] = 5} end)
        local _, err = c:submit("turnstile", {sitekey = "a", pageurl = support.page, ["file\0x"] = "b"})
        assert.are.equal("input", err and err.class)
        assert.are.equal(0, support.seen(name, "*"))
    end)

    it("that are inherited are refused, not left out", function()
        local function child(inherited, own) return setmetatable(own or {}, {__index = inherited}) end
        local limits = {limits = {per_day = 1}}
        assert.has_error(function() keyplate.new(child(limits, {config = false})) end)
        assert.has_error(function() support.client("good", {limits = child(limits.limits)}) end)
        local c = support.client "good"
        assert.has_error(function() c:balance(child {timeout = 5}) end)
        assert.has_error(function() c:submit("turnstile", child {pageurl = support.page}) end)
        assert(keyplate.new {config = false, store = "memory:", key = "env:X", poll = setmetatable({first = 1}, {})})
    end)

    it("are not repeated where a key was given instead of a word", function()
        local key = support.made_key()
        local c = support.client "good"
        local op = c:operation "balance"
        for _, call in ipairs {function() op:on_end(key, true) end, function() op:on_status(key) end,
                               function() c:operation(key) end, function() c:balance {[key] = 1} end,
                               function() keyplate.redactor {[key] = 1} end,
                               function() keyplate.redactor {bare_hex = key} end,
                               function() keyplate.new {config = false, [key] = 1} end,
                               function() keyplate.new {config = false, key = key} end} do
            local ok, message = pcall(call)
            assert.is_false(ok)
            assert.is_nil(message:find(key, 1, true))
        end
    end)
end)
