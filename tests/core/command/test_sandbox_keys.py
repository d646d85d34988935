"""test_sandbox_keys.py: key files of the sandbox: several keys to an account, and files that change while it runs."""

import os
import secrets

from sandbox_box import refused, sandbox  # noqa: F401

KNOWN = "10"  # the balance of an account that has bought nothing


def new_key():
    return secrets.token_hex(16)


def key_file(box, number=0):
    return box.ledger_path.parent / f"key{number}"


def put(path, *keys):
    """Replaces the file as a whole."""
    fresh = path.with_name("fresh")
    fresh.write_text("".join(key + "\n" for key in keys))
    os.replace(fresh, path)


def balance(box, key):
    return box.get("/res.php", key=key, action="getbalance")


def result(box, key, task):
    return box.get("/res.php", key=key, action="get", id=task)


def test_the_keys_of_a_file_are_of_one_account(sandbox):
    box, other = sandbox(keys=2), new_key()
    put(key_file(box), box.key, "", other)
    task = box.submit()
    assert result(box, other, task) == f"OK|sandbox-answer-{task}"
    assert balance(box, box.key) == balance(box, other) == "9.999"
    assert balance(box, box.keys[1]) == KNOWN
    assert result(box, box.keys[1], task) == "ERROR_WRONG_CAPTCHA_ID"


def test_keys_come_and_go_with_their_file(sandbox):
    box, other = sandbox(), new_key()
    assert balance(box, other) == "ERROR_KEY_DOES_NOT_EXIST"
    put(key_file(box), box.key, other)
    assert balance(box, other) == KNOWN
    task = box.submit()
    put(key_file(box), other)
    assert balance(box, box.key) == "ERROR_KEY_DOES_NOT_EXIST"
    assert result(box, other, task) == f"OK|sandbox-answer-{task}"
    put(key_file(box), box.key)
    assert balance(box, box.key) == "9.999"
    assert balance(box, other) == "ERROR_KEY_DOES_NOT_EXIST"


def test_a_file_that_is_written_in_place(sandbox):
    box, other = sandbox(), new_key()
    with open(key_file(box), "a", encoding="ascii") as file:
        file.write(other)
    assert balance(box, other) == balance(box, box.key) == KNOWN


def test_a_link_that_is_swapped(sandbox):
    box, other = sandbox(), new_key()
    folder = key_file(box).parent
    for name, key in (("one", box.key), ("two", other)):
        (folder / name).mkdir()
        put(folder / name / "key", key)
    (folder / "now").symlink_to("one")
    key_file(box).unlink()
    key_file(box).symlink_to("now/key")
    assert balance(box, box.key) == KNOWN
    (folder / "next").symlink_to("two")
    os.replace(folder / "next", folder / "now")
    assert balance(box, other) == KNOWN
    assert balance(box, box.key) == "ERROR_KEY_DOES_NOT_EXIST"


def test_a_file_that_is_gone_has_no_keys(sandbox):
    box = sandbox(keys=2)
    key_file(box).unlink()
    assert balance(box, box.key) == "ERROR_KEY_DOES_NOT_EXIST"
    assert balance(box, box.keys[1]) == KNOWN
    put(key_file(box), box.key)
    assert balance(box, box.key) == KNOWN


def test_a_file_that_cannot_be_used_changes_nothing(tmp_path):
    from sandbox_box import Sandbox
    box, other = Sandbox(tmp_path), new_key()
    for text in ("", other + " \x01\n", other * 9 + "\n", f"{other}\n" * 2000):
        key_file(box).write_text(text)
        assert balance(box, box.key) == KNOWN
        assert balance(box, box.key) == KNOWN
    assert balance(box, other) == "ERROR_KEY_DOES_NOT_EXIST"
    status, _, err = box.stop()
    assert status == 0 and err.count("key file") == err.count("\n") == 4
    assert other[:8] not in err


def test_a_key_that_two_files_have_is_the_first_ones(sandbox):
    box = sandbox(keys=2)
    put(key_file(box, 1), box.keys[1], box.key)
    task = box.submit()
    assert result(box, box.keys[1], task) == "ERROR_WRONG_CAPTCHA_ID"
    put(key_file(box, 0), new_key())
    assert balance(box, box.key) == KNOWN
    assert result(box, box.key, task) == "ERROR_WRONG_CAPTCHA_ID"


def test_a_wrong_key_is_recorded_by_its_fingerprint(sandbox):
    box, other = sandbox(), new_key()
    balance(box, other)
    put(key_file(box), box.key, other)
    balance(box, other)
    balance(box, "")
    first, second, third = box.record()
    assert first["wrong_key"] == second["fingerprint"] and len(first["wrong_key"]) == 8
    assert "fingerprint" not in first and "wrong_key" not in second
    assert "fingerprint" not in third and "wrong_key" not in third
    assert other[:8] not in box.record_path.read_text()


def test_a_key_file_without_a_key_is_wrong_use(tmp_path):
    path = tmp_path / "keys"
    for text in ("", "\n\n", "two words\n"):
        path.write_text(text)
        done = refused("--key-file", str(path))
        assert done.returncode == 2 and "not a key a line" in done.stderr
