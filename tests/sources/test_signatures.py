"""test_signatures.py: signatures of AWS's Signature V4 beside botocore's."""

import pathlib
import subprocess

from fetching import SIGN
from servers import PATIENCE


def test_signatures_equal_botocore(moto_python):
    program = pathlib.Path(__file__).with_name("compare_signatures.py")
    run = subprocess.run([moto_python, program, SIGN, "1000"], capture_output=True, text=True, timeout=PATIENCE * 5)
    assert run.returncode == 0, run.stdout + run.stderr
