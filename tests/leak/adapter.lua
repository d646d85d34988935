-- adapter.lua: does in Lua what the leak oracle asks for on stdin, and shows all that the module lets a script see.
--
-- One verb a line, its words parted by tabs; "ok" on stdout when it is done. README.md has the verbs.
local keyplate = require "keyplate"

local options, client, callable = {}, nil, nil

local function read_file(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read "*a"
    file:close()
    return text
end

local function read_key(path) return (read_file(path):gsub("%s+$", "")) end

-- Everything that can be seen of a value, its metatable's fields too.
local function show(name, value, depth)
    depth = depth or 0
    print(name .. "=" .. tostring(value))
    if depth > 3 then return end
    if type(value) == "table" then
        for k, v in pairs(value) do show(tostring(k), v, depth + 1) end
    end
    local meta = getmetatable(value)
    if type(meta) == "table" and type(value) ~= "string" then
        for k, v in pairs(meta) do print("meta " .. tostring(k) .. " " .. tostring(v)) end
    end
end

local function show_failure(problem)
    show("thrown", problem)
    print("joined: " .. "<" .. tostring(problem) .. ">")
    -- A word of misuse has its class in no field.
    if type(problem) ~= "table" then print("class=usage") end
end

-- What a call gave: solution, texts, an error; or what it threw.
local function show_results(done, ...)
    if not done then return show_failure((...)) end
    local count = select("#", ...)
    for i = 1, count do show("value", (select(i, ...))) end
    local problem = select(2, ...)
    if type(problem) == "table" then
        print("joined: " .. ("<" .. problem) .. (problem .. ">"))
        show("class", problem.class)
    else
        print "class=none"
    end
end

local function sorted(words)
    local call, params, opts = {}, {}, {}
    for i = 3, #words do
        local name, value = words[i]:match "^([^=]*)=(.*)$"
        if name:sub(1, 2) == "p." then params[name:sub(3)] = value else call[name] = value end
    end
    if call.timeout_ms then opts.timeout = call.timeout_ms .. "ms" end
    if call.key then opts.key = call.key end
    return call, params, opts
end

local calls = {
    balance = function(c, _, opts) return c.client:balance(opts) end,
    verify = function(c, _, opts) return c.client:verify(opts) end,
    submit = function(c, params, opts) return c.client:submit(c.method, params, opts) end,
    solve = function(c, params, opts) return c.client:solve(c.method, params, opts) end,
    result = function(c) return c.client:result(c.task) end,
    wait = function(c, _, opts) return c.client:wait(c.task, opts) end,
    report = function(c) return c.client:report(c.task, c.good == "1") end,
}

local verbs = {}

function verbs.option(words)
    local name, value = words[2], words[3]
    if value:match "^%[" then value = {value:match '^%["?(.-)"?%]$'} end
    options[name] = value
end

function verbs.key(words)
    local how, path = words[2], words[3]
    if options.keys then return end
    if how == "file" then
        options.key = "file:" .. path
    elseif how == "value" then
        options.key = keyplate.key_from_value(read_key(path))
        show("key", options.key)
    else
        callable = path
        options.key = function() return read_key(callable) end
    end
end

function verbs.client()
    if options.keys then options.key = nil end
    options.log = function(level, message, event)
        show("level", level)
        show("message", message)
        show("event", event)
    end
    show_results(pcall(function()
        client = keyplate.new(options)
        show("client", client)
        return true
    end))
end

function verbs.learn() keyplate.redactor {client = client}:close() end

function verbs.call(words)
    if not client then return end
    local call, params, opts = sorted(words)
    call.client = client
    if call.dry_run then return print "class=none" end
    local run = calls[words[2]]
    show_results(xpcall(function() return run(call, params, opts) end, function(problem)
        if type(problem) == "string" then io.stderr:write(debug.traceback(problem), "\n") end
        return problem
    end))
end

function verbs.tell()
    for name, value in pairs(options) do
        if name == "key" then show(name, value) end
    end
    if not client then return end
    for _, name in ipairs {"keys", "events", "hygiene"} do
        show_results(pcall(function() return client[name](client) end))
    end
end

-- A part at a time, as a log would be written.
function verbs.redact(words)
    local text = read_file(words[2])
    local redactor = keyplate.redactor {client = client}
    for at = 1, #text, 7 do io.stdout:write(redactor:feed(text:sub(at, at + 6))) end
    print(redactor:close())
    print(keyplate.redact(text))
end

function verbs.close()
    if client then client:close() end
    client, options, callable = nil, {}, nil
    collectgarbage()
    collectgarbage()
end

for line in io.lines() do
    local words = {}
    for word in (line .. "\t"):gmatch "([^\t]*)\t" do words[#words + 1] = word end
    verbs[words[1]](words)
    print "ok"
    io.stdout:flush()
end
