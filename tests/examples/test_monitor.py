"""test_monitor.py: keyplate-monitor.service, as systemd would start it, and the rules for Prometheus over what it shows."""

import http.client
import http.server
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import threading

import pytest

from conftest import EXAMPLES, PATIENCE, PROGRAM, ROOT, settings, until
from yaml_subset import read

UNIT, RULES = EXAMPLES / "keyplate-monitor.service", EXAMPLES / "prometheus-rules.yml"
INSTALLED = "/usr/local/bin/keyplate"
METRIC = re.compile(r"\bkeyplate_\w+")


class Hooks(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.taken.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def webhook():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hooks)
    server.taken, server.url = [], f"http://127.0.0.1:{server.server_port}/{secrets.token_hex(8)}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def unquoted(line):
    """One assignment."""
    word, = shlex.split(line)
    return word.partition("=")[::2]


def test_the_service_watches_and_shows(machine, webhook):
    unit = settings(UNIT)
    credentials, state = machine.folder / "credentials", machine.folder / "state"
    credentials.mkdir()
    state.mkdir(mode=0o700)
    secret = {"captchaai_key": machine.key, "webhook": webhook.url}
    for line in unit["LoadCredential"]:
        name, _, source = line.partition(":")
        assert source.startswith("/etc/keyplate/")
        (credentials / name).write_text(secret.pop(name) + "\n")
        (credentials / name).chmod(0o400)
    assert not secret
    env = {"HOME": "/", "CREDENTIALS_DIRECTORY": str(credentials)}
    for line in unit["Environment"]:
        name, value = unquoted(line)
        env[name] = value.replace("%d", str(credentials)).replace("/var/lib/keyplate", str(state))
        assert "%" not in env[name]
    env["KEYPLATE_BALANCE_ALERT_BELOW"] = '["100000","2"]'  # the sandbox's account is below it
    line, = unit["ExecStart"]
    words = shlex.split(line)
    assert words[0] == INSTALLED and words[-1] == "127.0.0.1:9477"
    process = machine.start([PROGRAM, *words[1:-1], "127.0.0.1:0"], env, cwd="/")
    port = int(re.search(rb"metrics are at http://127\.0\.0\.1:(\d+)/", process.stderr.readline())[1])

    def scrape():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return text if answer.status == 200 else None

    text = until(scrape, "metrics")
    process.send_signal(signal.SIGTERM)
    result = machine.finish(process)
    assert result.status == 0 and webhook.url not in result.err, result
    assert "keyplate_balance_dollars{" in text and machine.key not in text
    assert len(webhook.taken) == 1 and "keyplate.balance_below" in webhook.taken[0]


def test_systemd_knows_every_line_of_the_monitor(machine):
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze: the unit of the monitor")
    copy = machine.folder / UNIT.name
    copy.write_text(UNIT.read_text().replace(INSTALLED, PROGRAM))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True, timeout=PATIENCE)
    ours = [line for line in (done.stdout + done.stderr).splitlines() if UNIT.name in line]
    assert (done.returncode, ours) == (0, []), done


def test_the_rules_use_metrics_that_there_are():
    group, = read(RULES)["groups"]
    source = (ROOT / "core" / "policy" / "metrics.c").read_text()
    for rule in group["rules"]:
        for name in METRIC.findall(rule["expr"]):
            assert f'"{name}"' in source, name
        assert rule["annotations"]["summary"] and rule["annotations"]["description"]


def test_promtool():
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("there is no promtool: the rules for Prometheus")
    done = subprocess.run([promtool, "check", "rules", str(RULES)], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0 and "7 rules found" in done.stdout, done


def test_promtool_reads_the_metrics(machine):
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("there is no promtool: the text of the metrics")
    env = {"CAPTCHAAI_API_KEY": machine.key, "KEYPLATE_STATE_DIR": str(machine.folder / "state"), "HOME": machine.fresh_home()}
    assert machine.run([PROGRAM, "monitor", "--once"], env).status == 0
    text = machine.run([PROGRAM, "metrics"], env).out
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done
