"""adapters.py: how the scenarios are run in each language. A new language is one more line of ADAPTERS and a program like
adapter.c or adapter.lua, which does what it is told on stdin."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import process
from box import PATIENCE, class_of_json

HERE = Path(__file__).resolve().parent
CORE_LIMIT = 1 << 28
KIND_WORDS = {"report": lambda call: ["report", "good" if call["good"] == "1" else "bad", call["task"]],
              "tell": lambda call: ["keys", "explain"]}


def in_child(crash):
    """Interrupts work even if the tests run in the background; a crash leaves a core file in the working directory."""
    def prepare():
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        most = CORE_LIMIT if hard == resource.RLIM_INFINITY else min(hard, CORE_LIMIT)
        resource.setrlimit(resource.RLIMIT_CORE, (most if crash else 0, hard))
    return prepare


class Program:
    """A process whose streams are read as they come."""

    def __init__(self, box, words, env, traced=False):
        self.trace = box.folder / "trace" if traced and process.can_trace() else None
        words = process.traced(words, self.trace) if self.trace else words
        words = [*box.store.before, *words] if box.store else words
        self.box, self.text = box, {"stdout": b"", "stderr": b""}
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env=env, cwd=box.work, preexec_fn=in_child(box.scenario.crash), bufsize=0)
        self.pid = self.process.pid
        self.changed = threading.Condition()
        self.readers = [threading.Thread(target=self.read, args=(name,), daemon=True) for name in self.text]
        for reader in self.readers:
            reader.start()

    def read(self, name):
        stream = getattr(self.process, name)
        while data := os.read(stream.fileno(), 65536):
            with self.changed:
                self.text[name] += data
                self.changed.notify_all()
        stream.close()

    def alive(self):
        return self.process.poll() is None

    def send(self, line):
        try:
            self.process.stdin.write(line.encode() + b"\n")
        except BrokenPipeError:
            pass

    def oks(self):
        return len(re.findall(rb"(?m)^ok$", self.text["stdout"]))

    def wait_ok(self, count):
        """Until so many verbs are done, or the program is gone."""
        end = time.monotonic() + PATIENCE
        with self.changed:
            while self.oks() < count and (self.alive() or any(reader.is_alive() for reader in self.readers)):
                self.changed.wait(0.05)
                if time.monotonic() > end:
                    self.process.kill()
                    raise AssertionError("the adapter does not answer")

    def end(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.process.wait(PATIENCE)
        finally:
            if self.alive():
                self.process.kill()
        for reader in self.readers:
            reader.join(PATIENCE)
        for name, data in self.text.items():
            self.box.look(name, data)
        if self.trace:
            self.box.look_at_trace(self.trace, starts=1)
            self.trace.unlink()
        return self.process.returncode

    @property
    def out(self):
        return self.text["stdout"].decode("utf-8", "replace")

    def __repr__(self):
        return "\n".join(f"--- {name}\n{data.decode('utf-8', 'replace')}" for name, data in self.text.items())


class Command:
    """The command keyplate: a process for each call, once for people and once as JSON."""
    name = "command"
    ways = ("file", "variable", "home", "dotenv")

    def __init__(self, program):
        self.program = program
        self.there = bool(program) and os.path.exists(program)

    def give_key(self, box, way):
        if way == "file":
            box.env["CAPTCHAAI_API_KEY_FILE"] = box.env["NOCAPTCHAAI_API_KEY_FILE"] = box.key_file
        elif way == "variable":
            box.env["CAPTCHAAI_API_KEY"] = box.env["NOCAPTCHAAI_API_KEY"] = box.key
        else:
            quoted = box.key.replace("\\", "\\\\").replace('"', '\\"')
            for name in ("captchaai", "nocaptchaai"):
                if way == "home":
                    box.put(box.home / f".{name}" / "config.json", '{"api_key":"%s"}\n' % quoted)
            if way == "dotenv":
                box.put(box.work / ".env", f"CAPTCHAAI_API_KEY='{box.key}'\nNOCAPTCHAAI_API_KEY='{box.key}'\n")

    def words(self, call):
        kind = call["kind"]
        words = KIND_WORDS[kind](call) if kind in KIND_WORDS else [kind]
        words += [call[name] for name in ("method", "task") if name in call and kind != "report"]
        words += [f"{name[2:]}={value}" for name, value in call.items() if name.startswith("p.")]
        return words + ["--dry-run"] * ("dry_run" in call)

    def configure(self, box):
        document = {}
        for name, value in box.options.items():
            if name == "url.captchaai":
                box.env["CAPTCHAAI_URL"] = value  # the variable is stronger than the file
            *folders, last = name.split(".")
            place = document
            for folder in folders:
                place = place.setdefault(folder, {})
            place[last] = json.loads(value) if name == "keys" else value
        text = box.scenario.config
        if text is not None:
            text = box.fill(text)
        elif document:
            text = json.dumps(document)
        if text is not None:
            box.put(box.home / ".config" / "keyplate" / "config.json", text)

    def run(self, box, way):
        scenario = box.scenario
        if not scenario.source:
            self.give_key(box, way)
        self.configure(box)
        box.env.update({name: box.fill(value) for name, value in scenario.env.items()})
        if scenario.words:
            calls = [[box.fill(word) for word in scenario.words]]
        else:
            calls = [self.words(call) for call in scenario.calls]
        seen = ""
        for turn, more in enumerate((["--verbose"], ["--json", "--verbose"])):
            env = {**box.env, "KEYPLATE_STATE_DIR": f"{box.state}{turn}"}  # no run waits for what another one left
            for number, words in enumerate(calls):
                held = scenario.held and number == len(calls) - 1
                if held and turn == 0:
                    continue
                program = Program(box, [self.program, *words, *more], env, scenario.traced)
                if held:
                    box.wait_held(program.alive)
                    box.look_into(program.pid, memory=True)
                    box.let_go(program.pid)
                program.end()
                seen += repr(program)
                outcome = class_of_json(program.out)
        if scenario.redact:
            self.redact(box)
        return outcome, seen

    def redact(self, box):
        with open(box.log_file, "rb") as log:
            done = subprocess.run([self.program, "redact"], stdin=log, capture_output=True, env=box.env, cwd=box.work)
        box.look("redacted text", done.stdout)
        box.look("stderr", done.stderr)


class Session:
    """A program that does what it is told on stdin, in a language that has the library. ways: how it can be given a key;
    memory_ways: those after which none is in the memory that is the language's own."""

    def __init__(self, name, words, ways, memory_ways, needs, env=None):
        self.name, self.start, self.ways = name, [str(word) for word in words], ways
        self.memory_ways, self.env, self.is_host = memory_ways, env or {}, True
        found = bool(self.start[0]) and shutil.which(self.start[0]) is not None
        self.there = found and all(os.path.exists(need) for need in needs)

    def run(self, box, way):
        scenario, done = box.scenario, 0
        good = self.memory_ways == self.ways  # a language without strings of its own
        in_memory = way in self.memory_ways and not (scenario.proxy and not good)
        if scenario.source:
            in_memory = good or not box.store.in_environment
        box.core_counts, box.is_host = in_memory, self.is_host
        program = Program(box, self.start, {**box.env, **self.env}, scenario.traced)

        def tell(*words):
            nonlocal done
            done += 1
            program.send("\t".join(words))

        def do(*words):
            tell(*words)
            program.wait_ok(done)

        for name, value in box.options.items():
            do("option", name, value)
        if not scenario.source:
            do("key", way, box.key_file)
        verbs = [("client",)]
        for call in scenario.calls:
            verbs.append(("call", call["kind"], *(f"{name}={value}" for name, value in call.items() if name != "kind")))
        if scenario.stray:
            verbs = [tuple(box.fill(word) for word in verb) for verb in scenario.stray]
            if ("client",) not in verbs:
                verbs.insert(0, ("client",))
        for number, verb in enumerate(verbs):
            if scenario.held and number == len(verbs) - 1:
                tell(*verb)
                box.wait_held(program.alive)
                if not scenario.traced:
                    box.look_into(program.pid, in_memory)
                box.let_go(program.pid)
                program.wait_ok(done)
            else:
                do(*verb)
        outcome = self.outcome(program.out)
        if program.alive():
            do("tell")
            if scenario.redact:
                do("redact", box.log_file)
            do("close")
            if in_memory and scenario.frees and program.alive():
                box.look_at_memory(program.pid, "memory after the end", False)
        program.end()
        return outcome, repr(program)

    @staticmethod
    def outcome(text):
        """The class that the last call showed: a line class=…"""
        classes = [line[6:] for line in text.splitlines() if line.startswith("class=")]
        return classes[-1] if classes and classes[-1] != "none" else "ok"


EVERYWHERE = ("file", "value", "callable")


def lua(name, interpreter, folder):
    """Strings of Lua live as long as its collector likes: only keys from files count in memory."""
    module = Path(folder or "nowhere") / "keyplate.so"
    path = {"LUA_CPATH": f"{folder}/?.so", "LUA_CPATH_5_4": f"{folder}/?.so"}
    return Session(name, [interpreter, HERE / "adapter.lua"], EVERYWHERE, ("file",), [module], path)


def python(folder):
    """The package of that folder, with the interpreter that it was built for; the same holds for its strings."""
    program = os.environ.get("KP_LEAK_PYTHON") or "python3"
    return Session("Python", [program, HERE / "adapter.py"], EVERYWHERE, ("file",), [Path(folder or "nowhere") / "keyplate"],
                   {"PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"})


def php(extension):
    """The same holds for PHP's strings."""
    program = os.environ.get("KP_LEAK_PHP") or "php"
    return Session("PHP", [program, "-n", "-d", f"extension={extension}", HERE / "adapter.php"], EVERYWHERE, ("file",),
                   [extension or "nowhere"])


def from_environment(name):
    return os.environ.get(name, "")


ADAPTERS = [
    Command(from_environment("KEYPLATE")),
    Session("C", [from_environment("KP_LEAK_C")], EVERYWHERE, EVERYWHERE, [from_environment("KP_LEAK_C")]),
    lua("Lua 5.4", "lua5.4", from_environment("KP_LEAK_LUA54")),
    lua("LuaJIT", "luajit", from_environment("KP_LEAK_LUAJIT")),
    python(from_environment("KP_LEAK_PYTHON_PATH")),
    php(from_environment("KP_LEAK_PHP_EXTENSION")),
]
LEAKY = Session("leaky", [from_environment("KP_LEAKY")], ("file",), ("file",), [from_environment("KP_LEAKY")])
