"""test_core_dump.py: what a core dump of the command has, and what its memory and others can see of it, during a call."""

import os
import resource
import signal

import pytest

import hostile
from conftest import SANITIZED, core_dumps, ignore_nothing, until
from core_image import fragments, image
from hostile_call import SUBMIT, use
from hostile_call import authority, call, secure, serve  # noqa: F401 (fixtures)

pytestmark = pytest.mark.skipif(SANITIZED, reason="sanitizers keep what was freed, and switch core dumps off")
CALLS = {"submit": SUBMIT, "balance": ("balance",), "result": ("result", "4711")}


def hanging(call, server, authority, kind, before=ignore_nothing, **env):
    """The command in the midst of a call that is never answered."""
    use(call, server)
    process = call.start(*CALLS[kind], "--set", f"ca_file={authority.path}", preexec_fn=before, env=env)
    until(lambda: server.of(kind) or process.poll() is not None, "the call")
    assert process.poll() is None, call.finish(process)
    return process


@pytest.mark.parametrize("provider", ["captchaai", "nocaptchaai"])
@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("kind", CALLS)
def test_k10_core_image(call, serve, authority, secure, kind, tls, provider):
    server = serve({kind: hostile.hold}, context=secure if tls else None)
    process = hanging(call, server, authority, kind, KEYPLATE_PROVIDER=provider)
    parts = image(process.pid)
    assert any("[stack]" in name for name in parts) and any("[heap]" in name for name in parts)
    assert fragments(parts, call.key) == []
    process.send_signal(signal.SIGINT)
    assert call.finish(process).status == 130


def test_k10_the_look_finds_a_key(call, serve, authority):
    """In a variable that keyplate has nothing to do with, and in what is locked away."""
    server = serve({"balance": hostile.hold})
    process = hanging(call, server, authority, "balance", SOMETHING=call.key)
    assert all("[stack]" in where for where in fragments(image(process.pid), call.key))
    assert fragments(image(process.pid), call.key)
    process.kill()
    call.finish(process)


def test_k10_core_file(call, serve, authority, secure):
    """The real thing, which has the registers too."""
    with open("/proc/sys/kernel/core_pattern", encoding="ascii", errors="replace") as file:
        pattern = file.read().strip()
    if pattern[:1] in "|/" or resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        pytest.skip("this machine puts core dumps elsewhere")
    process = hanging(call, serve({"submit": hostile.hold}, context=secure), authority, "submit", core_dumps)
    process.send_signal(signal.SIGABRT)
    assert call.finish(process).status == -signal.SIGABRT
    cores = [path for path in call.work.iterdir() if path.read_bytes()[:4] == b"\x7fELF"]
    if not cores:
        pytest.skip("there was no core dump")
    assert fragments({core.name: core.read_bytes() for core in cores}, call.key) == []


def test_k10_key_from_a_variable(call, serve, authority):
    """Neither in the block that the process was started with, nor in a core dump, nor in the list of processes."""
    server = serve({"balance": hostile.hold})
    process = hanging(call, server, authority, "balance", CAPTCHAAI_API_KEY=call.key, CAPTCHAAI_API_KEY_FILE=None)
    assert fragments(image(process.pid), call.key) == []
    for name in ("environ", "cmdline"):
        with open(f"/proc/{process.pid}/{name}", "rb") as file:
            assert fragments({name: file.read()}, call.key) == []
    process.kill()
    call.finish(process)


def test_k10_options_of_the_environment(call, serve, authority, secure):
    """They may have credentials of a proxy, or a key that was put in the wrong place."""
    server = serve({"balance": hostile.hold}, context=secure)
    proxy, words = serve(greet=hostile.tunnel), call.new_key()
    way = f"http://me:{words}@127.0.0.1:{proxy.port}"
    process = hanging(call, server, authority, "balance", KEYPLATE_PROXY=way, UNRELATED="stays")
    with open(f"/proc/{process.pid}/environ", "rb") as file:
        block = file.read()
    assert fragments({"environ": block}, words) == []
    assert b"KEYPLATE_PROXY=xxx" in block and b"UNRELATED=stays" in block and proxy.requests
    process.kill()
    call.finish(process)


def test_k10_credentials_of_stores_in_variables(call, serve, authority):
    """Neither in the block that the process was started with, nor in a core dump."""
    server = serve({"balance": hostile.hold})
    names = ["VAULT_TOKEN", "VAULT_ROLE_ID", "VAULT_SECRET_ID", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
             "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
             "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "OUR_REDIS"]
    env = {name: call.new_key() for name in names}
    process = hanging(call, server, authority, "balance", KEYPLATE_REDIS_PASSWORD="env:OUR_REDIS", **env)
    with open(f"/proc/{process.pid}/environ", "rb") as file:
        block = file.read()
    for name, value in env.items():
        assert fragments({"environ": block, **image(process.pid)}, value) == [], name
        assert f"{name}=xxx".encode() in block
    process.kill()
    call.finish(process)
