-- log_spec.lua: events, and functions that log them.
local support = require "support"

local page = support.page

describe("events", function()
    it("tell what happened, once", function()
        local c = support.client(support.service "good")
        assert(c:balance())
        assert(c:solve("turnstile", {sitekey = "a", pageurl = page}, {timeout = 30}))
        local names = {}
        for _, event in ipairs(c:events()) do
            names[event.event] = event
            assert.is_string(event.time)
            assert.is_string(event.message)
            assert.is_truthy(({debug = 1, info = 1, warning = 1, error = 1})[event.level])
        end
        assert.are.equal("ok", names["keyplate.balance"].status)
        assert.are.equal("turnstile", names["keyplate.solve"].method)
        assert.are.same({}, c:events())
        c:close()
    end)
end)

describe("a log function", function()
    it("is called after each operation", function()
        local lines = {}
        local c = support.client(support.service "good", {log = function(level, message, event)
            lines[#lines + 1] = level .. " " .. event.event
            assert.is_string(message)
        end})
        assert(c:balance())
        local count = #lines
        assert.is_true(count >= 1)
        local op = c:operation("result", {task = "4711"})
        op:time()
        op:cancel()
        while op:step() ~= "done" do
            if op:step() == "http" then op:on_end("stopped", true) elseif not op:do_local() then op:time() end
        end
        op:result()
        op:result()
        assert.are.equal("warning keyplate.result", lines[#lines])
        assert.are.same({}, c:events())
        c:close()
    end)

    it("that fails does no harm to the result", function()
        local key = support.made_key()
        for _, log in ipairs {function() error("log is broken: key=" .. key) end, function() error({}) end,
                              function() error() end, function() coroutine.yield() end} do
            local c = support.client(support.service "good", {log = log})
            assert.are.equal("12.5", (c:balance()))
            c:close()
        end
    end)

    it("can use its client", function()
        local calls, c = 0
        c = support.client(support.service "good", {log = function()
            calls = calls + 1
            if calls < 10 then
                assert.are.equal("12.5", (c:balance()))
                c:events()
            end
        end})
        assert(c:balance())
        assert.is_true(calls >= 1 and calls < 10)
        c:close()
    end)

    it("can close its client", function()
        local c
        c = support.client(support.service "good", {log = function() c:close() end})
        assert.are.equal("12.5", (c:balance()))
        assert.has_error(function() c:balance() end, "keyplate: the client is closed")
    end)

    it("can be switched off and on", function()
        local c = support.client(support.service "good", {log = false})
        assert(c:balance())
        assert.is_true(#c:events() > 0)
        c:close()
        c = support.client(support.service "good", {log = true})
        assert(c:balance())
        assert.are.same({}, c:events())
        c:close()
    end)
end)
