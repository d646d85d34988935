"""test_ca.py: the certificates of the system: the command on machines that have them elsewhere, or not at all.

The machines are mount namespaces, in which /etc and the other folders of certificates are the test's own.
"""

import ctypes
import os
import shutil

import pytest

from hostile import Authority
from hostile_call import SUBMIT, assert_key_never_left, use
from hostile_call import authority, call, secure, serve  # noqa: F401 (fixtures)

NAMESPACE, RECURSIVE, PRIVATE, BIND = 0x00020000, 0x4000, 0x40000, 0x1000
# All folders that certificates are looked for in.
FOLDERS = ("/etc", "/usr/local/etc", "/usr/local/share/certs", "/opt/homebrew", "/var/lib/ca-certificates")
LIBC = ctypes.CDLL(None, use_errno=True)


def enter(machine):
    """In the child: goes on with the machine's folders in place of the real ones."""
    def must(result):
        if result != 0:
            raise OSError(ctypes.get_errno(), "a mount failed")

    must(LIBC.unshare(NAMESPACE))
    must(LIBC.mount(b"none", b"/", None, RECURSIVE | PRIVATE, None))
    for folder in FOLDERS:
        if os.path.isdir(folder):
            own = machine / folder[1:]
            must(LIBC.mount(os.fsencode(own), os.fsencode(folder), None, BIND, None))


@pytest.fixture
def machine(tmp_path):
    folder = tmp_path / "machine"
    for name in FOLDERS:
        (folder / name[1:]).mkdir(parents=True)
    child = os.fork()
    if child == 0:
        try:
            enter(folder)
            os._exit(0)
        finally:
            os._exit(1)
    if os.waitpid(child, 0)[1] != 0:
        pytest.skip("this user may not mount")
    return folder


def run_there(call, machine, *arguments, **env):
    return call.run(arguments, "", call.environment(env), preexec_fn=lambda: enter(machine))


@pytest.mark.parametrize("place", ["ssl/certs/ca-certificates.crt", "pki/tls/certs/ca-bundle.crt", "ssl/ca-bundle.pem",
                                   "pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "ssl/cert.pem"])
def test_certificates_are_found(call, serve, authority, secure, machine, place):
    server = use(call, serve(context=secure))
    path = machine / "etc" / place
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(authority.path, path)
    result = run_there(call, machine, *SUBMIT)
    assert result.status == 0, result
    assert len(server.of("submit")) == 1


def test_what_is_found_is_all_that_is_trusted(call, serve, authority, secure, machine, tmp_path):
    """The service's own certificate is in another place, which is not reached; and the environment is no place."""
    server = use(call, serve(context=secure))
    (machine / "etc/ssl").mkdir()
    shutil.copy(authority.path, machine / "etc/ssl/cert.pem")
    (machine / "etc/pki/tls/certs").mkdir(parents=True)
    others = tmp_path / "others"
    others.mkdir()
    shutil.copy(Authority(others).path, machine / "etc/pki/tls/certs/ca-bundle.crt")
    result = run_there(call, machine, *SUBMIT, SSL_CERT_FILE=str(authority.path))
    assert result.error["code"] == "tls_failed"
    assert_key_never_left(call, server)


def test_ca_file_wins(call, serve, authority, secure, machine):
    server = use(call, serve(context=secure))
    assert run_there(call, machine, *SUBMIT, "--set", f"ca_file={authority.path}").status == 0
    assert len(server.of("submit")) == 1


def test_none_at_all(call, serve, authority, secure, machine):
    """Nothing is sent, and the error says what to install."""
    server = use(call, serve(context=secure))
    (machine / "etc/ssl/certs").mkdir(parents=True)  # as Debian has it where ca-certificates is not installed
    result = run_there(call, machine, *SUBMIT, SSL_CERT_FILE=str(authority.path), SSL_CERT_DIR=str(authority.folder))
    error = result.error
    assert (result.status, error["code"], error["class"]) == (5, "no_certificates", "network")
    assert error["outcome_unknown"] is False and "ca-certificates" in error["advice"] and "ca_file" in error["advice"]
    assert_key_never_left(call, server)


def test_plain_http_needs_none(call, serve, machine):
    server = use(call, serve())
    assert run_there(call, machine, *SUBMIT).status == 0
    assert len(server.of("submit")) == 1
