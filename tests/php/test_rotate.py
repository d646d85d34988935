"""test_rotate.py: a key that was refused and is good by now: verify proves it at once when it is told so."""

import sqlite3

from conftest import PATIENCE

REFUSED = """<?php
try {
    (new Keyplate\\Client())->balance();
} catch (Keyplate\\Exception\\Exception $error) {
    echo $error->getErrorCode();
}
"""
TRY = """<?php
$c = new Keyplate\\Client();
foreach ([[], ['now' => false], ['now' => true]] as $arguments) {
    try {
        echo $c->verify(...$arguments), "\\n";
    } catch (Keyplate\\Exception\\Exception $error) {
        echo $error->getErrorCode(), "\\n";
    }
}
echo $c->balance(), "\\n";
"""


def test_verify_now_after_a_refusal(php, box):
    path = php.key_file("own")
    env = {"CAPTCHAAI_URL": box.url, "CAPTCHAAI_API_KEY_FILE": str(path)}
    assert php(REFUSED, **env) == "ERROR_KEY_DOES_NOT_EXIST"
    (box.ledger_path.parent / "key0").write_text(path.read_text())
    # For the store, the last proof of the key was longer ago than one a minute asks for; the refusal still counts.
    with sqlite3.connect(php.folder / "state" / "state.db", timeout=PATIENCE) as state:
        assert state.execute("DELETE FROM kv WHERE name LIKE 'rate probe/%'").rowcount == 1
    state.close()
    assert php(TRY, **env) == "key_cooling\nkey_cooling\n10\n10\n" and len(box.record()) == 3
