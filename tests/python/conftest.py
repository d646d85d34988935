"""conftest.py: the package as programs use it: an environment, a state folder and a home of its own for each test.

PYTHONPATH has the package that was built, KEYPLATE is the command (for its sandbox).
"""

import functools
import json
import os
import pathlib
import secrets
import subprocess
import sys
import tempfile

import pytest
from hypothesis.configuration import set_hypothesis_home_dir

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "core" / "command"))
import hostile  # noqa: E402
import waiting  # noqa: E402
from sandbox_box import Sandbox  # noqa: E402

NOWHERE = "http://127.0.0.1:1"
PATIENCE = 60  # seconds after which a test gives up; nothing waits for a time
PAGE = "https://example.com/"
PAID = {"captchaai": ("turnstile", {"sitekey": "a", "pageurl": PAGE}), "nocaptchaai": ("SomeTask", {"websiteKey": "a"})}
until = functools.partial(waiting.until, patience=PATIENCE)
LONG = bool(os.environ.get("KP_LONG"))
# Nothing is written beside the sources.
set_hypothesis_home_dir(tempfile.gettempdir() + "/hypothesis")


@pytest.fixture(autouse=True)
def clean(tmp_path, monkeypatch):
    """No test may ever reach the services, or see the keys of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(("CAPTCHAAI_", "NOCAPTCHAAI_", "KEYPLATE_")):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("KEYPLATE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("CAPTCHAAI_URL", NOWHERE)
    monkeypatch.setenv("NOCAPTCHAAI_URL", NOWHERE)
    monkeypatch.chdir(home)


@pytest.fixture
def key_file(tmp_path):
    """Makes key files: their path, as a str that has the key as an attribute."""

    class KeyFile(str):
        key: str

    def make(key=None, name="key", mode=0o600):
        path = tmp_path / name
        made = KeyFile(path)
        made.key = secrets.token_hex(16) if key is None else key
        path.write_text(made.key + "\n")
        path.chmod(mode)
        return made

    return make


@pytest.fixture
def client_of(key_file):
    """Makes clients of a service at an address, with a key from a file."""
    import keyplate

    made = []

    def make(url, kind=keyplate.Client, **options):
        if "key" not in options and "keys" not in options:
            options["key"] = f"file:{key_file()}"
        url = {"captchaai": url, "nocaptchaai": url}
        made.append(kind(config=False, url=url, **{"store": "memory:", "poll": {"first": 0, "every": "50ms"}, **options}))
        return made[-1]

    yield make
    for client in made:
        client._core.close()


@pytest.fixture
def serve():
    """Starts servers that answer as a script says; see hostile.py."""
    running = []

    def start(script=None):
        running.append(hostile.Server(script))
        return running[-1]

    yield start
    for server in running:
        server.close()


@pytest.fixture
def box(tmp_path, monkeypatch):
    """A sandbox, which the environment names."""
    folder = tmp_path / "box"
    folder.mkdir()
    running = Sandbox(folder)
    path = folder / "key0"
    path.chmod(0o600)
    for name in ("CAPTCHAAI", "NOCAPTCHAAI"):
        monkeypatch.setenv(f"{name}_URL", running.url)
        monkeypatch.setenv(f"{name}_API_KEY_FILE", str(path))
    monkeypatch.setenv("KEYPLATE_POLL_FIRST", "0")
    monkeypatch.setenv("KEYPLATE_POLL_EVERY", "50ms")
    yield running
    assert running.stop() == (0, "", "")


def run_script(text, *arguments, env=None, status=0, patience=PATIENCE):
    """Runs a program of Python in a process of its own; what it printed as JSON, or its output."""
    done = subprocess.run([sys.executable, "-c", text, *map(str, arguments)], capture_output=True, text=True,
                          env={**os.environ, **(env or {})}, timeout=patience)
    assert done.returncode == status, done.stdout + done.stderr
    try:
        return json.loads(done.stdout)
    except ValueError:
        return done.stdout + done.stderr
