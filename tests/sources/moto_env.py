"""moto_env.py: an interpreter with moto and botocore, in a virtual environment of its own in the build folder."""

import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

REQUIREMENTS = pathlib.Path(__file__).with_name("requirements.txt")


class Unavailable(Exception):
    """It cannot be had here, and why."""


def run(words, what):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip() or "no reason was given").splitlines()
        # The last line says what is lacking; where the network is why, an earlier one says so.
        raise Unavailable(f"{what}: {next((line for line in lines if 'connection' in line.lower()), lines[-1])}")


def make(folder):
    shutil.rmtree(folder, ignore_errors=True)
    run([sys.executable, "-m", "venv", folder], "python3 -m venv failed (Debian has it in python3-venv)")
    # Every package is listed, so nothing is looked for; an index that cannot be reached is given up on soon.
    run([folder / "bin" / "python", "-I", "-m", "pip", "install", "--quiet", "--no-deps", "--retries", "1", "--timeout", "20",
         "--requirement", REQUIREMENTS], "moto cannot be installed from the package index")


def python(folder):
    """The interpreter. It is made once for each list of packages; whoever comes while it is made waits."""
    folder = pathlib.Path(folder).resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    wanted = f"{sys.version}\n{REQUIREMENTS.read_text()}"
    made_from = folder / "made-from"
    with open(f"{folder}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made_from.exists() or made_from.read_text() != wanted:
            make(folder)
            made_from.write_text(wanted)
    return os.fspath(folder / "bin" / "python")
