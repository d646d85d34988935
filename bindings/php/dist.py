"""dist.py: makes keyplate-VERSION.tgz, of which phpize and PIE build the extension without SWIG and CMake. Usage: dist.py FOLDER

The same sources give the same bytes, wherever and by whomever it is made.
"""

import gzip
import io
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# All of the core but the command. There it is called src: configure removes what is called core.
FLOORS = ("include", "base", "safe", "wire", "policy", "engine", "local", "net")
OF_PHP = ("config.m4", "README.md", "*.stub.php", "face/*.[ch]")
TIME = 315532800  # of every file: 1980, the first that all formats can say


def swig(folder):
    """SWIG's functions. It runs where the interface is, because it writes the paths that it is given."""
    program = next(filter(None, map(shutil.which, ("swig4.1", "swig4.0", "swig"))), None)
    if program is None:
        sys.exit("make dist needs SWIG 4.1 (Debian, Ubuntu: apt-get install swig)")
    out = folder / "raw_wrap.c"
    subprocess.run([program, "-php7", "-module", "keyplate_raw", "-Werror", "-Iphp", "-I../core/include", "-o", out, "keyplate.i"],
                   check=True, cwd=ROOT / "bindings")
    return {made.name: made.read_bytes() for made in (out, folder / "php_keyplate_raw.h")}


def members(folder):
    """What is in it: names and contents."""
    found = swig(folder)
    for name in ("composer.json", "LICENSE"):
        found[name] = (ROOT / name).read_bytes()
    for name in ("handle.c", "handle.h"):
        found[name] = (ROOT / "bindings" / name).read_bytes()
    for pattern in OF_PHP:
        for path in HERE.glob(pattern):
            found[path.relative_to(HERE).as_posix()] = path.read_bytes()
    for floor in FLOORS:
        for path in (ROOT / "core" / floor).glob("*.[ch]"):
            found[f"src/{floor}/{path.name}"] = path.read_bytes()
    return found


def pack(top, found):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(found):
            info = tarfile.TarInfo(f"{top}/{name}")
            info.size, info.mtime, info.mode = len(found[name]), TIME, 0o644
            tar.addfile(info, io.BytesIO(found[name]))
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=TIME) as stream:
        stream.write(plain.getvalue())
    return packed.getvalue()


def main():
    to = pathlib.Path(sys.argv[1]).absolute()
    header = (ROOT / "core/include/keyplate.h").read_text(encoding="utf-8")
    version = re.search(r'#define KP_VERSION "([0-9.]+)"', header).group(1)
    with tempfile.TemporaryDirectory(prefix="keyplate-dist-") as folder:
        found = members(pathlib.Path(folder))
    to.mkdir(parents=True, exist_ok=True)
    made = to / f"keyplate-{version}.tgz"
    made.write_bytes(pack(f"keyplate-{version}", found))
    print(f"made {made}")


if __name__ == "__main__":
    main()
