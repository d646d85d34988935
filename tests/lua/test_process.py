"""test_process.py: the interpreter as a process: memory while a call is under way, Ctrl-C, and a great many clients."""

import functools
import os
import signal

import pytest

import waiting
from conftest import PATIENCE
from core_image import fragments, image

until = functools.partial(waiting.until, patience=PATIENCE)
LONG = bool(os.environ.get("KP_LONG"))
SANITIZED = bool(os.environ.get("LUA_PRELOAD"))
KILOBYTES = 1024

HANGS = """
    local keyplate = require "keyplate"
    local c = keyplate.new {config = false, store = "memory:", key = "file:" .. arg[2],
                            url = {captchaai = arg[1], nocaptchaai = arg[1]}}
    local function call()
        return c:balance {timeout = 600}
    end
"""


def hanging(lua, services, name, rest):
    """A process in the midst of a call that is never answered, and its key."""
    key, path = lua.key_file()
    process = lua.start(HANGS + rest, f"{services.url}/{name}", str(path))
    until(lambda: f"{name} balance" in services.log.read_text(), "the call")
    return process, key


# ---- K10 ----


@pytest.mark.skipif(SANITIZED, reason="sanitizers keep freed memory")
def test_k10_memory_during_a_call(lua, services):
    process, key = hanging(lua, services, "hold.dump", "call()")
    try:
        assert key.encode() in services.raw
        assert fragments(image(process.pid), key) == []
        for name in ("cmdline", "environ"):
            with open(f"/proc/{process.pid}/{name}", "rb") as file:
                assert fragments({name: file.read()}, key) == []
    finally:
        process.kill()
        lua.judge(process)


@pytest.mark.skipif(SANITIZED, reason="sanitizers keep freed memory")
def test_k10_memory_after_the_client(lua, services):
    key, path = lua.key_file()
    process = lua.start(HANGS + """
        assert(call())
        assert(c:solve("turnstile", {sitekey = "a", pageurl = "https://example.com/"}, {timeout = 60}))
        c:close()
        c = nil
        collectgarbage()
        collectgarbage()
        print "closed"
        io.stdout:flush()
        io.read()
    """, f"{services.url}/good.after", str(path), stdin=-1)
    try:
        assert process.stdout.readline() == "closed\n"
        assert fragments(image(process.pid), key) == []
    finally:
        process.kill()
        lua.judge(process)


# ---- Ctrl-C ----


@pytest.mark.parametrize("how", ["plain", "caught", "coroutine", "function"])
def test_interrupt_ends_a_call(lua, services, how):
    process, _ = hanging(lua, services, f"hold.{how}", {
        "plain": "call()",
        "caught": """
            local ok, message = pcall(call)
            print(ok, message)
            c:close()
            print(keyplate.redact "goes on")
        """,
        "coroutine": """
            local ok, message = coroutine.resume(coroutine.create(call))
            print(ok, message)
            error(message, 0)
        """,
        "function": """
            local ok, message = pcall(function() return call(), 5 end)
            print(ok, message)
            print(c:events()[1].status)
        """,
    }[how])
    process.send_signal(signal.SIGINT)
    status, out, err = lua.judge(process)
    if how == "plain":
        assert status == 1 and "interrupted!" in err
    elif how == "coroutine":
        assert status == 1 and "interrupted!" in err and out.startswith("false")
    else:
        assert status == 0 and "interrupted!" in out, out + err
    if how == "caught":
        assert out.endswith("goes on\n")
    if how == "function":
        assert out.endswith("cancelled\n")


def test_interrupt_in_a_key_function(lua, services):
    process = lua.start("""
        local keyplate = require "keyplate"
        local c = keyplate.new {config = false, store = "memory:", url = {captchaai = arg[1]}, key = function()
            print "asked"
            io.stdout:flush()
            if jit then jit.off() end -- compiled code looks at no hook
            while true do end
        end}
        print(pcall(c.balance, c))
        print(c:events()[1].status)
    """, services.url)
    assert process.stdout.readline() == "asked\n"
    process.send_signal(signal.SIGINT)
    status, out, err = lua.judge(process)
    assert status == 0 and "interrupted!" in out and out.endswith("cancelled\n"), out + err


def test_a_hook_of_somebody_else_is_let_be(lua, services):
    """A debugger or profiler that sets its hook in the midst of a call is no Ctrl-C."""
    lua("""
        local keyplate = require "keyplate"
        local key = ("%08x"):rep(4, ""):format(math.random(2 ^ 30), math.random(2 ^ 30), 7, math.random(2 ^ 30))
        local count = 0
        local function hook() count = count + 1 end
        local c = keyplate.new {config = false, store = "memory:", url = {captchaai = arg[1] .. "/good"}, key = function()
            debug.sethook(hook, "", 1)
            return key
        end}
        assert(c:balance())
        debug.sethook(hook, "l")
        assert(c:balance())
        debug.sethook()
        assert(count > 0)
    """, services.url)


# ---- A great many clients ----


def growth(lua, body, rounds):
    out = lua(f"""
        local helper, keyplate = require "helper", require "keyplate"
        local key = ("%08x%08x%08x%08x"):format(math.random(2 ^ 30), math.random(2 ^ 30), 12345, math.random(2 ^ 30))
        local nothing = {{}}
        local function cycle() {body} end
        local function rounds(n)
            for i = 1, n do
                cycle()
                if i % 100 == 0 then collectgarbage() end
            end
            collectgarbage()
            collectgarbage()
        end
        rounds({max(rounds // 20, 500)})
        local before = helper.resident()
        rounds({rounds})
        print(helper.resident() - before)
    """, patience=7200)
    return int(out)


@pytest.mark.skipif(SANITIZED, reason="sanitizers keep freed memory")
@pytest.mark.parametrize("name, body", [
    ("wrong_parameters", """
        local c = keyplate.new {config = false, store = "memory:", key = keyplate.key_from_value(key)}
        local none, err = c:submit("turnstile", {sitekey = 5})
        assert(err.class == "input")
    """),
    ("no_key", """
        local c = keyplate.new {config = false, store = "memory:", key = "env:NOBODY_SET_THIS"}
        local none, err = c:balance()
        assert(err.class == "key")
        c:close()
    """),
    ("misuse", """
        local c = keyplate.new {config = false, store = "memory:", key = function() error(nothing) end}
        assert(not pcall(c.submit, c, "turnstile", {print}))
        assert(not pcall(keyplate.new, {config = false, keys = {keyplate.key_from_value(key), print, 5}}))
        local none, err = c:balance()
        assert(err.class == "key")
    """),
])
def test_cycles_grow_no_memory(lua, name, body):
    rounds = 1000000 if LONG and name != "misuse" else 20000 if name != "misuse" else 5000
    grown = growth(lua, body, rounds)
    print(name, rounds, grown)
    assert grown < KILOBYTES
