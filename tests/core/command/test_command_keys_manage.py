"""test_command_keys_manage.py: keys use, rotate, revoke and verify: who is told what, what is refused, and with which code."""

import json
import os
import secrets
import signal
import sqlite3

import pytest

from conftest import until

VARIABLE = "CAPTCHAAI_API_KEY"
DAY_MS = 86400000


def values(run, **env):
    return [value for value in run("keys", "--json", **env).json if value["fingerprint"]]


def fingerprint(run, number=0):
    return values(run)[number]["fingerprint"]


def state_file(run):
    return sqlite3.connect(os.path.join(run.env["KEYPLATE_STATE_DIR"], "state.db"), isolation_level=None)


def write_over(run, start, change):
    """Every value under a name that begins so becomes change(value)."""
    with state_file(run) as state:
        rows = state.execute("SELECT name, value FROM kv WHERE name LIKE ?", (start + "%",)).fetchall()
        for name, value in rows:
            text = value.decode() if isinstance(value, bytes) else value
            state.execute("UPDATE kv SET value=? WHERE name=?", (change(text).encode(), name))
    return len(rows)


def rest(run, ms):
    """All uses were ms earlier."""
    def earlier(marks):
        return ",".join(f"{host}={int(when) - ms}" for host, when in (mark.split("=") for mark in marks.split(",")))
    assert write_over(run, "used/", earlier) > 0


@pytest.fixture
def replaced(bare, boxes):
    """The command after its key was replaced, and the fingerprint of the one before, which was used."""
    box = boxes("--solve-ms", "0", keys=2)
    bare.use(box)
    assert bare("verify").status == 0
    old = fingerprint(bare)
    bare.env["CAPTCHAAI_API_KEY_FILE"] = bare.write("new_key", box.keys[1] + "\n")
    assert bare("verify").status == 0
    return bare, old


# ---- revoke ----


def test_a_value_in_use_is_refused_with_a_code_of_its_own(run, box):
    assert run("verify").status == 0
    mark = fingerprint(run)
    for word in mark, "primary":
        result = run("keys", "revoke", word)
        assert (result.status, result.out) == (4, "") and result.err.startswith("keyplate: key_in_use: ")
        assert "--force" in result.err and f"***{box.key[-4:]}" in result.err and mark in result.err
        error = run("keys", "revoke", word, "--json").error
        assert (error["code"], error["class"], error["retry_after"]) == ("key_in_use", "limit", None)
    assert "in use here" in run("keys", "revoke", mark).err
    assert run("verify").status == 0
    result = run("keys", "revoke", mark, "--force", "--json")
    assert result.json == {"provider": "captchaai", "key": f"***{box.key[-4:]}", "fingerprint": mark, "state": "revoked",
                           "changed": True}
    assert run("verify", "--json").error["code"] == "key_revoked"


def test_a_value_that_has_not_rested_is_refused_until_it_has(replaced):
    run, replaced = replaced
    for word in replaced, "primary":
        error = run("keys", "revoke", word, "--json").error
        assert error["code"] == "key_in_use" and DAY_MS / 1000 - 600 < error["retry_after"] <= DAY_MS / 1000
        assert "last used" in error["text"] and "in use here" not in error["text"]
    rest(run, DAY_MS - 60000)
    assert 0 < run("keys", "revoke", "primary", "--json").error["retry_after"] <= 60
    rest(run, 60000)
    assert run("keys", "revoke", "primary", "--json").json["fingerprint"] == replaced
    assert run("verify").status == 0


def test_revoked_and_given_back_twice(replaced):
    run, replaced = replaced
    rest(run, DAY_MS)
    assert run("keys", "revoke", "primary").out.endswith("Now delete it at the service\n")
    for word in replaced, "primary":
        result = run("keys", "revoke", word)
        assert result.status == 0 and "was revoked already" in result.out
        assert run("keys", "revoke", word, "--json").json["changed"] is False
    since = [value["revoked"] for value in values(run)]
    assert since[0] is None and since[1].startswith("20")
    assert "may be used again" in run("keys", "revoke", "primary", "--undo").out
    for word in replaced, "primary":
        result = run("keys", "revoke", word, "--undo")
        assert result.status == 0 and "was not revoked" in result.out
        result = run("keys", "revoke", word, "--undo", "--json")
        assert result.json["changed"] is False and result.json["state"] == "given back"


def test_a_value_that_nobody_has_used(run, box):
    unknown = secrets.token_hex(4)
    result = run("keys", "revoke", unknown)
    assert result.status == 2 and "--force" in result.err
    assert run("keys", "revoke", unknown, "--force", "--json").json["changed"] is True
    assert "was revoked already" in run("keys", "revoke", unknown, "--force").out
    mark = fingerprint(run)  # it leaked before its first use
    assert values(run)[0]["last_used"] is None
    assert run("keys", "revoke", mark, "--force").status == 0
    assert run("verify", "--json").error["code"] == "key_revoked" and box.ledger() == []
    assert run("solve", "turnstile", "sitekey=a", "pageurl=https://example.com/", "--json").error["code"] == "key_revoked"


@pytest.mark.parametrize("word", ["primry", "", "pri\nmary", "0123ABCD", "0123abcd0", "--", "\x1b[31m", "x" * 100000])
def test_words_that_are_none(run, word):
    for command in "revoke", "use", "rotate":
        result = run("keys", command, "--", word) if word.startswith("-") else run("keys", command, word)
        assert result.status == 2 and result.err.count("\n") == 1 and "\x1b" not in result.err
        assert len(result.err) < 1000


def test_a_key_is_no_word_and_is_not_shown(run, box):
    for command in "revoke", "use", "rotate":
        result = run("keys", command, box.key)
        assert result.status == 2


@pytest.mark.parametrize("words", [("rotate", "--key", "env:X"), ("use", "primary", "--key", "env:X"),
                                   ("revoke", "primary", "--key", "env:X"), ("rotate", "backup", "--key", "env:X"),
                                   ("rotate", "--undo"), ("rotate", "--force"), ("use", "primary", "--force"), ("list", "--undo"),
                                   ("explain", "--force"), ("verify", "--undo"), ("set", "--now"), ("revoke", "x", "--now")])
def test_options_that_do_nothing_there(run, words):
    result = run("keys", *words)
    assert result.status == 2 and "takes no option --" in result.err and result.out == ""


# ---- A state that others do not share, that is away, or that is damaged ----


@pytest.mark.parametrize("words", [("use", "primary"), ("use", "--undo"), ("revoke", "0123abcd", "--force"),
                                   ("revoke", "0123abcd", "--undo")])
def test_a_state_that_nobody_shares_is_not_told(run, words):
    error = run("keys", *words, "--json", KEYPLATE_STORE="memory:").error
    assert error["code"] == "store_failed" and "nothing was changed" in error["text"] and "memory:" in error["text"]


def test_a_state_that_is_away(run):
    mark = fingerprint(run)
    for words in ("use", "primary"), ("revoke", mark), ("revoke", "primary"), ("revoke", mark, "--force"), ("revoke", mark, "--undo"):
        result = run("keys", *words, KEYPLATE_STORE="redis://127.0.0.1:1")
        assert result.status == 5 and "keyplate: store_failed: " in result.err and "nothing was changed" in result.err
    assert run("keys", KEYPLATE_STORE="redis://127.0.0.1:1").out.splitlines()[1].split()[-3] == "unknown"


@pytest.mark.parametrize("text", ["", "-", "x", "=", "a=1,,", ",", "a=1,b=\x1b[31m", "use=", "use=nobody", "\"}]", "9" * 400,
                                  ",".join(f"{number:08x}=1" for number in range(3000)), "a" * 65 + "=1", "a=" + "1" * 65])
def test_a_state_that_is_damaged(run, text):
    assert run("verify").status == 0
    mark = fingerprint(run)
    assert run("keys", "revoke", secrets.token_hex(4), "--force").status == 0
    for start in "keys/", "ring/", "used/":
        write_over(run, start, lambda _: text)
    listed = run("keys", "--json")
    assert listed.status == 0 and listed.json[0]["safe_to_revoke"] is False and "\x1b" not in run("keys").out
    assert run("verify").status == 0
    assert run("keys", "revoke", mark, "--force").status == 0
    write_over(run, "revoked/", lambda _: text or "0")
    if text != "-":
        assert run("verify", "--json").error["code"] == "key_revoked"


def test_nobody_gets_a_revoked_value_back_by_revoking_others(run):
    mark = fingerprint(run)
    assert run("keys", "revoke", mark, "--force").status == 0
    for number in range(33):
        assert run("keys", "revoke", f"{number:08x}", "--force", "--quiet").status == 0
    assert run("verify", "--json").error["code"] == "key_revoked"


def test_hosts_that_go_out_by_addresses_of_their_own_are_one_fleet(run):
    assert run("verify", KEYPLATE_NODE="web1").status == 0
    others = {"KEYPLATE_NODE": "web2", "KEYPLATE_SOURCE_ADDRESS": "127.0.0.2"}
    [value] = values(run, **others)
    assert [host["host"] for host in value["hosts"]] == ["web1"]
    assert run("keys", "revoke", value["fingerprint"], "--force", **others).status == 0
    assert run("verify", "--json").error["code"] == "key_revoked"


@pytest.mark.parametrize("node, shown", [("ä", "--"), ("a b\tc", "a-b-c"), ("n" * 70, "n" * 64), ("-", "-"), ("--x=1,y", "--x-1-y")])
def test_hosts_of_odd_names(run, node, shown):
    result = run("verify", "--set", f"node={node}")
    if result.status == 2:  # the option itself refuses it
        return
    [value] = values(run)
    assert [host["host"] for host in value["hosts"]] == [shown] and value["last_used"] and "last used" in value["safety"]


# ---- use, rotate, verify ----


def test_use_and_back(run):
    run.env[VARIABLE + "_BACKUP"] = run.new_key()
    result = run("keys", "use", "backup")
    assert result.status == 0 and result.out.startswith("backup comes first from now on") and result.err == ""
    assert [value["preferred"] for value in values(run)] == [False, True]
    assert "backup comes first" in run("keys").err and run("keys", "--quiet").err == ""
    assert run("keys", "use", "--undo").status == 0 and run("keys").err == ""
    assert run("keys", "use", "--undo", "backup").status == 2 and run("keys", "use").status == 2


def test_rotate_says_whether_the_service_was_asked(run, box):
    first, second = run("keys", "rotate").out, run("keys", "rotate").out
    assert "the service accepts it" in first and "was not asked again" in second
    assert len(box.record()) == 1


def test_rotate_of_a_name_without_a_key_says_where_it_looked(run):
    error = run("keys", "rotate", "backup", "--json").error
    assert error["code"] == "no_key" and f"env:{VARIABLE}_BACKUP" in error["text"] and "; and " not in error["text"]


def test_rotate_shows_a_place_with_a_long_name(run, box):
    folder = run.work
    for _ in range(4):
        folder = folder / ("d" * 100)
        folder.mkdir()
    (folder / "key").write_text(box.key)
    (folder / "key").chmod(0o600)
    run.env["CAPTCHAAI_API_KEY_FILE"] = str(folder / "key")
    assert str(folder / "key") in run("keys", "rotate", "--json").json["source"]
    assert str(folder / "key") in run("keys", "rotate").out


def test_rotate_masks_a_key_in_the_name_of_its_place(run, box):
    (run.work / box.key).mkdir()
    place = run.work / box.key / "key"
    place.write_text(box.key)
    place.chmod(0o600)
    run.env["CAPTCHAAI_API_KEY_FILE"] = str(place)
    assert "[REDACTED]" in run("keys", "rotate", "--json").json["source"]


def test_keys_set_where_only_others_have_a_key(run, box):
    assert run("verify").status == 0
    run.forget_keys()
    result = run("keys", "set", "--set", "keys=[{\"name\":\"primary\",\"from\":[\"env:ELSEWHERE\"]}]", stdin=box.key)
    assert result.status == 0 and "warning: nothing looks at this file" in result.err


def test_a_candidate_is_told_as_one(run, box):
    run.env["CANDIDATE"] = (run.work / "box_key").read_text().strip()
    run.forget_keys()
    for state in "pending", "candidate":
        [value] = run("keys", "--key", "env:CANDIDATE", "--json").json
        assert (value["name"], value["state"], value["safe_to_revoke"], value["preferred"]) == ("candidate", state, None, False)
        assert value["safety"].startswith("it is a candidate; ") and "in use here" not in value["safety"]
        assert run("keys", "verify", "--key", "env:CANDIDATE").out.startswith("key candidate ***")


def test_two_at_once(run):
    mark = fingerprint(run)
    words = [("revoke", mark, "--force"), ("revoke", mark, "--undo"), ("use", "primary"), ("use", "--undo"), ("rotate",)]
    workers = [run.start("keys", *words[number % len(words)], "--json") for number in range(15)]
    for worker in workers:
        assert run.finish(worker).status in (0, 3)
    assert run("keys", "revoke", mark, "--undo").status == 0
    assert run("verify").status == 0


def test_an_interrupt_while_the_state_is_locked(run):
    mark = fingerprint(run)
    assert run("verify").status == 0
    other = state_file(run)
    other.execute("BEGIN EXCLUSIVE")
    worker = run.start("keys", "revoke", mark, "--force", "--json")
    until(lambda: any("state.db" in os.path.realpath(f"/proc/{worker.pid}/fd/{number}")
                      for number in os.listdir(f"/proc/{worker.pid}/fd")), "the open of the state")
    worker.send_signal(signal.SIGINT)
    result = run.finish(worker)
    other.execute("ROLLBACK")
    other.close()
    assert result.status in (5, 130), result
    assert run("verify").status == 0
