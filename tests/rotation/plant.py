"""plant.py: a service, a file that has the key, and processes that make calls with it; what is done to them, and what they say."""

import hashlib
import hmac
import json
import os
import secrets
import subprocess
import sys
from collections import Counter, defaultdict

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "core", "command"))
import waiting  # noqa: E402
from placing import replace  # noqa: E402
from sandbox_box import Sandbox  # noqa: E402

WORKER = os.environ.get("KP_ROTATION_WORKER", "")
PROCESSES, THREADS = 4, 8
PATIENCE = 300  # seconds after which a test gives up; nothing waits for a time
TASKS = 20  # in flight when a key dies


def fingerprint(key):
    return hmac.new(key.encode(), b"keyplate/fp/1/captchaai", hashlib.sha256).hexdigest()[:8]


def id_of(reference):
    return reference.rpartition("/")[2]


class Lines:
    """The JSON lines of a file that grows."""

    def __init__(self, path):
        self.path, self.at, self.lines = path, 0, []

    def read(self):
        """All of them; those that are new are taken note of."""
        with open(self.path, "rb") as file:
            file.seek(self.at)
            fresh = file.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self.at += len(whole)
        for line in map(json.loads, whole.splitlines()):
            self.lines.append(line)
            self.note(line)
        return self.lines

    def note(self, line):
        pass


class Ledger(Lines):
    def __init__(self, path):
        super().__init__(path)
        self.tasks = set()

    def note(self, line):
        self.tasks.add(line["task"])


class Record(Lines):
    def __init__(self, path):
        super().__init__(path)
        self.wrong_keys = set()

    def note(self, line):
        if "wrong_key" in line:
            self.wrong_keys.add(line["wrong_key"])


class Worker(Lines):
    """A process that makes calls, and what it says of them."""

    def __init__(self, folder, number, environment):
        super().__init__(folder / f"calls{number}.jsonl")
        self.err = folder / f"err{number}"
        with open(self.path, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen([WORKER], stdin=subprocess.PIPE, stdout=out, stderr=err, env=environment)
        self.users = defaultdict(set)  # fingerprint: the threads that ended a call with it
        self.count = Counter()  # of each thread
        self.ended = set()  # tasks

    def note(self, line):
        if "call" not in line:
            return
        self.users[line.get("fingerprint")].add(line["thread"])
        self.count[line["thread"]] += 1
        if line["call"] in ("solve", "wait") and "task" in line:
            self.ended.add(id_of(line["task"]))

    def calls(self):
        return [line for line in self.read() if "call" in line]


class Plant:
    """The service, the file that has the key, and the processes that use it."""

    def __init__(self, folder, key=None):
        """key: what the file begins with, in place of the service's own."""
        box, self.work = folder / "box", folder / "work"
        box.mkdir()
        self.work.mkdir()
        # No bans: keys that die in one minute would be enough for one, however few attempts each of them is.
        self.box = Sandbox(box, "--solve-ms", "300", "--balance", "1000", "--ban-ms", "0")
        self.known = [self.box.key]
        self.box_keys, self.place = box / "key0", self.work / "key"
        self.all = {}  # fingerprint: what became of the key
        self.use(key or self.box.key)
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.work), "KEYPLATE_STATE_DIR": str(self.work / "state"),
                       "CAPTCHAAI_URL": self.box.url, "CAPTCHAAI_API_KEY_FILE": str(self.place),
                       "KEYPLATE_RING_REFRESH": "100ms", "KEYPLATE_POLL_FIRST": "100ms", "KEYPLATE_POLL_EVERY": "100ms"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                environment[name] = os.environ[name]
        self.ledger, self.record = Ledger(self.box.ledger_path), Record(self.box.record_path)
        self.workers = [Worker(folder, number, environment) for number in range(PROCESSES)]

    def until(self, condition, what):
        def is_so():
            self.read()
            if condition():
                return True
            for worker in self.workers:
                assert worker.process.poll() is None, worker.err.read_text()
            return False

        waiting.until(is_so, what, PATIENCE)

    # ---- What is known where ----

    def use(self, key):
        """The file has this key from now on."""
        self.all.setdefault(fingerprint(key), "good")
        replace(self.place, key + "\n")
        self.key = key

    def tell_service(self):
        replace(self.box_keys, "".join(key + "\n" for key in self.known))

    def add(self):
        self.known.append(secrets.token_hex(16))
        self.tell_service()
        return self.known[-1]

    def drop(self, key, fate):
        self.all[fingerprint(key)] = fate
        self.known.remove(key)
        self.tell_service()

    # ---- What has happened ----

    def read(self):
        for lines in (self.ledger, self.record, *self.workers):
            lines.read()

    def all_threads_have(self, key):
        """Each has ended a call with this key: what it began before is over."""
        return all(len(worker.users[fingerprint(key)]) == THREADS for worker in self.workers)

    def counts(self):
        return [worker.count[thread] for worker in self.workers for thread in range(THREADS)]

    def in_flight(self):
        """The tasks that were charged and whose answer nobody has."""
        return self.ledger.tasks.difference(*(worker.ended for worker in self.workers))

    # ---- Rotations ----

    def rotate(self):
        old, new = self.key, self.add()
        self.use(new)
        self.until(lambda: self.all_threads_have(new), "answers with the new key")
        self.drop(old, "retired")

    def rotate_badly(self):
        good, bad = self.key, secrets.token_hex(16)
        self.all[fingerprint(bad)] = "bad"
        since = self.counts()
        self.use(bad)
        self.until(lambda: fingerprint(bad) in self.record.wrong_keys, "the proof of a bad key")
        self.until(lambda: all(now >= then + 3 for now, then in zip(self.counts(), since)), "calls beside a bad key")
        self.key = good
        self.rotate()

    def die(self):
        """How many tasks were in flight."""
        old, new = self.key, self.add()
        self.until(lambda: len(self.in_flight()) > TASKS, f"more than {TASKS} tasks in flight")
        self.use(new)
        self.ledger.read()
        before = set(self.ledger.tasks)
        self.drop(old, "dead")
        self.read()
        caught = len(self.in_flight() & before)
        self.until(lambda: self.all_threads_have(new), "answers with the new key")
        return caught

    def end(self):
        """All calls come to their end first."""
        for worker in self.workers:
            worker.process.stdin.close()
        for worker in self.workers:
            assert (worker.process.wait(PATIENCE), worker.err.read_text()) == (0, "")
        assert self.box.stop() == (0, "", "")

    def kill(self):
        for process in [self.box.process, *(worker.process for worker in self.workers)]:
            process.kill()
            process.wait()
