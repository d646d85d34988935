"""test_command_keys_fleet.py: three machines that share a Redis server, each with a name and an address of its own, replace
a key and revoke the old one."""

import json
import subprocess

import pytest

from sandbox_box import PROGRAM, sandbox  # noqa: F401
from test_fleet import REDIS, machine, redis  # noqa: F401

pytestmark = pytest.mark.skipif(REDIS is None, reason="there is no redis-server on this machine")


@pytest.fixture
def fleet(sandbox, redis, tmp_path):  # noqa: F811
    """keyplate of machine number 0, 1 or 2, which can have another key than the first one; the sandbox."""
    box = sandbox(keys=2)
    environments = [machine(tmp_path, number, redis, box, box.keys[0]) for number in range(3)]
    for number, environment in enumerate(environments):
        environment.update(KEYPLATE_NODE=f"web{number}", KEYPLATE_SOURCE_ADDRESS=f"127.0.0.{number + 2}")

    def keyplate(number, *words):
        done = subprocess.run([PROGRAM, *words, "--json"], env=environments[number], capture_output=True, text=True,
                              timeout=120)
        assert not any(key in done.stdout + done.stderr for key in [*box.keys, redis.password])
        return json.loads(done.stdout)

    keyplate.environments, keyplate.box, keyplate.redis = environments, box, redis
    return keyplate


def code(answer):
    return answer.get("error", {}).get("code", "ok")


def seen(keyplate, number):
    """Of each value its state and who used it, as one machine tells it."""
    return {value["fingerprint"]: (value["state"], sorted(host["host"] for host in value["hosts"]))
            for value in keyplate(number, "keys") if value["fingerprint"]}


def test_a_fleet_replaces_a_key(fleet):
    for number in range(3):
        assert code(fleet(number, "verify")) == "ok"
    [(old, told)] = seen(fleet, 0).items()
    assert told == ("current", ["web0", "web1", "web2"])
    for number in range(2):
        fleet.environments[number]["CAPTCHAAI_API_KEY"] = fleet.box.keys[1]
        assert code(fleet(number, "keys", "rotate")) == "ok"
        assert code(fleet(number, "verify")) == "ok"
    marks = seen(fleet, 1)
    [new] = set(marks) - {old}
    assert marks == {new: ("current", ["web0", "web1"]), old: ("previous", ["web0", "web1", "web2"])}
    assert seen(fleet, 2)[new] == ("pending", ["web0", "web1"])  # it has not heard of it
    refusal = fleet(0, "keys", "revoke", "primary")
    assert code(refusal) == "key_in_use" and refusal["error"]["retry_after"] > 86000
    assert fleet(0, "keys", "revoke", old, "--force")["changed"] is True
    assert fleet(1, "keys", "revoke", "primary")["changed"] is False
    assert [code(fleet(number, "verify")) for number in range(3)] == ["ok", "ok", "key_revoked"]
    assert seen(fleet, 2)[old][0] == "revoked"
    assert fleet(2, "keys", "revoke", "primary", "--undo")["fingerprint"] == old
    assert code(fleet(2, "verify")) == "ok"


def test_one_machine_says_which_key_comes_first(fleet):
    for environment in fleet.environments:
        environment["CAPTCHAAI_API_KEY_BACKUP"] = fleet.box.keys[1]
    assert fleet(0, "keys", "use", "backup")["preferred"] == "backup"
    assert [fleet(number, "verify")["name"] for number in range(3)] == ["backup"] * 3
    assert fleet(2, "keys", "use", "--undo")["preferred"] is None
    assert [fleet(number, "verify")["name"] for number in range(3)] == ["primary"] * 3


def test_a_server_that_goes_away_changes_nothing_and_says_so(fleet):
    assert code(fleet(0, "verify")) == "ok"
    [old] = seen(fleet, 0)
    fleet.redis.stop()
    for words in ("use", "primary"), ("revoke", old, "--force"), ("revoke", old, "--undo"), ("revoke", "primary"):
        answer = fleet(1, "keys", *words)
        assert code(answer) == "store_failed" and "nothing was changed" in answer["error"]["text"]
    assert seen(fleet, 1) == {old: ("unknown", [])}
