"""test_monitor.py: the watch over a balance, as people and cron run it: thresholds, pause, hooks, turns, restarts, dead networks."""

import http.server
import json
import os
import signal
import threading

import pytest

from conftest import until
from sandbox_box import PAGE

SUBMIT = ("submit", "turnstile", "sitekey=a", f"pageurl={PAGE}")
FAST = ("--every", "1s")


@pytest.fixture
def spend(boxes, bare):
    """An account of 3 dollars, of which each submit takes half a dollar."""
    box = boxes("--balance", "3", "--price", "*=0.5")
    bare.use(box)
    bare.box = box
    bare.env["KEYPLATE_BALANCE_ALERT_BELOW"] = '["2","1.2"]'
    return bare


class Monitor:
    def __init__(self, run, *options, env=None):
        self.run, self.lines = run, []
        self.process = run.start("monitor", *FAST, *options, env=env or {})
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line.decode())

    @property
    def err(self):
        return "".join(self.lines)

    def expect(self, text):
        until(lambda: text in self.err or self.process.poll() is not None, text)
        assert text in self.err, self.err

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        status = self.process.wait(timeout=60)
        self.reader.join()
        for key in self.run.secrets:
            assert key not in self.err
        return status


@pytest.fixture
def monitors(spend):
    made = []

    def start(*options, env=None):
        made.append(Monitor(spend, *options, env=env))
        return made[-1]

    yield start
    for monitor in made:
        if monitor.process.poll() is None:
            monitor.process.kill()
        monitor.process.wait()


def once(run, *options, **env):
    """One reading; nobody else had the turn."""
    def read():
        result = run("monitor", "--once", "--json", *FAST, *options, **env)
        return result if result.status or json.loads(result.out)["read_at"] != read.last else None
    read.last = getattr(run, "last", None)
    result = until(read, "a turn")
    if result.status == 0:
        run.last = result.json["read_at"]
    return result


def asked(run):
    return sum(line["call"] == "balance" for line in run.box.record())


# ---- Readings ----

def test_once_is_a_balance_for_cron(spend):
    result = spend("monitor", "--once")
    assert (result.status, result.out, result.err) == (0, "3\n", "")
    result = spend("monitor", "--once", "--json")  # within 10 s: the same reading
    assert result.json["balance"] == "3" and asked(spend) == 1


def test_each_threshold_is_told_once(spend):
    told = []
    for _ in range(6):
        told += [(alert["state"], alert.get("threshold")) for alert in once(spend).json["alerts"]]
        assert spend(*SUBMIT).status in (0, 3)
    assert told == [("begun", "2"), ("begun", "1.2")]


def test_the_balance_is_told_with_what_to_do(spend):
    for _ in range(3):
        spend(*SUBMIT)
    result = once(spend)
    assert "keyplate: warning: the balance is 1.5, below 2. Top up the account" in result.err
    alert, = result.json["alerts"]
    assert alert["event"] == "keyplate.balance_below" and alert["level"] == "warning" and alert["balance"] == "1.5"
    assert alert["provider"] == "captchaai" and alert["advice"] and alert["message"] in alert["text"]
    assert once(spend).err == ""


# ---- The pause ----

def test_below_the_floor_paid_calls_are_paused(spend):
    spend.env["KEYPLATE_BALANCE_PAUSE_BELOW"] = "1.1"
    for _ in range(4):
        assert spend(*SUBMIT).status == 0
    result = once(spend)
    assert "the balance is 1, below the floor of 1.1; paid calls are paused." in result.err, result
    refused = spend(*SUBMIT, "--json")
    assert refused.status == 4 and refused.error["code"] == "paused" and len(spend.box.ledger()) == 4
    assert spend("balance").status == 0
    assert once(spend).err == ""  # one incident
    spend.env["KEYPLATE_BALANCE_PAUSE_BELOW"] = "0.9"  # as if somebody had topped up
    result = once(spend)
    assert "above the floor of 0.9 again; paid calls go on" in result.err, result
    assert spend(*SUBMIT).status == 0


def test_a_pause_that_somebody_else_made_stays(spend):
    spend.env["KEYPLATE_BALANCE_PAUSE_BELOW"] = "5"
    if "pause" not in spend("help").out:
        pytest.skip("the command has no word pause")
    assert spend("pause", "maintenance").status == 0
    assert "paid calls were paused already" in once(spend).err
    spend.env["KEYPLATE_BALANCE_PAUSE_BELOW"] = "1"
    assert "stay paused, for somebody else paused them" in once(spend).err
    assert spend(*SUBMIT).status == 4


# ---- Whose turn it is ----

def test_two_monitors_that_share_the_state_tell_it_once(spend, monitors):
    pair = [monitors(), monitors()]
    until(lambda: asked(spend) >= 2, "readings")
    for _ in range(3):
        assert spend(*SUBMIT).status == 0
    until(lambda: "below 2" in pair[0].err + pair[1].err, "the alert")
    seen = asked(spend)
    until(lambda: asked(spend) >= seen + 3, "further readings")
    assert [monitor.stop() for monitor in pair] == [0, 0]
    assert (pair[0].err + pair[1].err).count("below 2") == 1


def test_one_takes_over_when_the_other_dies(spend, monitors):
    first, second = monitors(), monitors()
    until(lambda: asked(spend) >= 2, "readings")
    first.process.kill()
    seen = asked(spend)
    until(lambda: asked(spend) >= seen + 3, "readings of the one that is left")
    assert second.stop() == 0


def test_a_restart_tells_nothing_again(spend, monitors):
    for _ in range(3):
        assert spend(*SUBMIT).status == 0
    first = monitors()
    first.expect("below 2")
    assert first.stop(signal.SIGINT) == 0
    second, seen = monitors(), asked(spend)
    until(lambda: asked(spend) >= seen + 3, "readings")
    assert second.stop() == 0
    assert "below 2" not in second.err


# ---- Trouble ----

def test_a_dead_network_is_stale_and_never_0(spend, monitors):
    assert once(spend).json["balance"] == "3"
    path = spend.work / "metrics.prom"
    monitor = monitors("--stale", "2s", "--textfile", str(path), env={"CAPTCHAAI_URL": "http://127.0.0.1:9"})
    monitor.expect("warning: the balance could not be read yet")  # another address is another world
    monitor.expect("'keyplate verify' says why")
    until(path.exists, "the metrics")
    assert "keyplate_balance_dollars" not in path.read_text()
    assert monitor.stop() == 0
    assert monitor.err.count("could not be read yet") == 1
    assert monitor.err.count("connect_failed: ") == 1  # the error is told once, not each round


def test_a_reading_that_is_stale_stays_with_its_time(spend, monitors, tmp_path):
    path = spend.work / "metrics.prom"
    monitor = monitors("--stale", "2s", "--textfile", str(path), env={"KEYPLATE_TIMEOUT": "2s"})
    until(lambda: path.exists() and "keyplate_balance_dollars" in path.read_text(), "a reading")
    spend.box.process.send_signal(signal.SIGSTOP)
    try:
        monitor.expect("warning: the balance could not be read for")
        lines = path.read_text()
        assert 'keyplate_balance_dollars{provider="captchaai"} 3\n' in lines
        stamp = [line for line in lines.splitlines() if line.startswith("keyplate_balance_last_success")]
        assert len(stamp) == 1 and float(stamp[0].split()[1]) > 1e9
    finally:
        spend.box.process.send_signal(signal.SIGCONT)
    monitor.expect("the balance can be read again; it is 3")
    assert monitor.stop() == 0


def test_g6_a_monitor_with_a_wrong_key_makes_one_attempt(spend, monitors):
    wrong = spend.new_key()
    monitor = monitors("--stale", "1s", env={"CAPTCHAAI_API_KEY": wrong, "CAPTCHAAI_API_KEY_FILE": None})
    monitor.expect("wrong_key" if "wrong_key" in monitor.err else "key")
    monitor.expect("could not be read yet")
    assert monitor.stop() == 0
    assert sum("wrong_key" in line for line in spend.box.record()) == 1


def test_a_configuration_that_cannot_work_ends_it(spend):
    result = spend("monitor", "--set", "balance.alert_below=[\"-1\"]")
    assert result.status == 2 and "alert_below" in result.err
    result = spend("monitor", "--set", "keys=[\"env:A b\"]")
    assert result.status == 2
    for words in (("--every", "0"), ("--every", "2h"), ("--stale", "x"), ("--once", "--listen", "127.0.0.1:0")):
        assert spend("monitor", *words).status == 2


def test_without_the_store_it_goes_on_by_itself(spend, monitors):
    monitor = monitors("--set", "store=sqlite:/proc/none/state.db", "--set", "limits.outage=allow")
    until(lambda: asked(spend) >= 2, "readings")
    for _ in range(3):
        spend(*SUBMIT)
    monitor.expect("below 2")
    seen = asked(spend)
    until(lambda: asked(spend) >= seen + 2, "further readings")
    assert monitor.stop() == 0
    assert monitor.err.count("below 2") == 1


# ---- Hooks ----

def hook(run, lines):
    path = run.work / "hook"
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
    return str(path)


def test_the_program_gets_json_and_no_secret(spend):
    for _ in range(3):
        spend(*SUBMIT)
    out, env = spend.work / "alert.json", spend.work / "alert.env"
    program = hook(spend, f'cat > "{out}"; env > "{env}"; echo "$@" >> "{env}"')
    spend.env.update(KEYPLATE_BALANCE_EXEC=f"{program} one two", CAPTCHAAI_API_KEY=spend.box.key, CAPTCHAAI_API_KEY_FILE=None,
                     KEYPLATE_BALANCE_WEBHOOK="env:HOOK_URL", HOOK_URL="http://127.0.0.1:9/hook-token")
    result = once(spend)
    alert = json.loads(out.read_text())
    assert alert == result.json["alerts"][0] and alert["balance"] == "1.5"
    shown = env.read_text()
    assert spend.box.key not in shown and "hook-token" not in shown and "KEYPLATE_" not in shown and "API_KEY" not in shown
    assert shown.endswith("one two\n")
    assert "hook-token" not in result.err and "127.0.0.1:9" not in result.err
    assert "balance.webhook did not take the alert: it could not be connected to" in result.err


@pytest.mark.parametrize("lines, why", [("exit 3", "it failed"), (None, "there is no such program")])
def test_a_program_that_fails_is_told(spend, lines, why):
    for _ in range(3):
        spend(*SUBMIT)
    spend.env["KEYPLATE_BALANCE_EXEC"] = hook(spend, lines) if lines else "/nowhere/hook"
    result = once(spend)
    assert result.status == 0 and f"balance.exec did not take the alert: {why}" in result.err


class Hooks(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, self.headers, body))
        self.send_response(self.server.status)
        if 300 <= self.server.status < 400:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def webhook(spend):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hooks)
    server.taken, server.status, server.token = [], 200, spend.new_key()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/{server.token}"
    spend.env["KEYPLATE_BALANCE_WEBHOOK"] = "file:" + spend.write("hook_url", url + "\n")
    for _ in range(3):
        spend(*SUBMIT)
    yield server
    server.shutdown()
    server.server_close()


def test_the_webhook_gets_json(spend, webhook):
    result = once(spend)
    (path, headers, body), = webhook.taken
    assert path == f"/{webhook.token}" and headers["Content-Type"] == "application/json" and "Authorization" not in headers
    assert json.loads(body) == result.json["alerts"][0]
    assert once(spend).json["alerts"] == [] and len(webhook.taken) == 1


@pytest.mark.parametrize("status", [302, 307, 404, 500])
def test_a_webhook_that_fails_is_told_and_not_followed(spend, webhook, status):
    webhook.status = status
    result = once(spend)
    assert result.status == 0 and len(webhook.taken) == 1
    assert f"balance.webhook did not take the alert: it answered with HTTP status {status}" in result.err


@pytest.mark.parametrize("url", ["http://example.com/x", "ftp://127.0.0.1/x", "https://user:word@127.0.0.1/x", "nonsense"])
def test_a_webhook_that_is_not_safe_is_not_used(spend, url):
    for _ in range(3):
        spend(*SUBMIT)
    spend.env.update(KEYPLATE_BALANCE_WEBHOOK="env:HOOK_URL", HOOK_URL=url)
    result = once(spend)
    assert result.status == 0 and "balance.webhook did not take the alert: its URL is" in result.err and url not in result.err


def test_proxies_of_the_environment_are_not_used_for_it(spend, webhook):
    spend.env.update(http_proxy="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9", ALL_PROXY="http://127.0.0.1:9")
    once(spend)
    assert len(webhook.taken) == 1


def test_ctrl_c_in_the_midst_of_a_call(spend, monitors):
    spend.box.process.send_signal(signal.SIGSTOP)
    try:
        monitor = monitors()
        until(lambda: os.path.isdir(spend.env["KEYPLATE_STATE_DIR"]), "its start")
        assert monitor.stop(signal.SIGINT) == 0
    finally:
        spend.box.process.send_signal(signal.SIGCONT)


def test_help_names_all_of_it(bare):
    text = bare("help", "monitor").out
    for word in ("--once", "--every", "--stale", "--textfile", "--listen", "--all-spenders", "balance.pause_below"):
        assert word in text
    assert "audit.file" in bare("help", "metrics").out
