"""hostile_call.py: the command with a key of its own, and servers for it that end with the test."""

import base64

import pytest

from hostile import Authority, Server
from sandbox_box import PAGE

SUBMIT = ("submit", "turnstile", "sitekey=a", f"pageurl={PAGE}", "--json")
LOCAL = "127.0.0.1"


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def secure(authority):
    return authority.context("good")


@pytest.fixture
def serve():
    """Starts servers."""
    running = []

    def start(script=None, **more):
        running.append(Server(script, **more))
        return running[-1]

    yield start
    for server in running:
        server.close()


@pytest.fixture
def call(bare):
    """The command with a new key."""
    bare.key = bare.new_key()
    path = bare.write("key", bare.key + "\n")
    bare.env.update(CAPTCHAAI_API_KEY_FILE=path, NOCAPTCHAAI_API_KEY_FILE=path)
    bare.env.update(KEYPLATE_POLL_FIRST="0", KEYPLATE_POLL_EVERY="50ms")
    return bare


def use(call, server):
    call.env.update(CAPTCHAAI_URL=server.url, NOCAPTCHAAI_URL=server.url)
    return server


def assert_unknown(result, server, code=None):
    """It may have been accepted, says so, and was sent once."""
    assert result.status == 5, result
    assert result.error["outcome_unknown"] is True
    assert code is None or result.error["code"] == code
    assert len(server.of("submit")) == 1


def assert_key_never_left(call, *servers):
    for server in servers:
        assert call.key.encode() not in server.raw
        assert base64.b64encode(call.key.encode())[:40] not in server.raw
