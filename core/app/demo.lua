-- demo.lua: what demo.sh shows of the Lua module: the key comes from where the command finds it, and nothing here sees it.
local keyplate = require "keyplate"
local client = keyplate.new{provider = "captchaai"}
local page = "https://example.com/"

print("client", client)
print("balance", (assert(client:balance())))

local solution = assert(client:solve("turnstile", {sitekey = "0x4AAAAAAA", pageurl = page}, {timeout = "60s"}))
print("answer", solution)
print("task", solution.task)
print("key", solution.key)

local _, err = client:solve("turnstile", {sitekey = "unsolvable", pageurl = page})
print("error", err)
print("class", err.class)

local line = "GET /res.php?key=" .. assert(io.lines(os.getenv "CAPTCHAAI_API_KEY_FILE")()) .. "&action=getbalance"
print("masked", keyplate.redact(line))
