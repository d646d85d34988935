"""test_places.py: keys in files, as orchestrators lay them down: a running client, and the command."""

import json
import os
import secrets
import subprocess

import pytest

from servers import PATIENCE, until

COMMAND, CLIENT = os.environ["KEYPLATE"], os.environ.get("KP_SOURCES_CLIENT", "")


def two_keys():
    """Two keys that people can tell apart by what is shown of them."""
    keys = [secrets.token_hex(16), secrets.token_hex(16)]
    return keys if keys[0][-4:] != keys[1][-4:] else two_keys()


def shown(key):
    return "***" + key[-4:]


@pytest.fixture
def box(tmp_path):
    """A sandbox with two keys."""
    keys = two_keys()
    words = [COMMAND, "sandbox", "--listen", "127.0.0.1:0", "--solve-ms", "0"]
    for number, key in enumerate(keys):
        (tmp_path / f"own{number}").write_text(key + "\n")
        words += ["--key-file", str(tmp_path / f"own{number}")]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]})
    url = server.stdout.readline().split()[-1]
    yield {"keys": keys, "env": {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "CAPTCHAAI_URL": url, "KEYPLATE_STORE": "memory:"}}
    server.terminate()
    server.wait()
    server.stdout.close()


class Client:
    """A program that runs on."""

    def __init__(self, env, **options):
        self.run = subprocess.Popen([CLIENT, json.dumps(options)], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, verb):
        self.run.stdin.write(verb + "\n")
        self.run.stdin.flush()
        return self.run.stdout.readline().strip()

    def key_in_use(self):
        """As people see it, after one more paid call, which must not fail."""
        assert self.ask("call") == "ok"
        return next((key["masked"] for key in json.loads(self.ask("keys")) if key["state"] == "current"), None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run.stdin.close()
        try:
            self.run.wait(timeout=PATIENCE)
        finally:
            self.run.kill()
            self.run.stdout.close()


def mount(folder, key, generation):
    """As Kubernetes mounts a secret: the name leads over ..data into a folder that a rename replaces."""
    (folder / generation).mkdir(parents=True)
    (folder / generation / "captchaai_key").write_text(key)
    os.symlink(generation, folder / "..new")
    os.rename(folder / "..new", folder / "..data")
    if not (folder / "captchaai_key").is_symlink():
        os.symlink("..data/captchaai_key", folder / "captchaai_key")


def test_a_swapped_link_is_picked_up_by_a_running_client(box, tmp_path):
    folder, (old, new) = tmp_path / "mounted", box["keys"]
    mount(folder, old, "..2026_11_20")
    with Client(box["env"], keys=[f"file:{folder}/captchaai_key"], **{"ring.refresh": "1s"}) as client:
        assert client.key_in_use() == shown(old)
        mount(folder, new, "..2026_11_21")
        (folder / "..2026_11_20" / "captchaai_key").unlink()
        until(lambda: client.key_in_use() == shown(new), "the new key")


def test_a_credential_folder_of_systemd(box, tmp_path):
    """LoadCredential: a folder and files that nobody can write, and their path in a variable."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "captchaai_key").write_text(box["keys"][0])
    (folder / "captchaai_key").chmod(0o400)
    folder.chmod(0o500)
    env = {**box["env"], "CREDENTIALS_DIRECTORY": str(folder)}
    with Client(env, keys=["cred:captchaai_key"]) as client:
        assert client.key_in_use() == shown(box["keys"][0])
    # The command looks there of itself.
    done = subprocess.run([COMMAND, "verify", "--json"], env=env, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0 and "cred:captchaai_key" in json.loads(done.stdout)["source"], done.stdout + done.stderr
    with Client(box["env"], keys=["cred:captchaai_key"]) as client:
        assert client.ask("call") == "no_key"
    with Client(env, keys=["cred:another"]) as client:
        assert client.ask("call") == "no_key"
