-- redact_spec.lua: keys taken out of texts: rows R1 to R5, R3b, R3c.
local keyplate = require "keyplate"
local support = require "support"

local mask = "[REDACTED]"

-- A key that every redactor of this process knows.
local function known(value)
    return value, keyplate.key_from_value(value)
end

local function percent(text)
    return (text:gsub(".", function(c) return ("%%%02X"):format(c:byte()) end))
end

local function hex(text)
    return (text:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(text)
    local out = {}
    for i = 1, #text, 3 do
        local a, b, c = text:byte(i, i + 2)
        local n = a * 65536 + (b or 0) * 256 + (c or 0)
        for k = 3, 0, -1 do
            local d = math.floor(n / 64 ^ k) % 64 + 1
            out[#out + 1] = ((k == 1 and not b) or (k == 0 and not c)) and "=" or digits:sub(d, d)
        end
    end
    return table.concat(out)
end

local function fragments_of(key, text)
    text = text:lower()
    for i = 1, #key - 7 do
        if text:find(key:sub(i, i + 7):lower(), 1, true) then return key:sub(i, i + 7) end
    end
end

describe("keyplate.redact", function()
    it("gives a text without keys back as it is", function()
        local text = "nothing to hide: 12 of 30, café\n"
        assert.are.equal(text, keyplate.redact(text))
        assert.are.equal("", keyplate.redact "")
    end)

    it("r2_in_any_encoding", function()
        local key = known("Kp+" .. support.made_key(10) .. "/x=&")
        for name, coded in pairs {
            plain = key,
            percent = percent(key),
            twice = percent(key):gsub("%%", "%%25"),
            upper = key:upper(),
            hex = hex(key),
            upper_hex = hex(key):upper(),
            base64 = base64(key),
            base64_shift_1 = base64("a" .. key),
            base64_shift_2 = base64("ab" .. key),
            base64url = base64(key):gsub("%+", "-"):gsub("/", "_"):gsub("=", ""),
            json = key:gsub(".", function(c) return ("\\u%04x"):format(c:byte()) end),
            html = key:gsub(".", function(c) return ("&#%d;"):format(c:byte()) end),
            entities = key:gsub("&", "&amp;"),
            utf16le = key:gsub(".", "%0\0"),
            utf16be = key:gsub(".", "\0%0"),
        } do
            local out = keyplate.redact("before " .. coded .. " after")
            assert.is_truthy(out:find(mask, 1, true), name .. ": " .. out)
            assert.is_nil(fragments_of(key, out), name)
            assert.is_nil(out:find(coded, 1, true), name)
            assert.are.equal("before ", out:sub(1, 7), name)
            assert.are.equal(" after", out:sub(-6), name)
        end
    end)

    it("r3_leaves_the_rest", function()
        local h = support.made_key()
        for _, text in ipairs {
            "sha1 " .. support.made_key(20), "sha256 " .. support.made_key(32), h:sub(1, 31) .. " ", h .. "0 ",
            "id 123e4567-e89b-12d3-a456-426614174000", "trace_id=" .. h, "traceparent: 00-" .. h .. "-0123456789abcdef-01",
            'ETag: "' .. h .. '"', "MD5 (file) = " .. h, "md5=" .. h, "monkey: business", "sitekey=0x4AAAAAAA", "keys: 3",
        } do
            assert.are.equal(text, keyplate.redact(text))
        end
        assert.are.equal("run " .. mask .. " end", keyplate.redact("run " .. h .. " end"))
    end)

    it("r3b_values_of_any_shape_behind_key", function()
        assert.are.equal("Using key: " .. mask, keyplate.redact "Using key: abc123def456ghi789jkl012mno345pq")
        assert.are.equal("--key " .. mask .. " -v", keyplate.redact "--key some-thing -v")
        assert.are.equal('{"clientKey":"' .. mask .. '"}', keyplate.redact '{"clientKey":"some thing"}')
        assert.are.equal("http://" .. mask .. "@proxy:80", keyplate.redact "http://user:pass@proxy:80")
    end)

    it("r3c_short_keys_in_context_only", function()
        known "test"
        assert.are.equal("this is a test", keyplate.redact "this is a test")
        assert.are.equal("key=" .. mask, keyplate.redact "key=test")
    end)

    it("r4_prefixes_overlaps_neighbours", function()
        local a = known("First-" .. support.made_key(10))
        local b = known(a .. "-and-more")
        assert.are.equal(mask, keyplate.redact(b))
        assert.are.equal(mask .. "x", keyplate.redact(a .. "x"))
        assert.are.equal(mask .. mask, keyplate.redact(a .. a))
        assert.are.equal(mask, keyplate.redact(mask))
    end)

    it("r5_any_bytes_in_linear_time", function()
        local key = known("Any-" .. support.made_key(12))
        local noise = ("\255\254\0\192\128abc "):rep(100000)
        assert.are.equal(noise, keyplate.redact(noise))
        local out = keyplate.redact(noise .. key .. noise)
        assert.are.equal(noise .. mask .. noise, out)
        local line = ("x"):rep(os.getenv "KP_LONG" and 1e8 or 1e6)
        assert.are.equal(line, keyplate.redact(line))
    end)

    it("takes a string", function()
        for _, bad in ipairs {5, true, {}, print} do assert.has_error(function() keyplate.redact(bad) end) end
        assert.has_error(function() keyplate.redact() end)
    end)

    it("knows the keys of this machine before any call", function()
        -- In the environment of the tests: a file whose key no call has used.
        local text = support.read(os.getenv "KP_LOCAL_KEY"):gsub("%s", "")
        assert.are.equal("it is " .. mask .. "!", keyplate.redact("it is " .. text .. "!"))
    end)
end)

describe("a redactor", function()
    it("r1_key_split_anywhere", function()
        local key = known("Split-" .. support.made_key(13))
        for _, coded in ipairs {key, percent(key), base64(key), hex(key), key:upper()} do
            local text = "before " .. coded .. " after"
            local whole = keyplate.redact(text)
            for at = 0, #text do
                local r = keyplate.redactor()
                local out = r:feed(text:sub(1, at))
                assert.is_nil(fragments_of(key, out))
                out = out .. r:feed(text:sub(at + 1)) .. r:close()
                assert.are.equal(whole, out)
            end
            local r, out = keyplate.redactor(), {}
            for i = 1, #text do out[i] = r:feed(text:sub(i, i)) end
            assert.are.equal(whole, table.concat(out) .. r:close())
        end
    end)

    it("r1_closed_in_the_middle", function()
        local key = known("Closed-" .. support.made_key(12))
        for at = 1, #key do
            local r = keyplate.redactor()
            local out = r:feed("before " .. key:sub(1, at)) .. r:close()
            assert.is_nil(fragments_of(key, out))
            assert.are.equal("before ", out:sub(1, 7))
        end
    end)

    it("has options", function()
        local h = support.made_key()
        local function through(options)
            local r = keyplate.redactor(options)
            return r:feed(h) .. r:close()
        end
        assert.are.equal(mask, through {bare_hex = "always"})
        assert.are.equal(h, through {bare_hex = "off"})
        assert.are.equal(h, through {bare_hex = "context"})
        local c = support.client(support.service "good", {redact = {bare_hex = "off"}})
        assert.are.equal(h, through {client = c})
        assert.are.equal(mask, through {client = c, bare_hex = "always"})
        c:close()
        for _, bad in ipairs {{bare_hex = "no"}, {bare_hex = true}, {client = 5}, {client = c}, {other = 1}, {1}, 5} do
            assert.has_error(function() keyplate.redactor(bad) end)
        end
    end)

    it("knows the keys of its client before a call", function()
        local path = os.getenv "KP_TMP" .. "/unused"
        local key = "Unused-" .. support.made_key(12)
        local file = assert(io.open(path, "w"))
        file:write(key, "\n")
        file:close()
        local c = support.client(support.service "good", {key = "file:" .. path})
        assert.are.equal("a " .. key, keyplate.redact("a " .. key))
        local r = keyplate.redactor {client = c}
        assert.are.equal("a " .. mask, r:feed("a " .. key) .. r:close())
        c:close()
    end)

    it("can be closed twice, and takes nothing then", function()
        local r = keyplate.redactor()
        assert.are.equal("", r:close())
        assert.are.equal("", r:close())
        assert.has_error(function() r:feed "a" end, "keyplate: the redactor is closed")
        assert.are.equal("keyplate.redactor (closed)", tostring(r))
        for _, bad in ipairs {5, true, {}} do assert.has_error(function() keyplate.redactor():feed(bad) end) end
    end)

    it("fails when the local configuration is broken", function()
        local path = os.getenv "KP_TMP" .. "/home/.config/keyplate/config.json"
        os.execute("mkdir -p " .. os.getenv "KP_TMP" .. "/home/.config/keyplate")
        local file = assert(io.open(path, "w"))
        file:write "{"
        file:close()
        local ok = pcall(keyplate.redactor)
        os.remove(path)
        assert.is_false(ok)
        keyplate.redactor():close()
    end)
end)
