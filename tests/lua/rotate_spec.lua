-- rotate_spec.lua: keys for life: new keys in old places, proofs on demand, expiry, windows, profiles.
local keyplate = require "keyplate"
local support = require "support"

local page = support.page
local params = {sitekey = "a", pageurl = page}
local accepted, own = os.getenv "KP_BOX_KEY", os.getenv "KP_TMP" .. "/own"

-- Replaces the file as a whole.
local function put(path, ...)
    local file = assert(io.open(path .. ".new", "w"))
    file:write(table.concat({...}, "\n"), "\n")
    file:close()
    assert(os.rename(path .. ".new", path))
end

local function masked(key)
    return "***" .. key:sub(-4)
end

-- A client that reads its places by itself once an hour only, and the key that it and the service begin with.
local function box()
    local key = support.made_key()
    put(accepted, key)
    put(own, key)
    return support.box {key = "file:" .. own, ring = {refresh = "1h"}}, key
end

describe("rotate", function()
    it("picks up a changed file", function()
        local c, old = box()
        local task = assert(c:submit("turnstile", params))
        for _, name in ipairs {false, "primary"} do
            local new = support.made_key()
            put(accepted, new, old)
            put(own, new)
            local key = assert(c:rotate(name or nil, {timeout = "20s"}))
            assert.are.same({name = "primary", masked = masked(new), source = "file:" .. own, fingerprint = key.fingerprint}, key)
            local first, second = unpack or table.unpack, c:keys()
            first, second = first(second)
            assert.are.equal(key.fingerprint, first.fingerprint)
            assert.are.equal("current", first.state)
            assert.are.same({masked(old), "previous"}, {second.masked, second.state})
            assert.are.equal("sandbox-answer-" .. task:match "%d+$", assert(c:wait(task, {timeout = 30})).answer)
            old = new
            task = assert(c:submit("turnstile", params))
        end
        c:close()
    end)

    it("changes nothing when the new key is bad", function()
        local c, key = box()
        assert.are.equal(masked(key), assert(c:rotate()).masked)
        put(own, support.made_key())
        local none, err = c:rotate()
        assert.is_nil(none)
        assert.are.equal("ERROR_KEY_DOES_NOT_EXIST", err.code)
        assert.are.equal(masked(key), assert(c:solve("turnstile", params, {timeout = 30})).key)
        c:close()
    end)

    it("with a wrong name tells the names", function()
        local c = support.client(support.service "good", {keys = {{name = "main", from = {"env:NOBODY_SET_THIS"}}, "env:NOR_THIS"}})
        local key = support.made_key()
        for _, name in ipairs {"other", key, "\255"} do
            local none, err = c:rotate(name)
            assert.is_nil(none)
            assert.are.equal("misuse", err.code)
            assert.are.equal("usage", err.class)
            assert.is_truthy(err.text:find("there are main, backup", 1, true), err.text)
            assert.is_nil(tostring(err):find(key, 1, true))
        end
        assert.are.equal("misuse", select(2, c:rotate "main\0").code)
        assert.has_error(function() c:rotate(5) end, "keyplate: name: a string is expected, got number")
        assert.has_error(function() c:rotate {timeout = 5} end)
        assert.has_error(function() c:rotate("main", {now = true}) end)
        assert.has_error(function() c.rotate() end)
        c:close()
    end)
end)

describe("verify", function()
    it("takes now, and knows nothing else of it", function()
        local c = box()
        local balance = assert(c:balance())
        assert.are.equal(balance, (assert(c:verify {now = true, timeout = 20})))
        assert.are.equal(balance, (assert(c:verify {now = false})))
        assert.has_error(function() c:verify {now = 1} end)
        assert.has_error(function() c:balance {now = true} end)
        c:close()
    end)
end)

describe("a member of the ring", function()
    it("has an end", function()
        local service, key = support.service "good", keyplate.key_from_value(support.made_key())
        local old = {name = "old", from = {key}, not_after = "2020-01-31"}
        local c = support.client(service, {key = old})
        for _, call in ipairs {"balance", "verify"} do
            local none, err = c[call](c)
            assert.is_nil(none)
            assert.are.equal("key_expired", err.code)
            assert.are.equal("key", err.class)
        end
        assert.are.equal("key_expired", select(2, c:solve("turnstile", params)).code)
        assert.are.equal(0, support.seen(service, "*"))
        assert.are.equal("expired", c:keys()[1].state)
        assert.are.equal("2020-01-31", c:keys()[1].expires:sub(1, 10))
        c:close()
        c = support.client(service, {keys = {old, keyplate.key_from_value(support.made_key())}})
        assert(c:balance())
        assert.are.equal("current", c:keys()[2].state)
        c:close()
        assert.has_error(function() support.client(service, {key = {from = {key}, not_after = "soon"}}) end)
    end)

    it("has hours", function()
        local service = support.service "good"
        local day = os.date("!*t", os.time() + 2 * 86400).wday
        local name = ({"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"})[day]
        local c = support.client(service, {key = {from = {keyplate.key_from_value(support.made_key())},
                                                  window = name .. " 00:00-24:00 UTC"}})
        assert(c:balance())
        local none, err = c:solve("turnstile", params)
        assert.is_nil(none)
        assert.are.equal("key_closed", err.code)
        assert.are.equal("limit", err.class)
        assert.is_true(err.retry_after > 0)
        assert.are.equal(0, support.seen(service, "submit"))
        c:close()
    end)

    it("is told with its age and who uses it", function()
        local c = support.client(support.service "good", {node = "desk", ["ring.age_warn"] = "240h"})
        assert(c:balance())
        local key = c:keys()[1]
        assert.are.equal(1, #key.hosts)
        assert.are.equal("desk", key.hosts[1].host)
        assert.are.equal(key.last_used, key.hosts[1].last_used)
        assert.are.same({false, "fresh", 0, false}, {key.preferred, key.age, key.age_days, key.safe_to_revoke})
        assert.is_nil(key.expires)
        assert.is_string(key.safety)
        assert.is_string(key.first_seen)
        c:close()
    end)
end)

describe("a profile", function()
    it("picks options, keys among them", function()
        local keys = {dev = support.made_key(), live = support.made_key()}
        local profiles = {
            dev = {keys = {function() return keys.dev end}, provider = "nocaptchaai", node = "desk", ring = {age_fail = 0}},
            live = {keys = {{name = "main", from = {keyplate.key_from_value(keys.live)}, not_after = "2999-01-31"}}},
        }
        local service = support.service "good"
        local c = support.client(service, {keys = {"env:NOBODY_SET_THIS"}, profile = "dev", profiles = profiles, provider = "captchaai"})
        assert.are.equal("keyplate.client (nocaptchaai)", tostring(c))
        assert.are.equal(masked(keys.dev), c:keys()[1].masked)
        c:close()
        c = support.client(service, {profile = "live", profiles = profiles})
        assert(c:balance())
        assert.are.same({"main", masked(keys.live), "2999"}, {c:keys()[1].name, c:keys()[1].masked, c:keys()[1].expires:sub(1, 4)})
        c:close()
    end)

    it("that is not there is told with those that are", function()
        local ok, message = pcall(support.client, "good", {profile = "test", profiles = {dev = {}}})
        assert.is_false(ok)
        assert.is_truthy(message:find("there are dev", 1, true), message)
        assert.has_error(function() support.client("good", {profiles = {dev = 5}}) end)
        assert.has_error(function() support.client("good", {timeout = print}) end,
                         "keyplate: option 'timeout': a function cannot be given here")
    end)
end)
