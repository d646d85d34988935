-- runner.lua: follows the plan of the smoke scenario in Lua 5.4 or LuaJIT: makes the calls, prints one line of facts for each.
local keyplate = require "keyplate"

-- ---- Facts as JSON ----

local escapes = {['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t"}

local function json(value)
    if type(value) == "string" then
        return '"' .. value:gsub('[%c"\\]', function(c)
            return escapes[c] or ("\\u%04x"):format(c:byte())
        end) .. '"'
    elseif type(value) == "number" then
        return value == math.floor(value) and ("%.0f"):format(value) or ("%.14g"):format(value)
    elseif type(value) ~= "table" then
        return value == keyplate.null and "null" or tostring(value)
    end
    local parts = {}
    for _, item in ipairs(value) do
        parts[#parts + 1] = json(item)
    end
    if #parts > 0 then
        return "[" .. table.concat(parts, ",") .. "]"
    end
    for name, item in pairs(value) do
        parts[#parts + 1] = json(name) .. ":" .. json(item)
    end
    return "{" .. table.concat(parts, ",") .. "}"
end

-- ---- Clients ----

local function contents(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read("*a")
    file:close()
    return text
end

local path = assert(arg[1], "usage: runner.lua PLAN")
local chunk = contents(path)
local plan
if setfenv then
    plan = setfenv(assert(loadstring(chunk, "=plan")), {NULL = keyplate.null})()
else
    plan = assert(load(chunk, "=plan", "t", {NULL = keyplate.null}))()
end

local wanted, clients = {}, {}
for _, client in ipairs(plan.clients) do
    wanted[client.name] = client
end

-- The client, or nil and why there is none.
local function client_of(name)
    if not clients[name] then
        local spec = assert(wanted[name], "no such client")
        spec.options.config = false
        if spec.value_of then
            spec.options.key = keyplate.key_from_value((contents(spec.value_of):gsub("\n", "")))
        end
        local ok, result = pcall(keyplate.new, spec.options)
        if not ok then
            return nil, tostring(result)
        end
        clients[name] = result
    end
    return clients[name]
end

-- ---- Calls: each gives a table of facts, or nil and an error ----

local tasks = {}

local function task_of(args)
    local name = args.task:match("^@(.*)$")
    return name and (tasks[name] or "") or args.task
end

local function params_of(args)
    local params = args.params or {}
    if args.file then
        params.file = contents(args.file)
    end
    return params
end

local function amount(text, micro)
    if not text then
        return nil, micro
    end
    return {balance = text, micro = micro}
end

local function solution(s, err)
    if not s then
        return nil, err
    end
    return {answer = s.answer, task = s.task, provider = s.provider, key = s.key, elapsed = s.elapsed,
            polls = s.polls > 0 and s.polls or nil, cost = s.cost_usd}
end

local calls = {}

function calls.new()
    return {}
end

function calls.balance(c)
    return amount(c:balance())
end

function calls.verify(c, args)
    return amount(c:verify {now = args.now})
end

function calls.rotate(c, args)
    local key, err = c:rotate(args.name)
    return key and {rotated = key}, err
end

function calls.submit(c, args)
    local task, more = c:submit(args.method, params_of(args), {client_id = args.client_id, tags = args.tags})
    if task then
        return {task = task}
    elseif task == false then -- answered at once: there is no task to ask for
        return solution(more)
    end
    return nil, more
end

function calls.result(c, args)
    local s, err = c:result(task_of(args))
    if not s and not err then
        return {pending = true}
    end
    return solution(s, err)
end

function calls.wait(c, args)
    return solution(c:wait(task_of(args), {timeout = args.timeout}))
end

function calls.solve(c, args)
    return solution(c:solve(args.method, params_of(args), {
        timeout = args.timeout, sync = args.sync, client_id = args.client_id, tags = args.tags}))
end

function calls.report(c, args)
    local ok, err = c:report(task_of(args), args.good)
    return ok and {reported = true}, err
end

function calls.keys(c)
    local list, err = c:keys()
    return list and {keys = list}, err
end

function calls.limits(c, args)
    local told, err = c:limits {client_id = args.client_id}
    return told and {limits = told}, err
end

function calls.metrics(c)
    local text, err = c:metrics()
    return text and {metrics = text}, err
end

function calls.pause(c, args)
    local ok, err = c:pause(args.reason, {duration = args.duration})
    return ok and {done = true}, err
end

function calls.resume(c)
    local ok, err = c:resume()
    return ok and {done = true}, err
end

function calls.cancel(c, args)
    local op = c:operation("solve", {method = args.method, params = params_of(args)})
    op:cancel()
    op:time()
    return solution(op:result())
end

local function redact(args)
    if not args.parts then
        return {text = keyplate.redact(args.text)}
    end
    local redactor = keyplate.redactor()
    local whole = {}
    for i, part in ipairs(args.parts) do
        whole[i] = redactor:feed(part)
    end
    whole[#whole + 1] = redactor:close()
    return {text = table.concat(whole)}
end

local function error_facts(err)
    local facts = {}
    for _, name in ipairs {"code", "class", "text", "advice", "retry_after", "task", "unknown", "provider_code", "http_status",
                           "limit", "left"} do
        facts[name] = err[name]
    end
    return {error = facts}
end

local function follow(step)
    if step.call == "redact" then
        return redact(step.args)
    end
    local client, why = client_of(step.client)
    if not client then
        return {refused = why}
    end
    local facts, err = assert(calls[step.call], "no such call")(client, step.args)
    return facts or error_facts(err)
end

for _, step in ipairs(plan.steps) do
    local facts = follow(step)
    tasks[step.name] = facts.task
    facts.step = step.name
    print(json(facts))
end
