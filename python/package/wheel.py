"""wheel.py: makes the sdist, and of it a wheel that brings along the libraries it needs. Usage: wheel.py FOLDER

auditwheel copies the shared libraries of this system into the wheel. Static linking was the other way, and is trusted
less: distributions give libcurl's static form without what it needs (there is no static Kerberos), so libcurl would have
to be configured and compiled here, by us, and nobody would mend it. The copies are the distribution's own binaries, which
it tests and mends: a new wheel after an upgrade of this system has the mended ones, and the list of what is inside
(auditwheel's SBOM, and the copyright file of each package, in dist-info) says which. auditwheel gives each copy a name of
its own, so that it is neither mixed up with one that the host has loaded nor found by anything else; and it refuses a
wheel that needs a newer libc than its tag says.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


def source_date():
    """The time of all files in what is made: that of the last commit."""
    if "SOURCE_DATE_EPOCH" not in os.environ:
        last = subprocess.run(["git", "-C", ROOT, "log", "-1", "--format=%ct"], capture_output=True, text=True)
        os.environ["SOURCE_DATE_EPOCH"] = last.stdout.strip() or "315532800"  # the first that a zip can say


def tools(folder):
    """A virtual environment with the tools; its interpreter is the one that the wheel is for."""
    try:
        venv.create(folder, with_pip=True)
    except subprocess.CalledProcessError:
        sys.exit("make wheel needs venv and pip (Debian, Ubuntu: apt-get install python3-venv)")
    run(folder / "bin" / "python", "-m", "pip", "-q", "--disable-pip-version-check", "install", "-r",
        HERE / "requirements.txt")
    os.environ["PATH"] = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"


def add_licences(wheel, work):
    """Puts beside the libraries what their packages say of copyright and licence."""
    run("wheel", "unpack", "-d", work, wheel, stdout=subprocess.DEVNULL)
    (tree,) = work.glob("keyplate-*")
    (info,) = tree.glob("*.dist-info")
    for library in sorted((tree / "keyplate.libs").iterdir()):
        # libcurl-0a1b2c3d.so.4.8.0 is a copy of libcurl.so.4.8.0, and liblber-2-0a1b2c3d.5.so of liblber-2.5.so
        name = re.sub(r"-[0-9a-f]{8}\.", ".", library.name, count=1)
        found = subprocess.run(["dpkg-query", "-S", f"*/{name}"], capture_output=True, text=True)
        package = found.stdout.partition(":")[0]
        text = pathlib.Path(f"/usr/share/doc/{package}/copyright")
        if not package or not text.is_file():
            sys.exit(f"make wheel: no package of this system says whose {name} is; the wheel is made on Debian or Ubuntu")
        to = info / "licenses" / "libraries" / f"{package}.txt"
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(text, to)
    run("wheel", "pack", "-d", wheel.parent, tree, stdout=subprocess.DEVNULL)


def main():
    to = pathlib.Path(sys.argv[1]).absolute()
    source_date()
    with tempfile.TemporaryDirectory(prefix="keyplate-wheel-") as name:
        work = pathlib.Path(name)
        tools(work / "tools")
        # The wheel is built of the sdist: so the sdist is known to be whole.
        run("python", "-m", "build", "--outdir", work / "built", ROOT)
        (sdist,) = (work / "built").glob("*.tar.gz")
        (built,) = (work / "built").glob("*.whl")
        run("auditwheel", "repair", "--only-plat", "-w", work / "repaired", built)
        (wheel,) = (work / "repaired").glob("*.whl")
        add_licences(wheel, work / "tree")
        to.mkdir(exist_ok=True)
        for made in (sdist, wheel):
            shutil.copy(made, to)
            print(f"made {to / made.name}")


if __name__ == "__main__":
    main()
