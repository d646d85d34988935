"""test_command.py: the command with keys from stores over HTTP: a Vault of the test's own, moto, and OpenBao where it is there."""

import http.server
import json
import os
import subprocess
import threading

import pytest

from servers import PATIENCE

COMMAND = os.environ["KEYPLATE"]


@pytest.fixture
def box(tmp_path):
    """The sandbox, with a key of its own."""
    key = tmp_path / "key"
    key.write_text("made-" + os.urandom(12).hex() + "\n")
    server = subprocess.Popen([COMMAND, "sandbox", "--listen", "127.0.0.1:0", "--key-file", str(key)], stdout=subprocess.PIPE,
                              text=True, env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]})
    url = server.stdout.readline().split()[-1]
    yield url, key.read_text().strip()
    server.terminate()
    server.wait()
    server.stdout.close()


class Vault(http.server.BaseHTTPRequestHandler):
    """KV version 2, as far as a reader of one secret sees it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("X-Vault-Token")))
        status, answer = self.server.answer
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def vault():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Vault)
    server.asked, server.answer, server.token = [], (404, {"errors": []}), "s." + os.urandom(12).hex()
    server.env = {"VAULT_ADDR": f"http://127.0.0.1:{server.server_port}", "VAULT_TOKEN": server.token}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def holds(key, version=1):
    return 200, {"data": {"data": {"api_key": key}, "metadata": {"version": version, "destroyed": False, "deletion_time": ""}}}


def run(box, tmp_path, *words, **env):
    url, key = box
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "CAPTCHAAI_URL": url, "KEYPLATE_STORE": "memory:", **env}
    done = subprocess.run([COMMAND, *words], env=env, capture_output=True, text=True, timeout=PATIENCE)
    secrets = key, *(env.get(name) for name in ("VAULT_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"))
    for secret in filter(None, secrets):
        assert secret not in done.stdout + done.stderr
    return done


def error(done):
    return json.loads(done.stdout)["error"]


REFERENCE = ["--set", 'keys=["vault://secret/captchaai"]', "--json"]


def test_a_key_from_vault(box, vault, tmp_path):
    vault.answer = holds(box[1], 7)
    done = run(box, tmp_path, "verify", *REFERENCE, **vault.env)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["balance"] == "10" and "vault://secret/captchaai" in told["source"] and "version 7" in told["source"]
    assert vault.asked == [("/v1/secret/data/captchaai", vault.token)]
    done = run(box, tmp_path, "keys", "--set", 'keys=["vault://secret/captchaai"]', **vault.env)
    assert done.returncode == 0 and "version 7" in done.stdout


@pytest.mark.parametrize("status, answer, code, calls, exit_status", [
    (403, {"errors": ["permission denied"]}, "source_refused", 1, 3),
    (404, {"errors": []}, "no_key", 1, 3),
    (404, {"data": {"data": None, "metadata": {"version": 2, "deletion_time": "2026-11-01T00:00:00Z", "destroyed": False}}},
     "source_deleted", 1, 3),
    (429, {"errors": ["quota"]}, "source_throttled", 3, 5),
    (503, {"errors": ["Vault is sealed"]}, "source_away", 3, 5),
])
def test_each_trouble_has_its_error(box, vault, tmp_path, status, answer, code, calls, exit_status):
    vault.answer = status, answer
    done = run(box, tmp_path, "balance", *REFERENCE, **vault.env)
    told = error(done)
    assert (told["code"], len(vault.asked), done.returncode) == (code, calls, exit_status), done.stdout
    assert "vault://secret/captchaai" in told["text"] and told["advice"]


def test_nothing_is_set_up(box, tmp_path):
    told = error(run(box, tmp_path, "balance", *REFERENCE))
    assert told["code"] == "source_setup" and "VAULT_ADDR" in told["text"]


def test_a_key_from_aws(box, moto, tmp_path):
    done = run(box, tmp_path, "balance", "--json", "--set", 'keys=["aws-sm://team/captchaai"]', **moto["user"])
    # The sandbox does not know that key: what it says is about the very key that moto had.
    assert error(done)["code"] == "ERROR_WRONG_USER_KEY" and "***" + moto["keys"][1][-4:] in error(done)["text"], done.stdout
    wrong = {**moto["user"], "AWS_SECRET_ACCESS_KEY": moto["user"]["AWS_SECRET_ACCESS_KEY"][::-1]}
    assert error(run(box, tmp_path, "balance", "--json", "--set", 'keys=["aws-sm://team/captchaai"]', **wrong))["code"] == \
        "source_refused"


def test_a_key_from_openbao(box, bao, tmp_path):
    bao.write("captchaai", box[1])
    done = run(box, tmp_path, "verify", *REFERENCE, **bao.env)
    assert done.returncode == 0 and "version 1" in json.loads(done.stdout)["source"], done.stdout + done.stderr
    (tmp_path / ".vault-token").write_text(bao.token + "\n")
    assert run(box, tmp_path, "verify", *REFERENCE, **bao.address).returncode == 0
    assert error(run(box, tmp_path, "verify", *REFERENCE, **bao.address, VAULT_TOKEN="wrong"))["code"] == "source_refused"


def test_a_key_from_google(box, google, tmp_path):
    google.make("captchaai", box[1])
    reference = ["--json", "--set", 'keys=["gcp-sm://projects/p/secrets/captchaai/versions/latest"]']
    done = run(box, tmp_path, "verify", *reference, **google.env)
    assert done.returncode == 0 and "version 1" in json.loads(done.stdout)["source"], done.stdout + done.stderr
    google.damage = 1
    assert error(run(box, tmp_path, "verify", *reference, **google.env))["code"] == "source_answer"
