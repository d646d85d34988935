"""real.py BUILD: runs the tests of sources against OpenBao, moto and an emulator of Google Secret Manager; nothing is skipped in
silence. `make test-real` calls it.

A server is a program that KP_BAO or KP_GCP_EMULATOR names, or that is on PATH (bao, server-rest), or else is built with Go from
its public repository (KP_BAO_SOURCE, KP_GCP_SOURCE: another address or folder) and kept in ~/.cache/keyplate-tests. One that
cannot be had makes the run fail, unless KP_REAL_WITHOUT names it: KP_REAL_WITHOUT="google" (bao, moto, google).
"""

import fcntl
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "keyplate-tests"
# OpenBao's seals by keys in clouds bring the libraries of all of these clouds. A developer's server has no such seal, so
# they are left out: what stands in their place has the names that OpenBao uses and does nothing.
SEALS = ["alicloudkms", "awskms", "azurekeyvault", "gcpckms", "ocikms", "pkcs11"]
SEAL = """package {name}

import wrapping "github.com/openbao/go-kms-wrapping/v2"

const Type wrapping.WrapperType = "{name}"

type Wrapper struct{{ wrapping.Wrapper }}

func NewWrapper() *Wrapper {{ return &Wrapper{{}} }}

func WithLogger(any) wrapping.Option {{ return func() any {{ return nil }} }}
"""


class Missing(Exception):
    """A server cannot be had, and why."""


def run(words, folder=None):
    own = {"GOFLAGS": "-buildvcs=false -mod=mod " + os.environ.get("GOFLAGS", ""), "CGO_ENABLED": "0", "GIT_TERMINAL_PROMPT": "0"}
    done = subprocess.run(words, cwd=folder, env={**os.environ, **own}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise Missing(f"'{' '.join(map(str, words))}' failed:\n    " + "\n    ".join(done.stdout.strip().splitlines()[-8:]))


def leave_out_seals(folder):
    base = "github.com/openbao/go-kms-wrapping"
    version = re.search(rf"^\s*{base}/v2 (\S+)", (folder / "go.mod").read_text(), re.MULTILINE)
    if not version:
        raise Missing(f"its go.mod does not name {base}/v2")
    for name in SEALS:
        stub, module = folder / "seals" / name, f"{base}/wrappers/{name}/v2"
        stub.mkdir(parents=True)
        (stub / "go.mod").write_text(f"module {module}\n\ngo 1.24\n\nrequire {base}/v2 {version[1]}\n")
        (stub / f"{name}.go").write_text(SEAL.format(name=name))
        run(["go", "mod", "edit", "-replace", f"{module}=./seals/{name}"], folder)


def build(program, source, tag, package, prepare, to):
    for tool in ("git", "go"):
        if not shutil.which(tool):
            raise Missing(f"it is not on PATH, and there is no {tool} to build it with")
    print(f"== building {program} {tag} from {source}; the first time takes some minutes", flush=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        folder = pathlib.Path(scratch) / "source"
        depth = [] if os.path.exists(source) else ["--depth", "1"]
        run(["git", "-c", "advice.detachedHead=false", "clone", "--quiet", *depth, "--branch", tag, source, folder])
        prepare(folder)
        made = pathlib.Path(scratch) / program
        run(["go", "build", "-ldflags", "-s -w", "-o", made, package], folder)
        os.replace(made, to)


def find(program, variable, source, tag, package, prepare=lambda folder: None):
    """The path of a server's program: given, on PATH, built before, or built now."""
    given = os.environ.get(variable)
    if given:
        if not shutil.which(given):
            raise Missing(f"{variable} is {given}, which is no program")
        return os.path.abspath(shutil.which(given))
    found = shutil.which(program)
    if found:
        return found
    to = CACHE / f"{program}-{tag}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{program}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not to.exists():
            build(program, source, tag, package, prepare, to)
    return str(to)


def find_bao():
    return find("bao", "KP_BAO", os.environ.get("KP_BAO_SOURCE") or "https://github.com/openbao/openbao", "v2.6.2", ".",
                leave_out_seals)


def find_google():
    public = "https://github.com/blackwell-systems/gcp-secret-manager-emulator"
    return find("server-rest", "KP_GCP_EMULATOR", os.environ.get("KP_GCP_SOURCE") or public, "v1.3.0", "./cmd/server-rest")


def main():
    build_folder, without = sys.argv[1], os.environ.get("KP_REAL_WITHOUT", "").split()
    servers = {"bao": ("KP_BAO", find_bao), "google": ("KP_GCP_EMULATOR", find_google), "moto": (None, None)}
    unknown = [name for name in without if name not in servers]
    if unknown:
        print(f"KP_REAL_WITHOUT: {' '.join(unknown)}: it knows {' '.join(servers)}", file=sys.stderr)
        return 2
    env = {**os.environ, "KP_SOURCES_REQUIRED": " ".join(name for name in servers if name not in without),
           "KP_SOURCES_WITHOUT": " ".join(without)}
    missing = {}
    for name, (variable, find_program) in servers.items():
        if not variable or name in without:
            continue
        try:
            env[variable] = find_program()
            print(f"== {name}: {env[variable]}", flush=True)
        except Missing as why:
            missing[name] = why
            print(f"== {name} cannot be had: {why}", flush=True)
    ran = subprocess.run(["ctest", "--test-dir", build_folder, "--no-tests=error", "--tests-regex", "^sources$", "--verbose"],
                         env=env).returncode
    for name in without:
        print(f"== left out, as KP_REAL_WITHOUT says: {name}")
    for name, why in missing.items():
        print(f"== NOT TESTED: {name} cannot be had: {why}")
    return ran or (1 if missing else 0)


if __name__ == "__main__":
    sys.exit(main())
