"""test_package.py: the sdist and the wheel that make wheel makes: what is in them, and that they work where nothing else is installed.

Making them takes minutes and fetches tools: with KP_LONG=1.
"""

import ctypes
import os
import pathlib
import re
import secrets
import signal
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest

from conftest import LONG, PATIENCE

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = re.search(r'KP_VERSION "([0-9.]+)"', (ROOT / "core/include/keyplate.h").read_text()).group(1)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
HEX = re.compile(rb"(?<![0-9A-Za-z])(?:[0-9a-f]{32}|[0-9A-F]{32})(?![0-9A-Za-z])")
LONGER = 3600
# Taken from whoever runs it: how packages are fetched.
FETCHING = ("PATH", "TMPDIR", "PIP_", "SSL_CERT_", "REQUESTS_CA", "http", "HTTP")
long = pytest.mark.skipif(not LONG, reason="KP_LONG=1 makes sdist and wheel, which takes minutes")


def environment(home):
    return {**{name: value for name, value in os.environ.items() if name.startswith(FETCHING)}, "HOME": str(home), "LC_ALL": "C.UTF-8"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Paths of sdist and wheel."""
    if subprocess.run([sys.executable, "-c", "import ensurepip"], capture_output=True).returncode != 0:
        pytest.skip("no ensurepip (Debian, Ubuntu: apt-get install python3-venv)")
    folder = tmp_path_factory.mktemp("made")
    done = subprocess.run([sys.executable, str(ROOT / "python/package/wheel.py"), str(folder / "dist")], capture_output=True, text=True,
                          env=environment(folder), timeout=LONGER)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (sdist,), (wheel,) = (folder / "dist").glob("*.tar.gz"), (folder / "dist").glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="module")
def installed(made, tmp_path_factory):
    """A virtual environment that has the wheel and was given nothing else: its interpreter."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True, capture_output=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "-q", "install", "--no-index", made[1]], check=True, env=environment(folder), timeout=LONGER)
    return python


def test_what_the_project_says():
    assert PROJECT["project"]["dynamic"] == ["version"] and "dependencies" not in PROJECT["project"]
    assert re.search(PROJECT["tool"]["scikit-build"]["metadata"]["version"]["regex"],
                     (ROOT / "core/include/keyplate.h").read_text()).group("value") == VERSION
    for name in PROJECT["tool"]["scikit-build"]["sdist"]["include"]:
        assert name.startswith("!") or (ROOT / name.lstrip("/")).exists(), name


@long
def test_sdist(made):
    with tarfile.open(made[0]) as tar:
        content = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
    names = {name.removeprefix(f"keyplate-{VERSION}/") for name in content}
    assert made[0].name == f"keyplate-{VERSION}.tar.gz"
    assert {"PKG-INFO", "LICENSE", "CMakeLists.txt", "core/include/keyplate.h", "bindings/keyplate.i", "python/keyplate/__init__.py"} <= names
    assert not any(re.match(r"(tests|lua|build|dist|\.)|.*(__pycache__|\.so$)", name) for name in names)
    for name, data in content.items():
        assert not HEX.search(data), name


@long
def test_wheel(made):
    wheel = made[1]
    assert re.fullmatch(rf"keyplate-{re.escape(VERSION)}-cp3\d+-cp3\d+-manylinux_2_\d+_\w+\.whl", wheel.name)
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
        texts = {name: archive.read(name) for name in names if name.endswith((".py", ".pyi", "METADATA", "RECORD"))}
    info = f"keyplate-{VERSION}.dist-info"
    assert {"keyplate/__init__.py", "keyplate/__main__.py", "keyplate/_raw.pyi", "keyplate/py.typed", f"{info}/licenses/LICENSE"} <= names
    assert modes["keyplate/bin/keyplate"] & 0o111 == 0o111
    # What they need is in it, with the copyright of each.
    for library in ("libcurl", "libssl", "libcrypto", "libsodium", "libsqlite3", "libmicrohttpd", "libcjson"):
        assert any(name.startswith(f"keyplate.libs/{library}-") for name in names), library
    assert len([name for name in names if name.startswith(f"{info}/licenses/libraries/")]) >= 7
    assert {name.partition("/")[0] for name in names} == {"keyplate", "keyplate.libs", info}
    for name, data in texts.items():
        assert str(ROOT).encode() not in data and not HEX.search(data), name


NAMESPACE, RECURSIVE, PRIVATE, BIND = 0x00020000, 0x4000, 0x40000, 0x1000
LIBC = ctypes.CDLL(None, use_errno=True)


def hide(paths):
    """In the child: these files are empty from now on."""
    def must(result):
        if result != 0:
            raise OSError(ctypes.get_errno(), "a mount failed")

    must(LIBC.unshare(NAMESPACE))
    must(LIBC.mount(b"none", b"/", None, RECURSIVE | PRIVATE, None))
    for path in paths:
        must(LIBC.mount(b"/dev/null", os.fsencode(path), None, BIND, None))


@pytest.fixture
def bare(installed):
    """Starts programs where the system's own copies of what is in the wheel are gone."""
    libraries = list((installed.parents[1]).glob("lib/python3*/site-packages/keyplate.libs/*"))
    assert libraries
    gone = [path for library in libraries for folder in ("/lib", "/usr/lib", "/usr/local/lib")
            for path in pathlib.Path(folder).rglob(re.sub(r"-[0-9a-f]{8}\.", ".", library.name, count=1))]
    gone = sorted({path.resolve() for path in gone if path.is_file()})
    child = os.fork()
    if child == 0:
        try:
            hide(gone[:1])
            os._exit(0)
        finally:
            os._exit(1)
    if os.waitpid(child, 0)[1] != 0:
        pytest.skip("this user may not mount")

    def start(*words, **options):
        return subprocess.Popen([installed, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                preexec_fn=lambda: hide(gone), **options)

    assert any(path.name.startswith("libcurl.so") for path in gone)
    return start


@long
def test_the_readme_with_the_wheel_alone(bare, tmp_path):
    """The example, the command and its sandbox, with no libcurl, no libsodium and no OpenSSL but the wheel's."""
    example = re.search(r"^```python\n(.*?)^```", (ROOT / "python/README.md").read_text(), re.M | re.S).group(1)
    key = tmp_path / "key"
    key.write_text(secrets.token_hex(16) + "\n")
    key.chmod(0o600)
    env = {"HOME": str(tmp_path), "KEYPLATE_STATE_DIR": str(tmp_path / "state"), "LC_ALL": "C.UTF-8"}
    sandbox = bare("-m", "keyplate", "sandbox", "--key-file", str(key), "--solve-ms", "0", env=env)
    try:
        url = sandbox.stdout.readline().removeprefix("listening on ").strip()
        assert url.startswith("http://127.0.0.1:"), sandbox.stderr.read()
        env.update(CAPTCHAAI_URL=url, CAPTCHAAI_API_KEY_FILE=str(key), KEYPLATE_POLL_FIRST="0", KEYPLATE_POLL_EVERY="50ms")
        done = bare("-c", example, env=env)
        out, err = done.communicate(timeout=PATIENCE)
        assert done.returncode == 0 and len(out.splitlines()) == 2, out + err
        # What it did is in the sandbox's books, and it was the wheel's module that did it.
        done = bare("-c", "import keyplate; print(keyplate.__file__)", env=env)
        assert "site-packages" in done.communicate(timeout=PATIENCE)[0]
        # Next to a libssl that Python has loaded itself, in both orders.
        done = bare("-m", "keyplate", "balance", "--json", env=env)
        out, err = done.communicate(timeout=PATIENCE)
        assert done.returncode == 0 and '"balance"' in out, out + err
    finally:
        sandbox.send_signal(signal.SIGINT)
        sandbox.communicate(timeout=PATIENCE)


@long
@pytest.mark.parametrize("order", ["ssl, keyplate", "keyplate, ssl"])
def test_beside_the_tls_library_of_python(installed, tmp_path, order):
    """Both have an OpenSSL of their own: neither takes the other's functions."""
    script = f"""
import {order}
ssl.create_default_context()
try:
    keyplate.Client(key=keyplate.Key.from_value("a" * 20), url={{"captchaai": "https://127.0.0.1:1"}}, config=False, store="memory:").balance()
except keyplate.TransportError as error:
    print(error.code)
print(ssl.create_default_context().verify_mode.name)
"""
    done = subprocess.run([installed, "-c", script], capture_output=True, text=True, env={"HOME": str(tmp_path)}, timeout=PATIENCE)
    assert done.stdout.split() == ["connect_failed", "CERT_REQUIRED"], done.stdout + done.stderr


@long
def test_pip_install_of_the_source(tmp_path):
    """pip install . in a new virtual environment."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True, capture_output=True)
    python = tmp_path / "venv" / "bin" / "python"
    done = subprocess.run([python, "-m", "pip", "-q", "install", str(ROOT)], capture_output=True, text=True, env=environment(tmp_path),
                          timeout=LONGER)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for words in (["-c", "import keyplate; print(keyplate.__version__)"], ["-m", "keyplate", "--version"]):
        done = subprocess.run([python, *words], capture_output=True, text=True, env={"HOME": str(tmp_path)}, timeout=PATIENCE)
        assert done.returncode == 0 and VERSION in done.stdout, done.stdout + done.stderr
