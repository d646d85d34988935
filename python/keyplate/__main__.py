"""__main__.py: python -m keyplate runs the command: the one of this package, else the one on PATH."""

import os
import shutil
import sys
from pathlib import Path


def main() -> None:
    own = Path(__file__).parent / "bin" / "keyplate"
    path = str(own) if own.is_file() else shutil.which("keyplate")
    if path is None:
        sys.exit("keyplate: the command is not installed")
    os.execv(path, ["keyplate", *sys.argv[1:]])


if __name__ == "__main__":
    main()
