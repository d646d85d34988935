"""test_command_limits.py: limits, pause and resume at the command line: what is shown, what is refused, and with which code."""

import json
import threading

import pytest

TASK = ("turnstile", "sitekey=a", "pageurl=https://example.com/")
PRICES = json.dumps({"turnstile": "0.001", "*": "0.0005"})


def limited(**limits):
    """Options as the environment has them."""
    return {"KEYPLATE_LIMITS_" + name.upper(): str(value) for name, value in limits.items()}


def test_nothing_is_limited(run, box):
    result = run("limits")
    assert result.status == 0 and result.out == "no limits are configured (options limits.*; 'keyplate help config')\n"
    assert run("limits", "--json").json == {"limits": [], "windows": [], "paused": None, "store": "ok"}


def test_a_budget_is_spent(run, box):
    env = limited(usd_per_day="0.0025") | {"KEYPLATE_PRICES": PRICES}
    for _ in range(2):
        assert run("submit", *TASK, "--json", **env).json["cost_usd"] == "0.001"
    error = run("submit", *TASK, "--json", **env).error
    assert (error["code"], error["class"], error["limit"]) == ("budget_spent", "limit", "usd_per_day")
    assert 0 < error["retry_after"] <= 86400 and len(box.ledger()) == 2
    plain = run("submit", *TASK, **env)
    assert plain.status == 4 and "usd_per_day, of which 0.0005 dollars are left; again in " in plain.err
    heading, row = run("limits", **env).out.splitlines()
    assert heading.startswith("FOR  LIMIT") and row.split()[:5] == ["all", "usd_per_day", "$0.0025", "$0.002", "$0.0005"]
    [limit] = run("limits", "--json", **env).json["limits"]
    assert (limit["scope"], limit["limit"], limit["used"], limit["left"]) == ("all", "0.0025", "0.002", "0.0005")


def test_callers_have_limits_of_their_own(run, box):
    env = limited(by=json.dumps({"client_id:*": {"per_day": 1}}))
    assert run("submit", *TASK, "--client-id", "team-a", **env).status == 0
    error = run("submit", *TASK, "--client-id", "team-a", "--json", **env).error
    assert (error["code"], error["limit"]) == ("budget_spent", "per_day of client_id:team-a")
    assert run("submit", *TASK, "--client-id", "team-b", **env).status == 0
    assert run("submit", *TASK, **env).status == 0
    shown = run("limits", "--client-id", "team-a", **env).out
    assert "client_id:team-a" in shown and run("limits", **env).out.startswith("no limits are configured")


def test_wrong_terms(run, box):
    assert run("submit", *TASK, "--client-id", "team a").status == 2
    assert run("submit", *TASK, "--tag", "env").status == 2
    assert run("submit", *TASK, "--tag", "a b=c").status == 2
    assert box.ledger() == []


@pytest.mark.parametrize("name, value", [
    ("usd_per_day", "0"), ("usd_per_day", "-1"), ("usd_per_day", "1e3"), ("usd_per_day", "1,5"), ("usd_per_day", "0.0000001"),
    ("usd_per_day", "1000000001"), ("per_minute", "0"), ("per_minute", "1.5"), ("concurrent", "-1"), ("window", "soon"),
    ("zone", "Europe/../etc"), ("on_limit", "perhaps"), ("outage", "share=1/0"), ("outage", "share=2/3"), ("by", "[]"),
    ("by", '{"team-a":{"per_day":1}}'), ("by", '{"key:nobody":{"per_day":1}}'), ("by", '{"client_id:a":{"per_dya":1}}')])
def test_g5_a_wrong_limit_is_a_configuration_error(run, box, name, value):
    result = run("submit", *TASK, KEYPLATE_PRICES=PRICES, **limited(**{name: value}))
    assert result.status == 2 and "bad_config" in result.err and ("limits." + name in result.err or "limits.by" in result.err)
    assert box.ledger() == []


@pytest.mark.parametrize("prices", ["", '{"userrecaptcha":"0.001"}'])
def test_g5_a_budget_needs_prices(run, box, prices):
    env = limited(usd_per_day="5") | ({"KEYPLATE_PRICES": prices} if prices else {})
    result = run("submit", *TASK, **env)
    assert result.status == 2 and "prices" in result.err and box.ledger() == []


def test_pause_and_resume(run, box):
    task = run("submit", *TASK).out.strip()
    assert run("pause", "--for", "10m", "the", "invoice", "is", "wrong").out == "paid calls are paused for 10 min\n"
    error = run("submit", *TASK, "--json").error
    assert (error["code"], error["class"]) == ("paused", "limit") and 590 < error["retry_after"] <= 600
    assert run("wait", task).status == 0 and run("balance").status == 0
    assert ": the invoice is wrong; 'keyplate resume' ends that" in run("limits").out
    assert run("resume").out == "paid calls go on\n" and run("submit", *TASK).status == 0
    assert run("resume", "--json").json == {"paused": False, "reason": None}
    assert run("pause", "--for", "soon").status == 2
    assert run("pause", "--json").json == {"paused": True, "reason": ""}
    assert run("submit", *TASK).status == 4


def test_a_pause_of_a_state_that_nobody_shares(run, box):
    error = run("pause", "--json", KEYPLATE_STORE="memory:").error
    assert error["code"] == "store_failed"


def test_g4_a_budget_that_cannot_be_counted_denies(run, box):
    env = limited(per_day=5) | {"KEYPLATE_STORE": "redis://127.0.0.1:1"}
    result = run("submit", *TASK, **env)
    assert result.status == 5 and "store_failed" in result.err and "per_day" in result.err and box.ledger() == []
    assert run("submit", *TASK, **env, KEYPLATE_LIMITS_OUTAGE="allow").status == 0
    shown = run("limits", **env)
    assert shown.status == 5 and shown.out.splitlines()[1].split() == ["all", "per_day", "5", "-", "-", "-", "refuse"]


def test_g1_a_crowd_of_processes_has_one_budget(run, box):
    """Sixteen at once, of which ten may."""
    assert run("verify").status == 0
    env, results = limited(per_day=10), []
    crowd = [threading.Thread(target=lambda: results.append(run("submit", *TASK, **env).status)) for _ in range(16)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert sorted(results) == [0] * 10 + [4] * 6 and len(box.ledger()) == 10


def test_windows(run, box):
    result = run("submit", *TASK, **limited(window="Mon 00:00-00:01 Europe/Berlin; Tue 00:00-00:01 Europe/Berlin"))
    assert result.status in (0, 4) and (result.status == 0 or "outside_window" in result.err)
    assert run("submit", *TASK, **limited(window="00:00-24:00")).status == 0


def test_tags_are_recorded(run, box):
    audit = run.folder / "audit.jsonl"
    env = {"KEYPLATE_AUDIT_FILE": str(audit), "KEYPLATE_TAGS": json.dumps({"service": "checkout", "env": "dev"})}
    assert run("submit", *TASK, "--tag", "env=prod", "--client-id", "team-a", **env).status == 0
    intent, outcome = [json.loads(line) for line in audit.read_text().splitlines()]
    for record in intent, outcome:
        assert record["tags"] == {"service": "checkout", "env": "prod"} and record["client_id"] == "team-a"
