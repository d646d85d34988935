"""test_lockout.py: many interpreters that start with a wrong key, as a host with all defaults has them: row G6."""

import secrets
from collections import Counter

WORK = """
    local keyplate = require "keyplate"
    local c = keyplate.new {}
    for i = 1, 4 do
        local answer, err
        if i % 2 == 1 then
            answer, err = c:solve("turnstile", {sitekey = "a", pageurl = "https://example.com/"})
        else
            answer, err = c:balance()
        end
        print(err and err.code or "ok")
    end
    c:close()
"""
PROCESSES, CALLS = 12, 4


def test_g6_interpreters_with_a_wrong_key_make_one_attempt(lua, box):
    wrong = secrets.token_hex(16)
    lua.secrets.add(wrong)
    env = {"CAPTCHAAI_URL": box.url, "CAPTCHAAI_API_KEY": wrong}
    codes = Counter()
    for process in [lua.start(WORK, env=env) for _ in range(PROCESSES)]:
        status, out, err = lua.judge(process)
        assert status == 0, err
        codes.update(out.split())
    assert codes == {"ERROR_KEY_DOES_NOT_EXIST": 1, "key_cooling": PROCESSES * CALLS - 1}
    assert len(box.record()) == 1
    assert box.get("/res.php", action="getbalance") != "IP_BANNED"
