"""test_metrics.py: figures for Prometheus: printed, in a file, over HTTP; what is stale or unknown is never 0."""

import http.client
import json
import os
import re
import signal
import socket

import pytest

from conftest import until
from sandbox_box import PAGE

SUBMIT = ("submit", "turnstile", "sitekey=a", f"pageurl={PAGE}")
SAMPLE = re.compile(r'(keyplate_\w+)\{((?:\w+="(?:[^"\\\n]|\\["\\n])*",?)+)\} (-?[0-9.]+)')
NAMES = {"keyplate_balance_dollars", "keyplate_balance_last_success_timestamp_seconds", "keyplate_calls_total",
         "keyplate_call_duration_seconds", "keyplate_budget_spent_dollars", "keyplate_budget_limit_dollars", "keyplate_refused_total",
         "keyplate_key_state", "keyplate_store_up", "keyplate_build_info"}


def read(text):
    """Name and labels to value, as a strict reader of the format takes it."""
    found, kinds, current = {}, {}, None
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            current = line.split()[2]
            assert current in NAMES and current not in kinds, line
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name == current
            kinds[name] = kind
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            name = match[1]
            family = re.sub(r"_(bucket|sum|count)$", "", name) if name not in kinds else name
            assert family == current, line
            key = (name, *sorted(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2])))
            assert key not in found, line
            found[key] = float(match[3])
    return found


def value(found, name, **labels):
    return found.get((name, *sorted({"provider": "captchaai", **labels}.items())))


def test_before_any_reading(run, box):
    result = run("metrics")
    found = read(result.out)
    assert result.status == 0 and result.err == ""
    assert value(found, "keyplate_balance_dollars") is None
    assert value(found, "keyplate_store_up") == 1
    assert value(found, "keyplate_key_state", key="primary", state="pending") == 1
    assert not [key for key in found if ("key", "backup") in key]  # nobody has to have one
    assert box.record() == []  # nothing is asked of the service


def test_the_balance_of_the_last_reading(run, box):
    assert run("monitor", "--once").status == 0
    found = read(run("metrics").out)
    assert value(found, "keyplate_balance_dollars") == 10 or value(found, "keyplate_balance_dollars") > 0
    assert value(found, "keyplate_balance_last_success_timestamp_seconds") > 1e9
    assert value(found, "keyplate_key_state", key="primary", state="current") == 1
    assert sum(line["call"] == "balance" for line in box.record()) == 1


def test_calls_come_from_the_record(run, tmp_path):
    path = tmp_path / "audit.jsonl"
    run.env.update(KEYPLATE_AUDIT_FILE=str(path), KEYPLATE_LIMITS_PER_DAY="2")
    for _ in range(3):
        run(*SUBMIT)
    found = read(run("metrics").out)
    assert value(found, "keyplate_calls_total", method="turnstile", code="ok") == 2
    outcomes = [json.loads(line) for line in path.read_text().splitlines() if '"outcome"' in line]
    assert value(found, "keyplate_call_duration_seconds_count") == len(outcomes)
    with open(path, "a", encoding="utf-8") as file:
        file.write('{"event":"outcome","provider":"captchaai","torn\n\x00\xff nothing\n[]\n{"event":"outcome","provider":"nocaptchaai"}\n{"event":')
    assert read(run("metrics").out) == found


def test_a_record_that_is_not_there(run, tmp_path):
    run.env["KEYPLATE_AUDIT_FILE"] = str(tmp_path / "none.jsonl")
    assert "keyplate_calls_total" not in run("metrics").out


def test_budgets(run):
    run.env.update(KEYPLATE_LIMITS_USD_PER_DAY="5", KEYPLATE_PRICES='{"*":"0.25"}', KEYPLATE_LIMITS_PER_HOUR="100")
    assert run(*SUBMIT).status == 0
    found = read(run("metrics").out)
    assert value(found, "keyplate_budget_spent_dollars", scope="all", limit="usd_per_day") == 0.25
    assert value(found, "keyplate_budget_limit_dollars", scope="all", limit="usd_per_day") == 5
    assert not [key for key in found if ("limit", "per_hour") in key]


def test_the_file_is_replaced_whole(run):
    path = run.work / "keyplate.prom"
    path.symlink_to("/dev/full")
    assert run("monitor", "--once", "--textfile", str(path)).status == 0
    assert not path.is_symlink() and path.stat().st_mode & 0o777 == 0o644
    assert value(read(path.read_text()), "keyplate_store_up") == 1
    assert os.listdir(run.work).count("keyplate.prom") == 1 and not [name for name in os.listdir(run.work) if name.endswith(".tmp")]
    result = run("monitor", "--once", "--textfile", str(run.work / "none" / "x.prom"))
    assert result.status == 5 and "--textfile" in result.err


# ---- Over HTTP ----

@pytest.fixture
def listener(run):
    process = run.start("monitor", "--every", "1s", "--listen", "127.0.0.1:0")
    line = process.stderr.readline().decode()
    port = int(re.search(r"metrics are at http://127\.0\.0\.1:(\d+)/metrics", line)[1])
    yield port
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    process.communicate()


def ask(port, method="GET", path="/metrics", headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer, body


def test_scrapes(run, listener):
    until(lambda: ask(listener)[0].status == 200, "the first figures")
    answer, body = ask(listener)
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert value(read(body), "keyplate_balance_dollars") > 0
    assert ask(listener, "HEAD")[0].status == 200
    assert ask(listener, "POST")[0].status == 405
    assert ask(listener, path="/")[0].status == 404
    assert ask(listener, headers={"Host": "rebound.example.com"})[0].status == 403
    assert ask(listener, headers={"Host": f"localhost:{listener}"})[0].status == 200
    with socket.create_connection(("127.0.0.1", listener), timeout=20) as link:
        link.sendall(b"\x00\xff garbage\r\n\r\n")
    assert ask(listener)[0].status == 200


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.1:9477", "example.com:80", "9477", "127.0.0.1:70000"])
def test_only_to_this_machine(run, address):
    result = run("monitor", "--listen", address)
    assert result.status == 2 and "--listen" in result.err


def test_an_address_that_is_taken(run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = run("monitor", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert result.status == 5 and "in use" in result.err
