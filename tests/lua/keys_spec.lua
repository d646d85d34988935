-- keys_spec.lua: keys by reference, by value, from a function; rows K1, K8, K9, K11.
local helper = require "helper"
local keyplate = require "keyplate"
local support = require "support"

describe("a missing key", function()
    it("k1_is_explained", function()
        local c = keyplate.new {config = false, store = "memory:"}
        local none, err = c:balance()
        assert.is_nil(none)
        assert.are.equal("no_key", err.code)
        assert.are.equal("key", err.class)
        local text = tostring(err)
        for _, words in ipairs {"CAPTCHAAI_API_KEY", "captchaai_key", ".env", "config.json", "keyplate keys set"} do
            assert.is_truthy(text:find(words, 1, true), words .. " in " .. text)
        end
        c:close()
    end)

    it("k1_is_explained_by_keys", function()
        local c = keyplate.new {config = false, store = "memory:", key = "env:NOBODY_SET_THIS"}
        local keys = assert(c:keys())
        assert.are.equal("absent", keys[1].state)
        assert.are.equal("env:NOBODY_SET_THIS", keys[1].from[1].place)
        c:close()
    end)
end)

describe("a key by value", function()
    it("k9_shows_its_mask_only", function()
        local key = support.made_key()
        local secret = keyplate.key_from_value(key)
        assert.are.equal("***" .. key:sub(-4), tostring(secret))
        assert.are.equal("keyplate.secret", getmetatable(secret))
        assert.has_error(function() for _ in pairs(secret) do end end)
        assert.has_error(function() for _ in ipairs(secret) do end end)
        assert.has_error(function() return secret.value end)
        assert.has_error(function() return secret .. "" end)
        assert.has_error(function() return #secret end)
        assert.are.equal("***", tostring(keyplate.key_from_value "short"))
        assert.has_error(function() keyplate.key_from_value(5) end)
        assert.has_error(function() keyplate.key_from_value() end)
    end)

    it("k9_no_object_shows_it", function()
        local key = support.made_key()
        local c = support.client(support.service "good", {key = keyplate.key_from_value(key)})
        local op = c:operation("solve", {method = "turnstile", params = {sitekey = "a", pageurl = support.page}})
        local solution = assert(c:result "4711")
        local r = keyplate.redactor {client = c}
        local all = {}
        local function show(value, depth)
            all[#all + 1] = tostring(value)
            if type(value) == "table" and depth < 5 then
                for name, member in pairs(value) do
                    show(name, depth + 1)
                    show(member, depth + 1)
                end
            end
        end
        for _, value in ipairs {c, op, solution, r, c:keys(), c:events(), c:hygiene()} do
            show(value, 0)
            if type(value) == "userdata" then
                assert.is_string(getmetatable(value))
                assert.has_error(function() for _ in pairs(value) do end end)
                assert.has_error(function() value.new_field = 1 end)
            end
        end
        for _, fact in ipairs {"key", "answer", "task", "text", "source", "fingerprint", "state", "body", "url", "params"} do
            show(op:get(fact), 0)
        end
        local text = table.concat(all, "\n")
        for i = 1, #key - 7 do assert.is_nil(text:find(key:sub(i, i + 7), 1, true)) end
        assert.is_truthy(text:find("***" .. key:sub(-4), 1, true))
        r:close()
        op:close()
        c:close()
    end)

    it("is refused as a bare string, which is not repeated", function()
        local key = support.made_key()
        for _, options in ipairs {{key = key}, {keys = {key}}, {key = {from = {key}}}, {[key] = "key"}, {provider = key},
                                  {timeout = key}, {["url.captchaai"] = key}} do
            options.config = false
            local ok, message = pcall(keyplate.new, options)
            assert.is_false(ok)
            assert.is_nil(message:find(key:sub(1, 8), 1, true), message:gsub(key, "KEY"))
        end
        local _, message = pcall(keyplate.new, {config = false, key = key})
        assert.is_truthy(message:find("key_from_value", 1, true))
        local c = support.client(support.service "good")
        for _, bad in ipairs {{[key] = print}, {a = {[key] = print}}} do
            local ok, why = pcall(c.solve, c, "turnstile", bad)
            assert.is_false(ok)
            assert.is_nil(why:find(key:sub(1, 8), 1, true))
        end
        local ok, why = pcall(c.solve, c, "turnstile", {}, {[key] = 1})
        assert.is_false(ok)
        assert.is_nil(why:find(key:sub(1, 8), 1, true))
        c:close()
    end)

    it("that is none is an error of class key", function()
        for _, value in ipairs {"", "  ", "YOUR_API_KEY", "a b", "a\0b", "with\nline"} do
            local c = support.client(support.service "good", {key = keyplate.key_from_value(value)})
            local none, err = c:balance()
            assert.is_nil(none)
            assert.are.equal("key", err.class, tostring(err))
            c:close()
        end
    end)
end)

describe("a function that gives the key", function()
    it("is called when the key is needed", function()
        local key, called = support.made_key(), 0
        local c = support.client(support.service "good", {key = function()
            called = called + 1
            return key
        end})
        assert.are.equal(0, called)
        assert(c:balance())
        assert(c:balance())
        assert.are.equal(1, called)
        assert.are.equal("***" .. key:sub(-4), c:keys()[1].masked)
        c:close()
    end)

    it("is one member of several", function()
        local key, first = support.made_key(), 0
        local c = support.client(support.service "good", {keys = {
            function() first = first + 1 end, {name = "spare", from = {function() return key end}}, "env:NOBODY_SET_THIS"}})
        assert(c:balance())
        assert.are.equal(1, first)
        c:close()
    end)

    it("that fails ends the call, and what it said is passed on", function()
        local key = support.made_key()
        for name, give in pairs {
            throws = function() error("the vault is away: key=" .. key) end,
            throws_a_table = function() error({}) end,
            says_so = function() return nil, "the vault is away: " .. key end,
            gives_a_number = function() return 5 end,
            gives_a_table = function() return {} end,
        } do
            local service = support.service "good"
            local c = support.client(service, {keys = {give, keyplate.key_from_value(key)}})
            local none, err = c:balance()
            assert.is_nil(none, name)
            assert.are.equal("key", err.class, name)
            assert.is_nil(tostring(err):find(key:sub(1, 8), 1, true), name)
            assert.is_truthy(err.text:find("the function that gives it failed", 1, true), err.text)
            assert.are.equal(0, support.seen(service, "*"))
            c:close()
        end
    end)

    it("cannot use its client, which stays whole", function()
        local c
        local key, done = support.made_key(), {}
        c = support.client(support.service "good", {key = function()
            for _, name in ipairs {"balance", "verify", "rotate", "keys", "close", "solve", "operation"} do
                done[name] = select(2, pcall(c[name], c, "balance"))
            end
            debug.getregistry()["keyplate.client"].__gc(c)
            return key
        end})
        assert(c:balance())
        for name, message in pairs(done) do assert.is_truthy(tostring(message):find "^keyplate: ", name) end
        assert(c:balance())
        c:close()
    end)

    it("may use another client", function()
        local key, c = support.made_key()
        local other = support.client(support.service "good")
        c = support.client(support.service "good", {key = function() return other:balance() and key end})
        assert(c:balance())
        c:close()
        other:close()
    end)
end)

describe("fork", function()
    local function in_child(work)
        io.stdout:flush()
        local pid = helper.fork()
        if pid == 0 then
            local ok, message = pcall(work)
            if not ok then io.stderr:write("child: ", tostring(message), "\n") end
            helper.exit(ok and 0 or 1)
        end
        return pid
    end

    it("k8_a_child_uses_the_client", function()
        local service = support.service "good"
        local c = support.client(service)
        assert(c:balance())
        local children = {}
        for i = 1, 4 do
            children[i] = in_child(function()
                assert(c:balance())
                assert(c:solve("turnstile", {sitekey = "a", pageurl = support.page}, {timeout = 30}))
                c:close()
            end)
        end
        assert(c:balance())
        for _, pid in ipairs(children) do assert.are.equal(0, helper.wait(pid)) end
        assert(c:balance())
        assert.are.equal(4, support.seen(service, "submit"))
        c:close()
    end)

    it("k8_in_the_midst_of_a_call", function()
        -- The function that gives the key runs while the call is under way.
        local key, pid = support.made_key()
        local c
        c = support.client(support.service "good", {key = function()
            pid = in_child(function()
                local other = support.client(support.service "good")
                assert(other:balance())
                other:close()
            end)
            return key
        end})
        assert(c:balance())
        assert.are.equal(0, helper.wait(pid))
        c:close()
    end)

    it("k8_random_state_differs", function()
        local c = support.client(support.service "good")
        local path = os.getenv "KP_TMP" .. "/operation"
        local function operation()
            assert(c:balance())
            return c:events()[1].operation
        end
        local pid = in_child(function()
            c:events()
            local file = assert(io.open(path, "w"))
            file:write(operation())
            file:close()
        end)
        assert.are.equal(0, helper.wait(pid))
        assert.are_not.equal(support.read(path), operation())
        c:close()
    end)
end)

describe("the locale", function()
    it("k11_changes_no_number", function()
        local found
        for _, name in ipairs {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "cs_CZ.UTF-8", "ru_RU.UTF-8", "de_DE"} do
            found = found or os.setlocale(name, "all")
        end
        if not found then
            os.setlocale("C", "all")
            return pending "no locale with a decimal comma is installed here"
        end
        local ok, message = pcall(function()
            assert(jit or ("%.1f"):format(0.5) == "0,5")
            local c = support.client(support.service "number", {poll = {first = 0.1, every = 0.05}})
            local text, micro = c:balance()
            assert.are.equal("12.345", text)
            assert.are.equal(12345000, micro)
            local op = c:operation("submit", {method = "turnstile", dry_run = true,
                                              params = {sitekey = "a", pageurl = support.page, min_score = 0.3}})
            op:time()
            assert.is_truthy(op:get "answer":find("0.3", 1, true))
            op:close()
            c:close()
        end)
        os.setlocale("C", "all")
        if not ok then error(message, 0) end
    end)
end)
