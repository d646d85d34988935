"""fetching.py: asks the runner, which fetches as keyplate does."""

import contextlib
import json
import os
import subprocess

from servers import PATIENCE

RUNNER, SIGN = os.environ.get("KP_SOURCES_RUNNER", ""), os.environ.get("KP_SOURCES_SIGN", "")


class Fetching:
    """One process that fetches again and again, as a client does: with the tokens that it got, and a clock of its own."""

    def __init__(self, reference, *words, home="/nonexistent", **env):
        self.run = subprocess.Popen([RUNNER, reference, *words], env={"HOME": str(home), **env}, stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run.kill()
        self.run.communicate()

    def next(self, later_s=0):
        """What came of the next fetch, so many seconds later by the runner's own clock."""
        with contextlib.suppress(BrokenPipeError):  # it ended, and says why
            self.run.stdin.write(f"{later_s * 1000}\n")
            self.run.stdin.flush()
        line = self.run.stdout.readline()
        assert line, self.run.stderr.read()
        return json.loads(line)

    def calls(self):
        """Ends it; all calls that it made, as ("POST", "http://…", 200)."""
        lines = self.run.communicate(timeout=PATIENCE)[1].splitlines()
        return [(method, url.rstrip(":"), int(status)) for method, url, status in (line.split(" ") for line in lines)]


def fetch(reference, *words, **env):
    with Fetching(reference, *words, **env) as fetching:
        return fetching.next()


def result(reference, *words, **env):
    """"got", "absent", or the name of the error."""
    got = fetch(reference, *words, **env)
    return got["error"] if got["result"] == "failed" else got["result"]
