"""test_rotate.py: a key that was refused and is good by now: verify proves it at once when it is told so."""

import sqlite3

from conftest import PATIENCE

TRY = """
    local c = require "keyplate".new {}
    for _, options in ipairs {{}, {now = false}, {now = true}} do
        local balance, err = c:verify(options)
        print(balance or err.code)
    end
    print(c:balance())
    c:close()
"""


def test_verify_now_after_a_refusal(lua, box):
    key, path = lua.key_file()
    env = {"CAPTCHAAI_URL": box.url, "CAPTCHAAI_API_KEY_FILE": str(path)}
    assert lua('print(select(2, require "keyplate".new {}:balance()).code)', **env) == "ERROR_KEY_DOES_NOT_EXIST\n"
    (box.ledger_path.parent / "key0").write_text(f"{key}\n")
    # For the store, the last proof of the key was longer ago than one a minute asks for; the refusal still counts.
    with sqlite3.connect(lua.folder / "state" / "state.db", timeout=PATIENCE) as state:
        assert state.execute("DELETE FROM kv WHERE name LIKE 'rate probe/%'").rowcount == 1
    state.close()
    assert lua(TRY, **env) == "key_cooling\nkey_cooling\n10\n10\t10000000\n" and len(box.record()) == 3
