-- limits_spec.lua: limits of paid calls: who they are for, what they cost, what is left, pause, tags in the record.
local keyplate = require "keyplate"
local support = require "support"

local params = {sitekey = "a", pageurl = support.page}
local prices = {turnstile = "0.001", ["*"] = "0.0005"}

local function refused(code, none, err)
    assert.is_nil(none)
    assert.are.equal(code, err.code)
    assert.are.equal("limit", err.class)
    return err
end

local function by_name(told)
    local found = {}
    for _, limit in ipairs(told.limits) do found[limit.scope .. " " .. limit.name] = limit end
    return found
end

describe("a budget", function()
    it("is spent, told and refuses", function()
        local service = support.service "good"
        local c = support.client(service, {
            limits = {usd_per_24h = "5.00", per_24h = 10, by = {["client_id:*"] = {usd_per_24h = "0.0015"}}}, prices = prices})
        local options = {client_id = "team-a", timeout = 30}
        assert.are.equal("0.001", assert(c:solve("turnstile", params, options)).cost_usd)
        local err = refused("budget_spent", c:solve("turnstile", params, options))
        assert.are.equal("usd_per_24h of client_id:team-a", err.limit)
        assert.are.equal("0.0005", err.left)
        assert.is_true(err.retry_after > 0)
        assert.is_false(err.unknown)
        assert.are.equal(1, support.seen(service, "submit"))
        local told = assert(c:limits {client_id = "team-a"})
        local found = by_name(told)
        assert.are.same({"5", "0.001", "4.999"}, {found["all usd_per_24h"].limit, found["all usd_per_24h"].used, found["all usd_per_24h"].left})
        assert.are.same({10, 1, 9, "refuse", false}, {found["all per_24h"].limit, found["all per_24h"].used, found["all per_24h"].left,
                                                       found["all per_24h"].policy, found["all per_24h"].shadow})
        assert.are.equal("0.0005", found["client_id:team-a usd_per_24h"].left)
        assert.is_nil(found["all usd_per_24h"].resets_at) -- there is room
        assert.are.same({{}, "ok"}, {told.windows, told.store})
        assert.is_nil(told.paused)
        assert.is_nil(by_name(c:limits())["client_id:team-a usd_per_24h"])
        assert(c:submit("turnstile", params, {client_id = "team-b"}))
        c:close()
    end)

    it("of calls has counts", function()
        local c = support.client("good", {["limits.per_24h"] = 1})
        local solution = assert(c:solve("turnstile", params, {timeout = 30}))
        assert.is_nil(solution.cost_usd)
        local err = refused("budget_spent", c:submit("turnstile", params))
        assert.are.same({"per_24h", 0}, {err.limit, err.left})
        c:close()
    end)

    it("without a price, or of no amount, is refused with the options", function()
        for _, options in ipairs {{limits = {usd_per_day = "5"}}, {limits = {usd_per_day = "much"}, prices = prices},
                                  {limits = {per_week = 1}}, {limits = 5}, {tags = {a = 1}}, {prices = {["*"] = "-1"}},
                                  {balance = {alert_below = "10"}}, {limits = {by = {["nobody:x"] = {per_day = 1}}}}} do
            assert.has_error(function() support.client("good", options) end)
        end
        support.client("good", {balance = {alert_below = {"10", "2"}, pause_below = "0.50"}, tags = {service = "a"},
                                audit = {key = "env:NOBODY_SET_THIS"}}):close()
    end)
end)

describe("limits", function()
    it("refuse by rate, tasks under way and window", function()
        local day = os.date("!*t", os.time() + 2 * 86400).wday
        local window = ({"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"})[day] .. " 00:00-24:00 UTC"
        for code, limits in pairs {rate_reached = {per_hour = 1}, too_many_tasks = {concurrent = 1}, outside_window = {window = window}} do
            local c = support.client(support.service "good", {limits = limits})
            if code ~= "outside_window" then assert(c:submit("turnstile", params)) end
            local err = refused(code, c:submit("turnstile", params))
            assert.are.equal((next(limits)), err.limit)
            if code == "outside_window" then
                assert.is_true(err.retry_after > 0)
                assert.are.same({"all", false}, {c:limits().windows[1].scope, c:limits().windows[1].open})
            end
            c:close()
        end
    end)

    it("pause and go on, and what was paid is waited for", function()
        local service = support.service "good"
        local c = support.client(service)
        local task = assert(c:submit("turnstile", params))
        assert.is_true(c:pause("100 % \"enough\"", {duration = "1h"}))
        local err = refused("paused", c:solve("turnstile", params))
        assert.is_true(err.retry_after > 0 and err.retry_after <= 3600)
        assert(c:wait(task, {timeout = 30}))
        local pause = c:limits().paused
        assert.are.equal("100 % \"enough\"", pause.reason)
        assert.is_true(pause.left_ms > 0 and pause.left_ms <= 3600000)
        assert.is_string(pause["until"])
        assert.is_true(c:resume {timeout = 20})
        assert.is_nil(c:limits().paused)
        assert(c:submit("turnstile", params))
        assert.is_true(c:pause())
        refused("paused", c:submit("turnstile", params))
        assert.are.equal("", c:limits().paused.reason)
        assert.are.equal(2, support.seen(service, "submit"))
        c:close()
    end)

    it("show no key in a reason", function()
        local key = support.made_key()
        local c = support.client("good", {key = keyplate.key_from_value(key)})
        assert(c:pause("because of " .. key, {duration = 60}))
        assert.are.equal("because of [REDACTED]", c:limits().paused.reason)
        c:close()
        c = support.client("good", {key = keyplate.key_from_value(key), limits = {by = {["client_id:*"] = {per_24h = 1}}}})
        assert.are.equal("client_id:[REDACTED]", c:limits({client_id = key}).limits[1].scope)
        c:close()
    end)

    it("take what they know, and nothing else", function()
        local c = support.client("good")
        for _, wrong in ipairs {
            function() c:solve("turnstile", params, {client_id = 7}) end,
            function() c:solve("turnstile", params, {tags = "a"}) end,
            function() c:submit("turnstile", params, {tags = {"a"}}) end,
            function() c:submit("turnstile", params, {tags = {a = 1}}) end,
            function() c:submit("turnstile", params, {tags = {["a\0b"] = "c"}}) end,
            function() c:submit("turnstile", params, {tags = setmetatable({}, {__index = {a = "b"}})}) end,
            function() c:limits {what = "keys"} end, function() c:limits "team-a" end, function() c:limits {client_id = {}} end,
            function() c:metrics {now = true} end, function() c:balance {client_id = "a"} end, function() c:wait("1", {tags = {}}) end,
            function() c:pause(5) end, function() c:pause("a", {duration = 0}) end, function() c:pause("a", {duration = "soon"}) end,
            function() c:pause {duration = 5} end, function() c:resume "a" end, function() c.limits() end,
            function() c:operation("pause", {method = "a"}) end, function() c:operation "paused" end,
        } do
            assert.has_error(wrong)
        end
        for _, options in ipairs {{tags = {["a b"] = "c"}}, {tags = {a = "b\0c"}}, {tags = {[""] = "c"}}, {tags = {a = ("x"):rep(257)}},
                                  {client_id = "a\0b"}} do
            assert.are.equal("misuse", select(2, c:submit("turnstile", params, options)).code)
        end
        for _, id in ipairs {"team a", "a\nb", ("x"):rep(65), "\255"} do
            local _, err = c:submit("turnstile", params, {client_id = id})
            assert.are.same({"bad_parameter", "input"}, {err.code, err.class})
        end
        assert.are.equal("misuse", select(2, c:pause("a\0b")).code)
        c:close()
    end)

    it("are steps too", function()
        local c = support.client("good", {limits = {per_24h = 7}})
        for name, options in pairs {limits = {client_id = "a", method = "turnstile"}, metrics = {}, pause = {reason = "a", duration = 60}, resume = {}} do
            local op = c:operation(name, options)
            op:time()
            while op:step() ~= "done" do assert.is_true(op:do_local()) end
            local told = assert(op:result())
            assert.are.equal(({limits = "table", metrics = "string", pause = "boolean", resume = "boolean"})[name], type(told))
        end
        c:close()
    end)
end)

describe("the record", function()
    it("has caller, tags and cost, and the service gets none of them", function()
        local path, service = os.getenv "KP_TMP" .. "/audit.jsonl", support.service "parameters"
        local c = support.client(service, {audit = {file = path}, tags = {service = "checkout", env = "prod"}, prices = prices})
        assert(c:submit("turnstile", params, {client_id = "team-a", tags = {env = "a\nb", who = "x"}}))
        c:close()
        local record = support.read(path)
        for _, part in ipairs {'"client_id":"team-a"', '"cost_micro":1000', '"service":"checkout"', '"env":"a\\nb"', '"who":"x"'} do
            assert.is_truthy(record:find(part, 1, true), part .. " is not in " .. record)
        end
        local sent = support.read(os.getenv "KP_SEEN")
        assert.is_truthy(sent:find('"sitekey"', 1, true))
        for _, name in ipairs {"client_id", "team-a", "tags", "checkout"} do assert.is_nil(sent:find(name, 1, true)) end
    end)
end)

describe("metrics", function()
    it("count the calls of this client", function()
        local c = support.client("good", {limits = {per_24h = 1}})
        assert(c:submit("turnstile", params))
        refused("budget_spent", c:submit("turnstile", params))
        local text = assert(c:metrics())
        assert.is_truthy(text:find('keyplate_calls_total{provider="captchaai",method="turnstile",code="ok"} 1\n', 1, true), text)
        assert.is_truthy(text:find('code="budget_spent"} 1\n', 1, true), text)
        c:close()
    end)
end)
