-- support.lua: what the specs share: clients of the services of services.py and of a sandbox, and keys made on the spot.
local keyplate = require "keyplate"

local support = {page = "https://example.com/"}

function support.made_key(bytes)
    local file = assert(io.open("/dev/urandom", "rb"))
    local key = file:read(bytes or 16):gsub(".", function(c) return ("%02x"):format(c:byte()) end)
    file:close()
    return key
end

local count = 0
-- What is known stays known and is looked for in every message: one key does for most clients.
local usual = keyplate.key_from_value(support.made_key())

-- A service of its own: no other test talks to it.
function support.service(name)
    count = count + 1
    return name .. "." .. count
end

-- A client of a service of services.py, with the usual key unless options say otherwise.
function support.client(service, options)
    options = options or {}
    local url = os.getenv "KP_SERVICES" .. "/" .. service
    options.config = false
    options.url = {captchaai = url, nocaptchaai = url}
    options.store = options.store or "memory:"
    options.poll = options.poll or {first = 0, every = "50ms"}
    if options.key == nil and options.keys == nil then
        options.key = usual
    end
    return keyplate.new(options)
end

-- A client of the sandbox with its key.
function support.box(options)
    options = options or {}
    local url = os.getenv "KP_BOX"
    options.config = false
    options.url = {captchaai = url, nocaptchaai = url}
    options.store = options.store or "memory:"
    options.poll = options.poll or {first = 0, every = "50ms"}
    if options.key == nil and options.keys == nil then options.key = "file:" .. os.getenv "KP_BOX_KEY" end
    return keyplate.new(options)
end

-- How many requests of a kind a service has seen; "*": of any kind.
function support.seen(service, call)
    local n = 0
    for line in io.lines(os.getenv "KP_SEEN") do
        local who, what = line:match "^(%S+) (%S+)"
        if who == service and (call == "*" or what == call) then n = n + 1 end
    end
    return n
end

function support.read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read "*a"
    file:close()
    return text
end

return support
