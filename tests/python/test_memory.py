"""test_memory.py: resident memory stays as it is, however many clients come and go, and however much is redacted."""

import os

import pytest
from conftest import LONG, run_script

pytestmark = pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="sanitizers keep freed memory")
MOST = 1 << 20
HOURS = 4 * 3600  # nothing waits for that: a slow machine may be in the midst of the long rounds

GROWTH = """
import gc, itertools, json, resource, secrets, sys
import keyplate

def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()

def grown(turn, rounds, least=500):
    for _ in range(max(rounds // 20, least)):
        turn()
    before = resident()
    for _ in range(rounds):
        turn()
    return resident() - before
"""

# Each call fails in another way: parameters, placeholder, no key, reference of a task, a wrong type, a function that raises.
CYCLES = """
key = keyplate.Key.from_value(secrets.token_hex(16))
placeholder = keyplate.Key.from_value("YOUR_API_KEY")

def refuse():
    raise OSError("no")

def turns():
    yield key, lambda client: client.submit("turnstile", sitekey="a"), keyplate.InvalidRequestError
    yield placeholder, lambda client: client.balance(), keyplate.AuthenticationError
    yield "env:NOBODY_SET_THIS", lambda client: client.solve("turnstile", sitekey="a", pageurl="https://example.com/"), keyplate.AuthenticationError
    yield key, lambda client: client.wait("no/thing"), keyplate.InvalidRequestError
    yield key, lambda client: client.report("7", "good"), TypeError
    yield refuse, lambda client: client.balance(), keyplate.AuthenticationError

endless = itertools.cycle(turns())

def cycle():
    given, use, problem = next(endless)
    client = keyplate.Client(config=False, key=given, store="memory:")
    try:
        use(client)
    except problem:
        client.close()
        return
    raise AssertionError(problem)

print(json.dumps(grown(cycle, int(sys.argv[1]))))
"""

CYCLES_OF_ASYNCIO = """
import asyncio
placeholder = keyplate.Key.from_value("YOUR_API_KEY")

async def cycle():
    client = keyplate.AsyncClient(config=False, key=placeholder, store="memory:")
    try:
        await client.balance()
    except keyplate.AuthenticationError:
        await client.aclose()

loop = asyncio.new_event_loop()
# Threads come and go: it takes longer until each arena of memory has been used.
print(json.dumps(grown(lambda: loop.run_until_complete(cycle()), int(sys.argv[1]), 3000)))
loop.close()
"""

# 64 KiB of a log; another key in each.
REDACTIONS = """
keys = [secrets.token_hex(16) for _ in range(16)]
held = [keyplate.Key.from_value(key) for key in keys[:8]]
line = "2026-01-01 12:00:00 GET https://example.com/in.php?key={}&method=turnstile took 12 ms {}\\n"
texts = itertools.cycle([(line.format(key, "x" * 2000) * 40)[:65536] for key in keys])

def redact():
    text = next(texts)
    shown = keyplate.redact(text)
    if "key=[REDACTED]&" not in shown or keyplate.redact(text.encode()) != shown.encode():
        raise AssertionError("not redacted")

print(json.dumps(grown(redact, int(sys.argv[1]))))
"""


@pytest.mark.parametrize("work, rounds", [
    pytest.param(CYCLES, 1_000_000 if LONG else 20_000, id="clients"),
    pytest.param(CYCLES_OF_ASYNCIO, 100_000 if LONG else 2_000, id="clients of asyncio"),
    # Each round redacts twice: a str, and bytes.
    pytest.param(REDACTIONS, 50_000 if LONG else 1_000, id="redactions"),
])
def test_nothing_grows(work, rounds):
    bytes_more = run_script(GROWTH + work, rounds, patience=HOURS)
    print(f"{rounds} rounds: {bytes_more} bytes more")
    assert bytes_more < MOST
