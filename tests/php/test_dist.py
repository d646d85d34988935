"""test_dist.py: the tarball for PIE and phpize: what is in it, and that it builds where there is no SWIG and no CMake."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile

import pytest

from conftest import HERE, PATIENCE

ROOT = HERE.parents[1]
DIST = ROOT / "bindings" / "php" / "dist.py"
HEADER = (ROOT / "core/include/keyplate.h").read_text()
VERSION = re.search(r'KP_VERSION "([0-9.]+)"', HEADER).group(1)
# As PIE looks for it among the files of a release: {ExtensionName}-{Version}.tgz.
NAME = f"keyplate-{VERSION}"
HEX = re.compile(rb"(?<![0-9A-Za-z])(?:[0-9a-f]{32}|[0-9A-F]{32})(?![0-9A-Za-z])")
needs_swig = pytest.mark.skipif(not (shutil.which("swig") or shutil.which("swig4.0")), reason="no SWIG, of which the tarball is made")

BALANCE = """<?php
$client = new Keyplate\\Client(key: 'file:' . getenv('KP_BOX_KEY'), options: ['url' => ['captchaai' => getenv('KP_BOX')]]);
echo $client->balance(), ' ', phpversion('keyplate'), ' ', Keyplate\\redact('key=abcdefgh1234');
"""


def make(folder, root=ROOT, **options):
    folder.mkdir()
    script = root / DIST.relative_to(ROOT)
    done = subprocess.run([sys.executable, str(script), str(folder)], capture_output=True, text=True, timeout=PATIENCE, **options)
    assert done.returncode == 0, done.stderr
    return folder / f"{NAME}.tgz"


@pytest.fixture(scope="module")
def tarball(tmp_path_factory):
    return make(tmp_path_factory.mktemp("dist") / "out")


@needs_swig
def test_it_is_the_same_wherever_it_is_made(tarball, tmp_path):
    """Another place, another order of the files, other times, another umask: the same bytes."""
    copy = tmp_path / "elsewhere"
    for name in ("composer.json", "LICENSE"):
        copy.mkdir(exist_ok=True)
        (copy / name).write_bytes((ROOT / name).read_bytes())
    for folder in ("bindings", "core"):
        for path in sorted((ROOT / folder).rglob("*"), reverse=True):
            if path.is_file() and "__pycache__" not in path.parts:
                to = copy / path.relative_to(ROOT)
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_bytes(path.read_bytes())
                to.chmod(0o600)
    assert make(tmp_path / "out", copy, cwd=tmp_path, umask=0o077).read_bytes() == tarball.read_bytes()


@needs_swig
def test_what_is_in_it(tarball):
    with tarfile.open(tarball) as tar:
        members = tar.getmembers()
        content = {member.name: tar.extractfile(member).read() for member in members}
    assert list(content) == sorted(content) and len(content) == len(members)
    assert {(m.mtime, m.mode, m.uid, m.gid, m.uname, m.gname, m.isreg()) for m in members} == {(315532800, 0o644, 0, 0, "", "", True)}
    names = {name.removeprefix(f"{NAME}/") for name in content}
    # PIE looks for config.m4 in the folder that is called like the tarball; and `core` is what configure removes.
    assert all(name.startswith(f"{NAME}/") for name in content) and not any(name.startswith("core/") for name in names)
    wanted = {"config.m4", "composer.json", "LICENSE", "README.md", "raw_wrap.c", "php_keyplate_raw.h", "handle.c", "handle.h",
              "face/arginfo.h", "face/module.c", "keyplate.stub.php", "src/include/keyplate.h", "src/net/run.c"}
    assert wanted <= names
    assert not any(re.search(r"test|app/|CMake|\.i$|\.py$|\.o$|\.lo$", name) for name in names)
    for name, data in content.items():
        assert b"/work/" not in data and b"/tmp/keyplate-" not in data and str(ROOT).encode() not in data, name
        assert not HEX.search(data), name


@needs_swig
@pytest.mark.skipif(not shutil.which("phpize"), reason="no phpize (Debian, Ubuntu: apt-get install php-dev)")
def test_phpize_builds_it_without_swig_and_cmake(tarball, tmp_path, php, box):
    if php.preload:
        pytest.skip("what phpize builds is not sanitized")
    with tarfile.open(tarball) as tar:
        tar.extractall(tmp_path)
    source = tmp_path / NAME
    without = tmp_path / "without"
    without.mkdir()
    for name in ("swig", "swig4.0", "swig4.1", "cmake"):
        (without / name).write_text("#!/bin/sh\nexit 1\n")
        (without / name).chmod(0o755)
    env = {**os.environ, "PATH": f"{without}:{os.environ['PATH']}"}
    for words in (["phpize"], ["./configure", "CFLAGS=-O0"], ["make", f"-j{os.cpu_count() or 1}"]):
        done = subprocess.run(words, cwd=source, env=env, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        assert not re.search(r"^[^ ]+\.[ch]:\d+:\d+: warning", done.stderr, re.M), done.stderr
    php.extension = str(source / "modules" / "keyplate.so")
    amount, version, text = php(BALANCE).split(" ")
    assert re.fullmatch(r"\d+(\.\d+)?", amount) and (version, text) == (VERSION, "key=[REDACTED]")
    # Another copy of keyplate in the process keeps its own names.
    exported = subprocess.run(["nm", "-D", "--defined-only", php.extension], capture_output=True, text=True, check=True).stdout
    assert [line.split()[-1] for line in exported.splitlines()] == ["get_module"]


@pytest.mark.skipif(not shutil.which("phpize"), reason="no phpize (Debian, Ubuntu: apt-get install php-dev)")
def test_the_source_tree_is_refused_with_a_hint(tmp_path):
    """It has no C of SWIG's: whoever runs phpize there is told where that is."""
    shutil.copy(ROOT / "bindings/php/config.m4", tmp_path)
    subprocess.run(["phpize"], cwd=tmp_path, capture_output=True, check=True, timeout=PATIENCE)
    done = subprocess.run(["./configure"], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode != 0 and "make dist" in done.stderr


def test_composer_json_is_as_pie_wants_it():
    """The rules of PIE's documentation for maintainers of extensions."""
    package = json.loads((ROOT / "composer.json").read_text())
    settings = package["php-ext"]
    assert package["type"] == "php-ext" and re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+", package["name"])
    assert package["name"] != json.loads((ROOT / "bindings/php/composer.json").read_text())["name"]
    assert settings["extension-name"] == "keyplate" and settings["support-zts"] and settings["support-nts"]
    # The source in git lacks what SWIG makes, so it is the tarball that is downloaded, and that is built at its top.
    assert settings["download-url-method"] == "pre-packaged-source" and "build-path" not in settings
    allowed = {"extension-name", "priority", "support-zts", "support-nts", "configure-options", "build-path", "download-url-method",
               "os-families"}
    assert set(settings) <= allowed and set(settings["os-families"]) <= {"windows", "bsd", "darwin", "solaris", "linux", "unknown"}
    known = (ROOT / "bindings/php/config.m4").read_text()
    for option in settings.get("configure-options", ()):
        assert set(option) <= {"name", "description", "needs-value"} and f"--{option['name']}" in known
    assert set(package["require"]) == {"php"} and package["license"] == "MIT" and "version" not in package
