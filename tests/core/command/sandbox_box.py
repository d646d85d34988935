"""sandbox_box.py: a sandbox in a process of its own, for tests: the fixture sandbox and what asks it."""

import base64
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import urllib.parse

import pytest


PROGRAM = os.path.abspath(os.environ.get("KEYPLATE") or "build/keyplate")
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEANl9ngAAAAABJRU5ErkJggg=="
)
PAGE = "https://example.com/"


class Sandbox:
    """A running sandbox with one key of its own."""

    def __init__(self, folder, *options, rules=None, keys=1):
        self.ledger_path, self.record_path = folder / "ledger.jsonl", folder / "record.jsonl"
        self.keys = []
        words = [PROGRAM, "sandbox", "--ledger", str(self.ledger_path), "--record", str(self.record_path)]
        for number in range(keys):
            self.keys.append(secrets.token_hex(16))
            path = folder / f"key{number}"
            path.write_text(self.keys[-1] + "\n")
            words += ["--key-file", str(path)]
        if rules is not None:
            script = folder / "script.json"
            script.write_text(json.dumps({"rules": rules}))
            words += ["--script", str(script)]
        if "--solve-ms" not in options:
            words += ["--solve-ms", "0"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(words + list(options), stdout=pipe, stderr=pipe, text=True)
        self.lines = [self.process.stdout.readline().rstrip("\n") for _ in range(2 + keys)]
        if not self.lines[0].startswith("listening on "):
            raise RuntimeError(self.process.stderr.read())
        self.url = self.lines[0].removeprefix("listening on ")
        self.host, self.port = urllib.parse.urlsplit(self.url).hostname, urllib.parse.urlsplit(self.url).port
        self.key = self.keys[0]

    def connect(self, source=None):
        address = (source, 0) if source else None
        return http.client.HTTPConnection(self.host, self.port, timeout=20, source_address=address)

    def call(self, method, path, body=None, headers=None, connection=None, source=None):
        """Status, headers and body of one answer."""
        own = connection or self.connect(source)
        own.request(method, path, body, headers or {})
        answer = own.getresponse()
        text = answer.read()
        if not connection:
            own.close()
        return answer.status, answer.headers, text.decode("utf-8", "surrogateescape")

    def get(self, path, source=None, key=None, **parameters):
        query = urllib.parse.urlencode({"key": self.key if key is None else key, **parameters})
        return self.call("GET", f"{path}?{query}", source=source)[2]

    def post(self, path, key=None, **parameters):
        form = urllib.parse.urlencode({"key": self.key if key is None else key, **parameters})
        return self.call("POST", path, form, {"Content-Type": "application/x-www-form-urlencoded"})[2]

    def json(self, path, document, headers=None):
        headers = {"Content-Type": "application/json", **(headers or {})}
        status, _, text = self.call("POST", path, json.dumps(document), headers)
        return status, json.loads(text)

    def submit(self, **parameters):
        text = self.post("/in.php", **{"method": "turnstile", "sitekey": "a", "pageurl": PAGE, **parameters})
        assert text.startswith("OK|"), text
        return text[3:]

    def ledger(self):
        return [json.loads(line) for line in self.ledger_path.read_text().splitlines()]

    def record(self):
        return [json.loads(line) for line in self.record_path.read_text().splitlines()]

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@pytest.fixture
def sandbox(tmp_path):
    """Starts sandboxes; at the end each must stop cleanly and have told no key."""
    running = []

    def start(*options, **more):
        folder = tmp_path / str(len(running))
        folder.mkdir()
        running.append(Sandbox(folder, *options, **more))
        return running[-1]

    yield start
    for box in running:
        status, out, err = box.stop()
        assert (status, out, err) == (0, "", "")
        written = "\n".join(box.lines)
        for path in filter(os.path.exists, (box.ledger_path, box.record_path)):
            written += path.read_text()
        for key in box.keys:
            assert key not in written


def exchange(box, request):
    """The raw answer, and whether a reset ended it."""
    with socket.create_connection((box.host, box.port), timeout=20) as link:
        link.sendall(request)
        answer = b""
        try:
            while piece := link.recv(65536):
                answer += piece
        except ConnectionResetError:
            return answer, True
        return answer, False


def balance_request(box):
    return f"GET /res.php?key={box.key}&action=getbalance HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def refused(*options):
    return subprocess.run([PROGRAM, "sandbox", *options], capture_output=True, text=True, timeout=30)
