"""test_lockout.py: many processes that start with a wrong key, as a host with all defaults has them: row G6."""

import os
import secrets
import subprocess
import sys
from collections import Counter

import pytest
from conftest import PATIENCE

PLAIN = """
import keyplate
with keyplate.Client() as client:
    for call in 2 * [lambda: client.solve("turnstile", sitekey="a", pageurl="https://example.com/"), client.balance]:
        try:
            call()
            print("ok")
        except keyplate.Error as error:
            print(error.code)
"""
AT_ONCE = """
import asyncio, keyplate
async def work():
    async with keyplate.AsyncClient() as client:
        calls = [client.solve("turnstile", sitekey="a", pageurl="https://example.com/"), client.balance()]
        calls += [client.solve("turnstile", sitekey="a", pageurl="https://example.com/"), client.balance()]
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            print(outcome.code if isinstance(outcome, keyplate.Error) else outcome)
asyncio.run(work())
"""
PROCESSES, CALLS = 12, 4


@pytest.mark.parametrize("work", [PLAIN, AT_ONCE], ids=["plain", "asyncio"])
def test_g6_processes_with_a_wrong_key_make_one_attempt(box, monkeypatch, work):
    wrong = secrets.token_hex(16)
    monkeypatch.delenv("CAPTCHAAI_API_KEY_FILE")
    codes = Counter()
    processes = [subprocess.Popen([sys.executable, "-c", work], env={**os.environ, "CAPTCHAAI_API_KEY": wrong}, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(PROCESSES)]
    for process in processes:
        out, err = process.communicate(timeout=4 * PATIENCE)
        assert process.returncode == 0 and wrong not in out + err, err.replace(wrong, "KEY")
        codes.update(out.split())
    assert codes == {"ERROR_KEY_DOES_NOT_EXIST": 1, "key_cooling": PROCESSES * CALLS - 1}
    assert len(box.record()) == 1
    assert box.get("/res.php", action="getbalance") != "IP_BANNED"
