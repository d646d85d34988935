"""test_lockout.py: a refused key and a banned address are left alone by every process of the host, nothing configured."""

import json
import os
import secrets
import subprocess

import pytest

from conftest import until
from sandbox_box import PAGE, PROGRAM, sandbox  # noqa: F401


@pytest.fixture
def host(tmp_path):
    """The environment of a host of its own: a home, no configuration, the default place of the state below it."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(tmp_path),
            "KEYPLATE_STATE_DIR": str(home / "state")}


def start(host, box, key, *words):
    environment = {"KEYPLATE_POLL_FIRST": "0.1", "KEYPLATE_POLL_EVERY": "0.1", **host, "CAPTCHAAI_URL": box.url,
                   "NOCAPTCHAAI_URL": box.url, "CAPTCHAAI_API_KEY": key, "NOCAPTCHAAI_API_KEY": key}
    return subprocess.Popen([PROGRAM, *words, "--json"], env=environment, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def code_of(process):
    out, _ = process.communicate(timeout=120)
    answer = json.loads(out)
    return process.returncode, answer.get("error", {}).get("code", "ok")


def attempts(box):
    return sum("wrong_key" in line for line in box.record())


SOLVE = ("solve", "turnstile", "sitekey=a", f"pageurl={PAGE}")


def test_g6_fifty_workers_with_a_wrong_key_make_one_attempt(sandbox, host):
    box, wrong = sandbox(), secrets.token_hex(16)
    workers = [start(host, box, wrong, *(SOLVE if i % 2 else ("balance",))) for i in range(50)]
    codes = [code_of(worker) for worker in workers]
    assert {status for status, _ in codes} == {3}
    assert [code for _, code in codes].count("ERROR_KEY_DOES_NOT_EXIST") == 1
    assert [code for _, code in codes].count("key_cooling") == 49
    assert len(box.record()) == 1
    assert box.get("/res.php", action="getbalance") != "IP_BANNED"


def test_g6_a_loop_of_a_hundred_runs_makes_one_attempt(sandbox, host):
    box, wrong = sandbox(), secrets.token_hex(16)
    codes = [code_of(start(host, box, wrong, "balance"))[1] for _ in range(100)]
    assert codes == ["ERROR_KEY_DOES_NOT_EXIST"] + 99 * ["key_cooling"]
    assert len(box.record()) == 1


def test_g6_the_default_place_is_shared_without_any_variable(sandbox, host):
    box, wrong = sandbox(), secrets.token_hex(16)
    del host["KEYPLATE_STATE_DIR"]
    codes = [code_of(start(host, box, wrong, "balance"))[1] for _ in range(3)]
    assert codes == ["ERROR_KEY_DOES_NOT_EXIST", "key_cooling", "key_cooling"]


def test_g6_another_key_is_not_held_up(sandbox, host):
    box = sandbox()
    assert code_of(start(host, box, secrets.token_hex(16), "balance"))[1] == "ERROR_KEY_DOES_NOT_EXIST"
    assert code_of(start(host, box, box.key, "balance")) == (0, "ok")


def test_g6_starting_workers_prove_a_good_key_once(sandbox, host):
    box = sandbox()
    workers = [start(host, box, box.key, *SOLVE) for _ in range(20)]
    assert {code_of(worker) for worker in workers} == {(0, "ok")}
    calls = [line["call"] for line in box.record()]
    assert calls.count("balance") == 1
    assert calls.count("submit") == 20 == len(box.ledger())


@pytest.mark.parametrize("provider, path", [("captchaai", "/res.php"), ("nocaptchaai", "/balance")])
def test_g6_each_service_has_its_own_lockout(sandbox, host, provider, path):
    box, wrong = sandbox(), secrets.token_hex(16)
    assert code_of(start(host, box, wrong, "balance", "--provider", provider))[0] == 3
    other = "nocaptchaai" if provider == "captchaai" else "captchaai"
    assert code_of(start(host, box, box.key, "balance", "--provider", other)) == (0, "ok")
    assert [line["path"] for line in box.record()][0] == path


def test_g6_a_ban_stops_every_key_and_every_process(sandbox, host):
    box = sandbox(rules=[{"match": {"call": "balance", "nth": 1}, "body": "IP_BANNED"}])
    assert code_of(start(host, box, box.key, "balance")) == (3, "IP_BANNED")
    for key in (box.key, secrets.token_hex(16)):
        for words in (("balance",), SOLVE, ("result", "123")):
            assert code_of(start(host, box, key, *words)) == (3, "address_banned")
    assert len(box.record()) == 1


def test_g6_a_wrong_key_that_could_not_be_proven_makes_one_attempt(sandbox, host):
    box = sandbox(rules=[{"match": {"call": "balance"}, "status": 503, "body": "busy"},
                         {"match": {"call": "submit"}, "delay_ms": 300}])
    wrong = secrets.token_hex(16)
    codes = [code_of(worker)[1] for worker in [start(host, box, wrong, "submit", *SOLVE[1:]) for _ in range(12)]]
    assert codes.count("ERROR_KEY_DOES_NOT_EXIST") == 1 and codes.count("key_cooling") == 11
    assert [line["call"] for line in box.record()].count("submit") == 1


def test_g6_the_wait_is_told(sandbox, host):
    box, wrong = sandbox(), secrets.token_hex(16)
    code_of(start(host, box, wrong, "balance"))
    process = start(host, box, wrong, "balance")
    error = json.loads(process.communicate(timeout=60)[0])["error"]
    assert error["class"] == "key" and 0 < error["retry_after"] <= 60
    assert "ERROR_KEY_DOES_NOT_EXIST" in error["text"]


def test_g6_who_waits_for_a_task_does_not_ask_with_a_key_that_is_refused(sandbox, host):
    """The key dies while a task is waited for, and another process is told so before the next poll."""
    box = sandbox("--solve-ms", "86400000")
    task = box.submit()
    reference = f"captchaai/primary~{box.ledger()[0]['fingerprint']}/{task}"
    waiter = start({**host, "KEYPLATE_POLL_EVERY": "5s"}, box, box.key, "wait", reference)
    until(lambda: any(line["call"] == "result" for line in box.record()), "the first poll")
    (box.ledger_path.parent / "key0").unlink()
    codes = {code_of(start(host, box, box.key, "balance"))[1]}
    error = json.loads(waiter.communicate(timeout=120)[0])["error"]
    assert error["task"] == reference
    assert codes | {error["code"]} == {"ERROR_KEY_DOES_NOT_EXIST", "key_cooling"}
    assert attempts(box) == 1
