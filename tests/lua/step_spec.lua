-- step_spec.lua: operations in steps, with a driver in Lua; the same in keyplate and keyplate.core.
local name = os.getenv "KP_MODULE" or "keyplate"
local keyplate = require(name)
package.loaded.keyplate = package.loaded.keyplate or keyplate
local support = require "support"

local page = support.page

-- Drives an operation; answers: what each HTTP step gets, in order.
local function drive(op, answers)
    local requests = {}
    op:time()
    for _ = 1, 200 do
        local step = op:step()
        if step == "done" then return requests end
        if step == "http" then
            local request = op:request()
            requests[#requests + 1] = request
            local answer = answers[#requests] or {net = "connect", sent = false}
            if answer.status then
                op:on_status(answer.status)
                op:on_header("Content-Length", tostring(#answer.body))
                op:on_body(answer.body)
            end
            op:on_end(answer.net or "ok", answer.sent ~= false)
        elseif step == "time" then
            while keyplate.clock() < op:deadline() do end
            op:time()
        else
            assert.is_true(op:do_local(), step)
        end
    end
    error "the operation does not end"
end

local function ok(body)
    return {status = 200, body = body}
end

describe(name .. ": an operation", function()
    it("is driven by Lua", function()
        local key = support.made_key()
        local c = support.client("good", {key = keyplate.key_from_value(key)})
        local op = c:operation("solve", {method = "turnstile", params = {sitekey = "a", pageurl = page}, timeout = 30})
        assert.are.equal("keyplate.operation (NEW)", tostring(op))
        assert.are.equal("time", op:step())
        assert.is_nil(op:request())
        assert.has_error(function() op:result() end, "keyplate: the operation is not done")
        local requests = drive(op, {ok "OK|12.5", ok "OK|4711", ok "CAPCHA_NOT_READY", ok "OK|the answer"})
        assert.are.equal("the answer", op:result().answer)
        assert.are.equal("the answer", op:result().answer)
        assert.are.equal("the answer", op:get "answer")
        assert.is_nil(op:get "nothing")
        local submit = requests[2]
        assert.are.equal("POST", submit.method)
        assert.is_true(submit.once)
        assert.is_false(requests[1].once)
        assert.is_truthy(submit.url:find("/in.php", 1, true))
        assert.is_nil(submit.shown_url:find(key, 1, true))
        assert.is_truthy((submit.body .. submit.url):find(key, 1, true))
        assert.is_true(submit.limit > 0 and submit.connect_ms > 0)
        assert.is_true(#submit.headers > 0 and #submit.headers[1] == 2)
        op:close()
        op:close()
        assert.are.equal("keyplate.operation (closed)", tostring(op))
        assert.has_error(function() op:step() end, "keyplate: the operation is closed")
        c:close()
    end)

    it("of each kind", function()
        local c = support.client "good"
        local op = c:operation "balance"
        drive(op, {ok "12.345"})
        assert.are.same({"12.345", 12345000}, {op:result()})
        op = c:operation("result", {task = "4711"})
        drive(op, {ok "CAPCHA_NOT_READY"})
        assert.are.equal(1, select("#", op:result()))
        op = c:operation("report", {task = "4711", good = false})
        assert.is_truthy(drive(op, {ok "OK_REPORT_RECORDED"})[1].url:find("reportbad", 1, true))
        assert.is_true(op:result())
        op = c:operation "keys"
        drive(op, {})
        assert.are.equal("primary", op:result()[1].name)
        op = c:operation("verify", {now = true})
        drive(op, {ok "12.345"})
        assert.are.same({"12.345", 12345000}, {op:result()})
        op = c:operation("rotate", {name = "primary", timeout = 30})
        drive(op, {ok "12.345"})
        assert.are.equal("primary", op:result().name)
        op = c:operation("rotate", {name = "other"})
        drive(op, {})
        assert.are.equal("misuse", select(2, op:result()).code)
        op = c:operation("submit", {method = "turnstile", params = {sitekey = "a", pageurl = page}, dry_run = true})
        drive(op, {})
        assert.is_truthy(op:get "answer":find("in.php", 1, true))
        assert.has_error(function() c:operation "other" end)
        assert.has_error(function() c:operation(5) end)
        assert.has_error(function() c:operation("balance", {task = "1"}) end)
        assert.has_error(function() c:operation("rotate", {name = 5}) end)
        c:close()
    end)

    it("is told how a call failed", function()
        for _, word in ipairs {"resolve", "connect", "tls", "proxy", "reset", "late", "stopped"} do
            local c = support.client "good"
            assert(c:keys())
            local op = c:operation("submit", {method = "turnstile", params = {sitekey = "a", pageurl = page}, timeout = 30})
            drive(op, {ok "OK|12.5", {net = word, sent = true}})
            local none, err = op:result()
            assert.is_nil(none)
            assert.is_true(err.unknown, word)
            c:close()
        end
        local op = support.client "good":operation "balance"
        assert.has_error(function() op:on_end("broken", true) end)
        assert.has_error(function() op:on_end("ok") end)
        assert.has_error(function() op:on_status(7) end)
        assert.has_error(function() op:on_header("a") end)
        assert.has_error(function() op:on_body() end)
    end)

    it("asks the host for a key", function()
        local key = support.made_key()
        local c = support.client("good", {key = "host:mine"})
        local op = c:operation "balance"
        op:time()
        assert.are.equal("read", op:step())
        assert.are.equal("host:mine", op:read())
        assert.is_false(op:do_local())
        assert.is_true(op:give(key))
        assert.is_false(op:give(key))
        drive(op, {ok "1"})
        assert.are.equal("1", (op:result()))
        op = support.client("good", {key = "host:mine"}):operation "balance"
        op:time()
        assert.is_true(op:give(nil))
        drive(op, {})
        assert.are.equal("key", select(2, op:result()).class)
    end)

    it("calls the function that gives the key", function()
        local key, c, op = support.made_key()
        local done = {}
        c = support.client("good", {key = function()
            for _, method in ipairs {"step", "time", "close", "result", "give"} do
                done[method] = pcall(op[method], op)
            end
            debug.getregistry()["keyplate.operation"].__gc(op)
            c:close()
            return key
        end})
        op = c:operation "balance"
        op:time()
        assert.is_true(op:do_local())
        for method, worked in pairs(done) do assert.is_false(worked, method) end
        assert.has_error(function() op:do_local() end, "keyplate: the client is closed")
        assert.is_truthy(op:step() == "store" or op:step() == "http")
    end)

    it("can be cancelled", function()
        local c = support.client "good"
        local op = c:operation("wait", {task = "4711"})
        op:time()
        op:cancel()
        drive(op, {})
        assert.are.equal("cancelled", select(2, op:result()).class)
        op:close()
        op:cancel()
        c:close()
    end)

    it("survives any order", function()
        local methods = {
            function(op) op:step() end, function(op) op:deadline() end, function(op) op:read() end,
            function(op) op:time() end, function(op) op:do_local() end, function(op) op:give "x" end,
            function(op) op:request() end, function(op) op:on_status(200) end, function(op) op:on_header("a", "b") end,
            function(op) op:on_body "OK|5" end, function(op) op:on_end("ok", true) end, function(op) op:cancel() end,
            function(op) pcall(op.result, op) end, function(op) op:get "answer" end, function(op) tostring(op) end,
        }
        local seed = os.time()
        math.randomseed(seed)
        local c = support.client "good"
        for _ = 1, os.getenv "KP_LONG" and 20000 or 500 do
            local op = c:operation("solve", {method = "turnstile", params = {sitekey = "a", pageurl = page}, timeout = 5})
            for _ = 1, math.random(30) do methods[math.random(#methods)](op) end
            if math.random(2) == 1 then op:close() end
        end
        c:close()
        collectgarbage()
    end)

    it("has no methods that block in keyplate.core", function()
        if name == "keyplate" then return end
        local c = support.client "good"
        for _, method in ipairs {"balance", "verify", "submit", "solve", "result", "wait", "report", "rotate"} do
            assert.is_nil(c[method])
        end
        assert.is_table(c:keys())
        assert.is_table(c:events())
        c:close()
    end)
end)
