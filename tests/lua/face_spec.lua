-- face_spec.lua: the methods of a client, against the sandbox and against services that break the rules.
local keyplate = require "keyplate"
local support = require "support"

local page = support.page

describe("a client of the sandbox", function()
    local c

    before_each(function() c = support.box() end)
    after_each(function() c:close() end)

    it("tells the balance as text and in micro-dollars", function()
        local text, micro = c:balance()
        assert.is_string(text)
        assert.are.equal(tonumber(text) * 1e6, micro)
        assert.is_truthy(tostring(micro):match "^%d+$" or _VERSION == "Lua 5.1")
        local again = c:verify()
        assert.are.equal(text, again)
    end)

    it("submits, asks, waits and reports", function()
        local task = assert(c:submit("turnstile", {sitekey = "a", pageurl = page, sandbox_answer = "one"}))
        assert.is_truthy(task:match "^captchaai/")
        local solution = assert(c:wait(task, {timeout = 30}))
        assert.are.equal("one", solution.answer)
        assert.are.equal("one", tostring(solution))
        assert.are.equal(task, solution.task)
        assert.are.equal("captchaai", solution.provider)
        assert.is_truthy(solution.key:match "^%*%*%*%x%x%x%x$")
        assert.is_nil(solution.cost)
        assert.is_number(solution.elapsed)
        assert.is_true(solution.polls >= 1)
        assert.are.equal("one", assert(c:result(task)).answer)
        assert.is_true(c:report(task, true))
        assert.is_true(c:report(task, "bad"))
    end)

    it("solves, with a text as timeout", function()
        local solution = assert(c:solve("turnstile", {sitekey = "a", pageurl = page, sandbox_answer = "x|y:z; "},
                                        {timeout = "30s"}))
        assert.are.equal("x|y:z; ", solution.answer)
    end)

    it("uploads bytes", function()
        local png = "\137PNG\r\n\26\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\8\0\0\0\0:~\155U\0\0\0\nIDATx\156c\248\15\0\1\1\1\0" ..
                    "\27\182\238V\0\0\0\0IEND\174B`\130"
        assert(c:solve("post", {file = png}, {timeout = 30}))
    end)

    it("tells a failed task, with the task", function()
        local none, err = c:solve("turnstile", {sitekey = "unsolvable", pageurl = page}, {timeout = 30})
        assert.is_nil(none)
        assert.are.equal("task", err.class)
        assert.is_truthy(err.task:match "^captchaai/")
        assert.are.equal("ERROR_CAPTCHA_UNSOLVABLE", err.code)
        assert.is_false(err.unknown)
    end)

    it("talks to NoCaptchaAI too, where an answer can come without a task", function()
        local n = support.box {provider = "nocaptchaai"}
        assert.are.equal("keyplate.client (nocaptchaai)", tostring(n))
        local solution = assert(n:solve("SomeTask", {websiteKey = "a", websiteURL = page}, {timeout = 30}))
        assert.are.equal("nocaptchaai", solution.provider)
        local task, at_once = n:submit("ImageToTextTask", {
            body = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEANl9ngAAAAABJRU5ErkJggg=="})
        if task == nil then error(tostring(at_once)) end
        assert.is_false(task)
        assert.is_string(at_once.answer)
        n:close()
    end)

    it("works inside a coroutine", function()
        local work = coroutine.wrap(function()
            local text = c:balance()
            coroutine.yield(text)
            return c:balance()
        end)
        assert.is_string(work())
        assert.is_string(work())
    end)

    it("tells its keys", function()
        local keys = assert(c:keys())
        assert.are.equal(1, #keys)
        assert.are.equal("primary", keys[1].name)
        assert.is_truthy(keys[1].masked:match "^%*%*%*%x%x%x%x$")
        assert.are.equal(8, #keys[1].fingerprint)
        assert.is_truthy(keys[1].source:find("file:", 1, true))
        assert.is_string(keys[1].state)
    end)

    it("tells its gaps", function()
        local names = {}
        for _, gap in ipairs(c:hygiene()) do
            assert.is_string(gap.text)
            assert.is_string(gap.advice)
            names[gap.name] = true
        end
        assert.is_true(names.language_strings)
        assert.is_table(keyplate.hygiene())
    end)

    it("can be closed twice, and is of no use then", function()
        c:close()
        c:close()
        assert.are.equal("keyplate.client (closed)", tostring(c))
        assert.has_error(function() c:balance() end, "keyplate: the client is closed")
        assert.has_error(function() c:operation("balance") end)
    end)
end)

describe("parameters", function()
    local function arrive(params)
        local service = support.service "parameters"
        local c = support.client(service)
        params.sitekey, params.pageurl = params.sitekey or "a", page
        local task, err = c:submit("turnstile", params)
        c:close()
        if not task then return nil, err end
        local last
        for line in io.lines(os.getenv "KP_SEEN") do last = line:match "^parameters (.*)" or last end
        return last
    end

    it("t11_arrive_unchanged", function()
        local got = assert(arrive {a = "&", b = "#", c = "%41", d = "+ +", e = "\195\164\226\130\172"})
        for _, part in ipairs {[["a": "&"]], [["b": "#"]], [["c": "%41"]], [["d": "+ +"]], [["e": "\u00e4\u20ac"]]} do
            assert.is_truthy(got:find(part, 1, true), part .. " in " .. got)
        end
    end)

    it("of every type", function()
        local got = assert(arrive {yes = true, no = false, whole = 60.0, part = 0.1, small = 1e-7, nested = {a = {1, 2}},
                                   list = keyplate.array {}, none = {}})
        for _, part in ipairs {[["yes": "1"]], [["no": "0"]], [["whole": "60"]], [["part": "0.1"]], [["small": "1e-07"]],
                               [["nested": "{\"a\":[1,2]}"]], [["list": "[]"]], [["none": "{}"]]} do
            assert.is_truthy(got:find(part, 1, true), part .. " in " .. got)
        end
    end)

    it("of numbers that a double does not hold", function()
        assert.has_error(function() arrive {n = 2 ^ 53} end)
        assert.has_error(function() arrive {n = 1 / 0} end)
        assert.has_error(function() arrive {n = 0 / 0} end)
        if math.type then
            assert.is_truthy(assert(arrive {n = 9223372036854775807}):find('"n": "9223372036854775807"', 1, true))
        end
        assert.is_truthy(assert(arrive {n = "9223372036854775807"}):find('"n": "9223372036854775807"', 1, true))
    end)

    it("that no JSON can be made of", function()
        local circle = {}
        circle.circle = circle
        local deep = {}
        for _ = 1, 40 do deep = {deep} end
        for _, bad in ipairs {{a = circle}, {a = deep}, {a = print}, {a = {1, nil, 3}}, {a = {1, b = 2}}, {[1] = "a"},
                              {a = io.stdout}, {a = keyplate.key_from_value "some value of a key"}, {[true] = 1}} do
            assert.has_error(function() arrive(bad) end)
        end
    end)

    it("that the core refuses", function()
        for name, bad in pairs {sitekey = "\255", key = "x", more = "a\0b", other = "a\r\nb"} do
            local none, err = arrive {[name] = bad}
            assert.is_nil(none)
            assert.are.equal("input", err.class, tostring(err))
        end
    end)
end)

describe("errors", function()
    it("are tables with text and advice", function()
        local c = support.client(support.service "wrong_key")
        local none, err = c:balance()
        assert.is_nil(none)
        assert.are.equal("ERROR_KEY_DOES_NOT_EXIST", err.code)
        assert.are.equal("key", err.class)
        assert.is_truthy(#err.text > 0 and #err.advice > 0)
        assert.is_false(err.unknown)
        assert.are.equal(200, err.http_status)
        assert.are.equal("ERROR_KEY_DOES_NOT_EXIST", err.provider_code)
        assert.are.equal(err.code .. ": " .. err.text .. ". " .. err.advice, tostring(err))
        assert.are.equal("x" .. tostring(err), "x" .. err)
        assert.are.equal(tostring(err) .. "x", err .. "x")
        assert.are.equal(tostring(err) .. tostring(err), err .. err)
        assert.has_error(function() return err .. nil end)
        assert.are.equal("keyplate.error", getmetatable(err))
        assert.has_error(function() setmetatable(err, {}) end)
        c:close()
    end)

    it("say when to come back", function()
        local c = support.client(support.service "retry_after")
        local none, err = c:submit("turnstile", {sitekey = "a", pageurl = page}, {timeout = 20})
        assert.is_nil(none)
        assert.are.equal("busy", err.class)
        assert.is_true(err.retry_after > 1 and err.retry_after <= 86400)
        c:close()
    end)

    it("are nothing while a task is pending", function()
        local c = support.client(support.service "pending")
        assert.are.equal(0, select("#", c:result "4711") - 1)
        assert.is_nil((c:result "4711"))
        local none, err = c:wait("4711", {timeout = 0.3})
        assert.is_nil(none)
        assert.are.equal("timeout", err.class)
        assert.are.equal("4711", err.task:sub(-4))
        c:close()
    end)

    it("are listed", function()
        local classes = {}
        for _, row in ipairs(keyplate.errors()) do
            assert.is_truthy(row.code and row.class and row.text and row.advice)
            classes[row.class] = true
        end
        for _, class in ipairs {"usage", "input", "key", "funds", "address", "busy", "quota", "task", "pending", "network",
                                "protocol", "server", "timeout", "limit", "store", "cancelled", "unknown", "internal"} do
            assert.is_true(classes[class], class)
        end
    end)
end)

describe("configuration", function()
    it("that is wrong throws, with the nearest name", function()
        for options, words in pairs {
            [{timeot = 3}] = "did you mean 'timeout'",
            [{timeout = "soon"}] = "option timeout",
            [{timeout = {}}] = "timeout",
            [{poll = {first = true}}] = "poll.first",
            [{["poll.evry"] = 1}] = "poll.every",
            [{provider = "captcha"}] = "provider",
            [{key = 5}] = "key",
            [{keys = "env:A"}] = "keys",
            [{keys = {}, key = "env:A"}] = "not both",
            [{log = 5}] = "log",
            [{config = 5}] = "config",
            [{[1] = "a"}] = "name",
            [{url = {captchaai = "http://example.com"}}] = "url.captchaai",
        } do
            if options.config == nil then options.config = false end
            local ok, message = pcall(keyplate.new, options)
            assert.is_false(ok)
            assert.is_truthy(message:find(words, 1, true), words .. " in " .. message)
        end
        assert.has_error(function() keyplate.new "env:A" end)
        assert.has_error(function() keyplate.new {config = "/nowhere/config.json"} end)
    end)

    it("comes from a file, then from the table", function()
        local path = os.getenv "KP_TMP" .. "/own.json"
        local file = assert(io.open(path, "w"))
        file:write '{"provider":"nocaptchaai","keys":["env:NO_KEY_HERE"]}'
        file:close()
        local c = keyplate.new {config = path}
        assert.are.equal("keyplate.client (nocaptchaai)", tostring(c))
        c:close()
        c = keyplate.new {config = path, provider = "captchaai"}
        assert.are.equal("keyplate.client (captchaai)", tostring(c))
        c:close()
    end)

    it("takes no option of a call that is not there", function()
        local c = support.client(support.service "good")
        for _, options in ipairs {{timout = 3}, {timeout = 0}, {timeout = -1}, {timeout = "soon"}, {timeout = 1e300},
                                  {timeout = 0 / 0}, {timeout = {}}, {3}, {sync = 1}} do
            assert.has_error(function() c:solve("turnstile", {sitekey = "a", pageurl = page}, options) end)
        end
        assert.has_error(function() c:balance {sync = true} end)
        assert.has_error(function() c:balance(30) end)
        assert.has_error(function() c:report("1", "perhaps") end)
        assert.has_error(function() c:report("1") end)
        assert.has_error(function() c:result(1) end)
        assert.has_error(function() c:solve(nil, {}) end)
        assert.has_error(function() c:solve("turnstile", "sitekey=a") end)
        assert.has_error(function() c.balance() end)
        c:close()
    end)
end)
