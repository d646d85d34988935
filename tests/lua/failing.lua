-- failing.lua: every allocation of keyplate fails in turn, alone and with all that follow: a call throws or answers with
-- an error, what it holds is given back, no key gets through, and the next call is as ever.
io.stdout:setvbuf "line"
local path = assert(package.searchpath("keyplate", package.cpath))
local start = assert(package.loadlib(path, "luaopen_failing_start"))
local stop = assert(package.loadlib(path, "luaopen_failing_stop"))
local keyplate = require "keyplate"

local function made_key()
    local file = assert(io.open("/dev/urandom", "rb"))
    local key = file:read(16):gsub(".", function(c) return ("%02x"):format(c:byte()) end)
    file:close()
    return key
end

local key = made_key()
local secret = keyplate.key_from_value(key)
local nowhere = {captchaai = "http://127.0.0.1:1", nocaptchaai = "http://127.0.0.1:1"}

local function client(options)
    options = options or {}
    options.config, options.store, options.url = false, "memory:", nowhere
    options.key = options.key or secret
    return keyplate.new(options)
end

local function steps(op, reads)
    op:time()
    for _ = 1, 9 do
        if op:step() == "done" then break end
        if op:step() == "http" then
            reads(op)
            op:on_status(200)
            op:on_header("Content-Type", "text/plain")
            op:on_body("OK|4711")
            op:on_end("ok", true)
        elseif not op:do_local() then
            op:time()
        end
    end
    return op:result()
end

local function masked(text)
    assert(not text:find(key, 1, true), "a key got through")
    return text
end

local params = {sitekey = "a", pageurl = "https://example.com/", list = {1, 2.5, {a = true}}}
local scenarios = {
    new = function()
        client {poll = {first = 1, every = "2s"}, log = true}:close()
    end,
    wrong_options = function() pcall(keyplate.new, {config = false, nonsense = 1}) end,
    value = function() assert(tostring(keyplate.key_from_value(made_key())):find "^%*%*%*") end,
    balance = function()
        local c = client {log = function(_, message) masked(message) end}
        local none, err = c:balance {timeout = "20ms"}
        assert(not none and err.code ~= "" and err.class and err.text and err.advice, "an error that says nothing")
        masked(tostring(err))
        c:close()
    end,
    submit = function()
        local c = client()
        local none, err = c:submit("turnstile", params, {timeout = "20ms"})
        assert(not none)
        masked("x" .. err)
        for _, event in ipairs(c:events() or {}) do masked(event.message) end
    end,
    functions = function()
        local _, err = client {key = function() return nil, "none but " .. key end}:balance()
        masked(tostring(err))
    end,
    steps = function()
        local op = client():operation("submit", {method = "turnstile", params = params, timeout = 5})
        steps(op, function(o)
            local request = o:request()
            masked(request and request.shown_url or "")
        end)
    end,
    told = function()
        local c = client()
        for _, member in ipairs(c:keys() or {}) do masked(member.masked or "") end
        c:hygiene()
    end,
    rotate = function()
        local _, err = client():rotate("primary", {timeout = "20ms"})
        masked(tostring(err))
        _, err = client {profile = "a", profiles = {a = {keys = {secret, function() return key end}}}}:rotate "other"
        masked(tostring(err))
    end,
    limits = function()
        local c = client {limits = {usd_per_day = "5", by = {["client_id:*"] = {per_day = 1}}}, prices = {["*"] = "0.1"}, tags = {a = "b"}}
        local told, err = c:limits {client_id = "a"}
        masked(tostring(told and told.store or err))
        c:pause("because of " .. key, {duration = "1h"})
        told, err = c:submit("turnstile", params, {client_id = "a", tags = {b = "c", d = "e"}, timeout = "20ms"})
        masked(tostring(told or err))
        masked(tostring(c:metrics()))
        c:close()
    end,
    redact = function() masked(keyplate.redact("a " .. key .. " b")) end,
    redactor = function()
        local r = keyplate.redactor {client = client(), bare_hex = "off"}
        masked(r:feed("a " .. key:sub(1, 9)) .. r:feed(key:sub(10) .. " b") .. r:close())
    end,
}

local function run(name, scenario)
    for _, on in ipairs {false, true} do
        local n, failed = 0, nil
        repeat
            start(n, on)
            local ok, message = pcall(scenario)
            failed = stop()
            if not ok then
                assert(failed, message)
                message = masked(tostring(message))
                assert(message:find("memory is short", 1, true) or message:find("keyplate", 1, true), name .. ": " .. message)
            end
            n = n + 1
        until not failed
        assert(n > 1 or name == "redact", name .. " takes no memory") -- redact has its buffers already
        collectgarbage()
        io.write(name, " ", n, "\n")
    end
end

for name, scenario in pairs(scenarios) do
    scenario()
    run(name, scenario)
    scenario()
end
