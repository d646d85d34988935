"""test_fleet.py: processes that share nothing but a Redis server, as those of several machines, act as one."""

import json
import os
import secrets
import shutil
import socket
import subprocess

import pytest

from conftest import until
from sandbox_box import PAGE, PROGRAM, sandbox  # noqa: F401

REDIS = shutil.which("redis-server")
pytestmark = pytest.mark.skipif(REDIS is None, reason="there is no redis-server on this machine")
SOLVE = ("solve", "turnstile", "sitekey=a", f"pageurl={PAGE}")


class Redis:
    """A server with a password on a free port."""

    def __init__(self, folder):
        self.password = secrets.token_urlsafe(24)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        folder.mkdir()
        # The password comes from standard input: arguments are open to everybody.
        lines = f"bind 127.0.0.1\nport {self.port}\nsave \"\"\nappendonly no\nrequirepass {self.password}\n"
        self.process = subprocess.Popen([REDIS, "-", "--dir", str(folder)], stdin=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, text=True)
        self.process.stdin.write(lines)
        self.process.stdin.close()
        until(self.answers, "the Redis server")

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(100)
        except OSError:
            return b""

    def stop(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def redis(tmp_path):
    server = Redis(tmp_path / "redis")
    yield server
    server.stop()


def machine(folder, number, redis, box, key):
    """The environment of a machine of its own."""
    home = folder / f"home{number}"
    home.mkdir(mode=0o700)
    return {"PATH": os.environ["PATH"], "HOME": str(home), "KEYPLATE_STATE_DIR": str(home / "state"),
            "CAPTCHAAI_URL": box.url, "NOCAPTCHAAI_URL": box.url, "CAPTCHAAI_API_KEY": key,
            "KEYPLATE_STORE": f"redis://127.0.0.1:{redis.port}", "KEYPLATE_REDIS_PASSWORD": "env:FLEET_PASSWORD",
            "FLEET_PASSWORD": redis.password}


def start(environment, *words):
    return subprocess.Popen([PROGRAM, *words, "--json"], env=environment, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def code_of(process, password):
    out, err = process.communicate(timeout=240)
    assert password not in out + err
    return process.returncode, json.loads(out).get("error", {}).get("code", "ok")


def test_g6_sixty_four_machines_with_a_wrong_key_make_one_attempt(sandbox, redis, tmp_path):
    box, wrong = sandbox(), secrets.token_hex(16)
    workers = [start(machine(tmp_path, i, redis, box, wrong), *(SOLVE if i % 2 else ("balance",))) for i in range(64)]
    codes = [code_of(worker, redis.password) for worker in workers]
    assert {status for status, _ in codes} == {3}
    assert [code for _, code in codes].count("ERROR_KEY_DOES_NOT_EXIST") == 1
    assert [code for _, code in codes].count("key_cooling") == 63
    assert len(box.record()) == 1
    assert box.get("/res.php", action="getbalance") != "IP_BANNED"


def test_g4_a_fleet_without_its_server_says_so(sandbox, redis, tmp_path):
    box = sandbox()
    redis.stop()
    environment = machine(tmp_path, 0, redis, box, box.key)
    done = subprocess.run([PROGRAM, "balance"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "nobody answers there" in done.stderr
    assert redis.password not in done.stdout + done.stderr


def test_g1_three_machines_have_one_budget(sandbox, redis, tmp_path):
    box = sandbox()
    machines = [machine(tmp_path, i, redis, box, box.key) | {"KEYPLATE_LIMITS_PER_DAY": "10"} for i in range(3)]
    assert code_of(start(machines[0], "verify"), redis.password) == (0, "ok")
    workers = [start(machines[i % 3], "submit", *SOLVE[1:]) for i in range(15)]
    codes = [code_of(worker, redis.password) for worker in workers]
    assert sorted(codes) == [(0, "ok")] * 10 + [(4, "budget_spent")] * 5
    assert len(box.ledger()) == 10
