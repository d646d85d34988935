"""servers.py: starts the servers that the tests ask, each on a free port of this machine with folders of its own."""

import contextlib
import functools
import json
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "core" / "command"))
import waiting  # noqa: E402

PATIENCE = 120  # seconds after which a test gives up; nothing waits for a time
until = functools.partial(waiting.until, patience=PATIENCE)
# Whoever asked for real servers (real.py) names those that must be there, and those that are not wanted.
REQUIRED, WITHOUT = os.environ.get("KP_SOURCES_REQUIRED", "").split(), os.environ.get("KP_SOURCES_WITHOUT", "").split()


def missing(server, why):
    """Ends a test whose server is not there: skipped, or failed if that server must be there."""
    if server in REQUIRED:
        pytest.fail(f"{server}: {why}", pytrace=False)
    pytest.skip(f"{server}: {why}")


def wanted(server):
    if server in WITHOUT:
        pytest.skip(f"{server}: left out on request")


def made_key():
    return "made-" + secrets.token_hex(12)


@contextlib.contextmanager
def held_port():
    """A port that the system gives to nobody else for as long as the block. A call there is refused, until a server that
    is told of it listens there, and again after its end."""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # so that such a server may
        s.bind(("127.0.0.1", 0))
        yield s.getsockname()[1]


def program(variable, *names):
    """The path of the program that the variable names, or else of the first of the names on PATH; None: there is none."""
    given = os.environ.get(variable)
    found = next(filter(None, map(shutil.which, [given] if given else names)), None)
    return found and os.path.abspath(found)


def call(url, method="GET", data=None, headers=()):
    """Status and JSON of an answer (None: it has none), whatever the status."""
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(url, method=method, data=body, headers={"Content-Type": "application/json", **dict(headers)})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=PATIENCE) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        status, text = refusal.code, refusal.read()
    try:
        return status, json.loads(text)
    except ValueError:
        return status, None


def answers(url):
    try:
        return call(url)[0] < 500
    except OSError:
        return False


@contextlib.contextmanager
def running(words_of, ready, folder, env=()):
    """A server for as long as the block; its port and process. words_of gives the command for a port, ready the path
    that answers once it serves. It sees nothing of what the caller's environment says about stores and accounts."""
    with held_port() as port:
        with open(folder / "server.log", "wb") as log:
            process = subprocess.Popen(words_of(port), env={"PATH": os.environ["PATH"], "HOME": str(folder), **dict(env)}, cwd=folder,
                                       stdout=log, stderr=log)
        try:
            until(lambda: process.poll() is not None or answers(f"http://127.0.0.1:{port}{ready}"), "the server")
            if process.poll() is not None:
                pytest.fail(f"the server does not start: {(folder / 'server.log').read_text(errors='replace')[-2000:]}")
            yield port, process
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait()


class Bao:
    """OpenBao's server in its developer mode: unsealed, KV version 2 at secret/, one root token."""

    def __init__(self, port, process, folder, token):
        self.url, self.process, self.folder, self.token = f"http://127.0.0.1:{port}", process, folder, token
        self.address = {"VAULT_ADDR": self.url}
        self.env = {**self.address, "VAULT_TOKEN": token}

    def ask(self, method, path, data=None, namespace=None):
        """The answer, which must be a good one."""
        status, answer = self.try_to(method, path, data, namespace)
        assert status < 300, (method, path, status, answer)
        return answer

    def try_to(self, method, path, data=None, namespace=None):
        headers = {"X-Vault-Token": self.token, **({"X-Vault-Namespace": namespace} if namespace else {})}
        return call(f"{self.url}/v1/{path}", method, data, headers)

    def write(self, path, key, mount="secret", namespace=None):
        # A mount that was just made may not take anything yet.
        until(lambda: self.try_to("POST", f"{mount}/data/{path}", {"data": {"api_key": key}}, namespace)[0] < 300, "the mount")

    def accessors(self):
        return set(self.ask("LIST", "auth/token/accessors")["data"]["keys"])


@contextlib.contextmanager
def bao_server(folder):
    wanted("bao")
    bao = program("KP_BAO", "bao", "vault")
    if not bao:
        missing("bao", "no bao and no vault on PATH, none named by KP_BAO; make test-real builds one")
    token = "root-" + secrets.token_hex(8)

    def words(port):
        return [bao, "server", "-dev", f"-dev-root-token-id={token}", f"-dev-listen-address=127.0.0.1:{port}"]

    with running(words, "/v1/sys/health", folder) as (port, process):
        yield Bao(port, process, folder, token)


@contextlib.contextmanager
def emulator(folder):
    wanted("google")
    server = program("KP_GCP_EMULATOR", "server-rest")
    if not server:
        missing("google", "no server-rest on PATH, none named by KP_GCP_EMULATOR; make test-real builds one")
    with held_port() as second, running(lambda port: [server, "--http-port", str(port), "--grpc-port", str(second)], "/health",
                                        folder) as started:
        yield started
