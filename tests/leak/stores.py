"""stores.py: stores of keys on loopback, each as far as a reader of one secret sees it, and the troubles that they can have.

A store says which of the secrets each of its calls may carry; everything else that comes to it is a finding.
"""

import base64
import contextlib
import json
import os
import re
import threading
import urllib.parse
from dataclasses import dataclass, field, replace
from typing import Callable, Optional

import hostile
from hostile import HEAD_END, Server, reply

THE_KEY = "the key"


@dataclass
class Stage:
    """One call of a store."""
    name: str
    line: str                                  # a regular expression of method and target
    may: tuple                                 # names of the secrets that the call can have
    answer: Callable                           # request -> (what is answered, a dict or text)
    gives: tuple = ()                          # names of the secrets that are in the answer
    learn: Optional[Callable] = None           # request: a secret that keyplate itself made


class Stub(Server):
    """A store, or one of the services that it takes."""

    def __init__(self, store, name, stages, context):
        self.store, self.name, self.stages, self.came = store, name, stages, []
        super().__init__(context=context)

    def act(self, _, request):
        stage = next((stage for stage in self.stages if re.fullmatch(stage.line, f"{request.method} {request.target}")), None)
        self.came.append((stage, request))
        if stage is None:
            return False
        if stage.learn:
            stage.learn(request)
        self.store.occurred.update(stage.may)
        if stage.name == self.store.trouble.stage:
            return self.store.trouble.act(self.store, stage, request)
        self.store.occurred.update(stage.gives)
        request.connection.send(answered(stage.answer(request)))
        return True

    def look(self, box):
        for stage, request in self.came:
            sent = request.head.encode("latin-1") + HEAD_END + request.body
            place = f"call of {self.name}" if stage is None else f"call {stage.name} of {self.name}"
            if stage is None:
                box.findings.append(f"{place} that it does not know: {request.method}")
            box.look(place, sent, but=stage.may if stage else ())


class Program:
    """A program that has the key: it says what it sees, waits if it is to, and writes."""

    def __init__(self, store):
        box, self.closing = store.box, threading.Event()
        self.folder = box.folder / "given"
        self.path, self.fifo, self.seen = self.folder / "program", self.folder / "wait", self.folder / "seen"
        key = box.put(self.folder / "of program", box.key + "\n")
        act = store.trouble.program.format(key=key, half=box.put(self.folder / "half", box.key[:-4]), fifo=self.fifo)
        box.put(self.path, f"#!/bin/sh\ncat /proc/$$/environ /proc/$$/cmdline >>'{self.seen}'\n"
                           f"ls -l /proc/$$/fd >>'{self.seen}'\n{act}\n")
        self.path.chmod(0o700)
        self.may = tuple(store.for_programs)
        self.thread = None
        if "fifo" in store.trouble.program:
            os.mkfifo(self.fifo, 0o600)
            self.thread = threading.Thread(target=self.hold, args=(box,), daemon=True)
            self.thread.start()

    def hold(self, box):
        """Opening waits until the program reads; the program reads until this end is closed."""
        end = os.open(self.fifo, os.O_WRONLY)
        box.held.set()
        self.closing.wait()
        self.fifo.unlink()  # who starts the program again does not wait
        os.close(end)

    def release(self):
        self.closing.set()

    def look(self, box):
        if self.seen.exists():
            box.inputs[self.seen] = self.seen.read_bytes()
            box.look("what the program sees", box.inputs[self.seen], but=self.may)

    def close(self):
        self.closing.set()
        with contextlib.suppress(FileNotFoundError):  # the thread is done, or nobody came to read
            with open(os.open(self.fifo, os.O_RDONLY | os.O_NONBLOCK), "rb"):
                self.thread.join(10)


class Redis(Server):
    """A Redis that never comes to a script: what it says about the password is what counts."""

    def __init__(self, store, name):
        self.store, self.name = store, name
        super().__init__(greet=lambda _, connection: self.talk(connection))

    @staticmethod
    def words(connection):
        data = b""
        while not (found := re.match(rb"\*(\d+)\r\n", data)):
            more = connection.rest or connection.read()
            connection.rest = b""
            if not more:
                return None
            data += more
        words, data = [], data[found.end():]
        while len(words) < int(found[1]):
            head = re.match(rb"\$(\d+)\r\n", data)
            if head and len(data) >= head.end() + int(head[1]) + 2:
                words.append(data[head.end():head.end() + int(head[1])])
                data = data[head.end() + int(head[1]) + 2:]
            elif more := connection.read():
                data += more
            else:
                return None
        connection.rest = data
        return words

    def talk(self, connection):
        while words := self.words(connection):
            name = words[0].decode().upper()
            self.store.occurred.add("the password of Redis")
            if name == self.store.trouble.stage:
                if not self.store.trouble.act(self.store, None, Words(connection)):
                    return
            elif name == "CONFIG":
                connection.send(b"*2\r\n$16\r\nmaxmemory-policy\r\n$10\r\nnoeviction\r\n")
            else:
                connection.send(b"+OK\r\n" if name in ("AUTH", "SELECT") else b"-NOSCRIPT none\r\n")

    def look(self, box):
        for connection in self.connections:
            box.look(f"call of {self.name}", connection.raw, but=("the password of Redis",))


@dataclass
class Words:
    """Stands for a request of HTTP."""
    connection: object


class Store:
    """All that stands behind the key of one scenario. env: what the user's environment has, and in_environment the names
    of the secrets in it; for_programs: those that programs which are started get with it."""

    def __init__(self, box, trouble):
        self.box, self.trouble = box, trouble
        self.env, self.options, self.parts, self.occurred, self.before = {}, {}, [], set(), []
        self.in_environment, self.for_programs, self.lock = [], [], threading.Lock()

    def secret(self, name, text, variable=None, own=False, **more):
        """Makes it known to the oracle. variable: the environment has it. own: it is keyplate's, not for programs."""
        self.box.secret(name, text, **more)
        if variable:
            self.env[variable] = text
            self.in_environment.append(name)
            if not own:
                self.for_programs.append(name)
        return text

    def serve(self, name, *stages):
        """The URL."""
        scenario = self.box.scenario
        stub = Stub(self, name, stages, self.box.authority.server if scenario.tls else None)
        self.parts.append(stub)
        if any(stage.name == self.trouble.stage for stage in stages) and self.trouble.act is nobody:
            stub.close()
        return stub.url

    @property
    def programs(self):
        return [part for part in self.parts if isinstance(part, Program)]

    @property
    def ports(self):
        return [part.port for part in self.parts if hasattr(part, "port")]

    def release(self):
        for part in self.programs:
            part.release()
        for part in self.parts:
            for connection in getattr(part, "connections", ()):
                try:
                    connection.sock.shutdown(2)
                except OSError:
                    pass

    def look(self):
        for part in self.parts:
            part.look(self.box)

    def close(self):
        for part in self.parts:
            part.close()

    def repeated(self):
        """All that came and was given so far, in several forms."""
        texts = [self.box.secrets[name].text for name in sorted(self.occurred)]
        texts = [text for text in texts if isinstance(text, str)]
        forms = (str, lambda text: base64.b64encode(text.encode()).decode(), lambda text: urllib.parse.quote(text, safe=""))
        return [form(text) for text in texts for form in forms]


def answered(answer):
    return reply(answer if isinstance(answer, str) else json.dumps(answer))


# ---- Troubles: what a stage does in place of its answer; says whether the connection is kept ----


def in_headers(store):
    return [f"X-Seen: {text}" for text in store.repeated() if len(text) < 2000]


def in_errors(store):
    """What each kind of store calls an error, with secrets in place of all words."""
    texts = store.repeated() or ["nothing"]
    short = min(texts, key=len)
    return json.dumps({"errors": texts, "__type": short, "message": " ".join(texts), "code": short,
                       "error": {"status": short, "message": " ".join(texts), "code": 403}, "error_description": texts[0]})


def refuse(status):
    def act(store, stage, request):
        request.connection.send(reply(in_errors(store), status, in_headers(store)))
        return True
    return act


def xml(store, stage, request):
    parts = "".join(f"<Code>{text}</Code><Message>{text}</Message>" for text in store.repeated()[:1] or ["nothing"])
    request.connection.send(reply(f"<Error>{parts}</Error>", "400 Bad Request"))
    return True


def garbage(store, stage, request):
    request.connection.send(reply("<html>" + " ".join(store.repeated()), headers=in_headers(store)))
    return True


def cut(store, stage, request):
    """The connection dies in the midst of the answer."""
    request.connection.send(answered(stage.answer(request))[:-12])
    return False


def no_http(store, stage, request):
    request.connection.send((" ".join(store.repeated()) + "\r\n").encode())
    return False


def replaced(value, text):
    """An answer whose numbers and names that nobody needs are a secret."""
    if not isinstance(value, dict):
        return value
    changed = {name: replaced(part, text) for name, part in value.items()}
    for name in ("VersionId", "name", "created_time", "Name", "token_type", "Expiration", "accessor"):
        if name in value:
            changed[name] = text
    return {"warnings": [text], "request_id": text, **changed}


def repeat(which):
    def act(store, stage, request):
        store.occurred.update(stage.gives)
        texts = [text for text in store.repeated()[::3] if len(text) < 64] or store.repeated()[:1]
        answer = replaced(stage.answer(request), texts[which % len(texts)])
        body = answer if isinstance(answer, str) else json.dumps(answer)
        request.connection.send(reply(body, headers=in_headers(store)))
        return True
    return act


def redirect(store, stage, request):
    place = f"{store.box.trap.url}/?token={urllib.parse.quote(' '.join(store.repeated()[:1]), safe='')}"
    request.connection.send(reply("", "307 Temporary Redirect", [f"Location: {place}"]))
    return True


def hold(store, stage, request):
    """What is asked again later finds nobody."""
    if store.box.held.is_set() and store.box.scenario.held:
        return False
    store.box.held.set()
    return hostile.hold(None, request)


def nobody(store, stage, request):
    return False


def redis_error(text):
    def act(store, stage, request):
        request.connection.send((text + " " + " ".join(store.repeated()) + "\r\n").encode())
        return True
    return act


@dataclass
class Trouble:
    name: str
    act: Optional[Callable] = None
    expect: tuple = ()                         # classes of the error, if it is known
    fields: dict = field(default_factory=dict)  # of the scenario
    program: str = "cat '{key}'"               # what the program of exec: does
    stage: Optional[str] = None                # None: no stage is troubled


FAILED = ("key", "server", "protocol", "busy", "timeout", "network", "usage", "store")
QUICK = {"options": {"timeout": "700ms"}}
HELD = {"held": "release"}
WAIT = "cat '{half}'; test -p '{fifo}' && read line <'{fifo}'"
TROUBLES = [
    Trouble("refused", refuse("403 Forbidden"), ("key",), {}, "cat '{key}'; exit 3"),
    Trouble("refused with 400", refuse("400 Bad Request"), FAILED, {}, "cat '{half}'; exit 1"),
    Trouble("refused in XML", xml, FAILED),
    Trouble("away", refuse("503 Service Unavailable"), FAILED, QUICK, "exec cat '{key}/nowhere'"),
    Trouble("throttled", refuse("429 Too Many Requests"), FAILED, QUICK),
    Trouble("nobody there", nobody, FAILED, QUICK),
    Trouble("garbage", garbage, FAILED, {}, "cat '{key}' '{key}'"),
    Trouble("cut", cut, FAILED, QUICK, "cat '{half}'; kill -9 $$"),
    Trouble("no HTTP", no_http, FAILED, QUICK, "head -c 70000 /dev/zero | tr '\\0' a; cat '{key}'"),
    *(Trouble(f"repeats {number}", repeat(number), ("ok", *FAILED), {}) for number in range(3)),
    Trouble("a redirect", redirect, ("protocol", "key"), {}),
    Trouble("late", hold, FAILED, QUICK, WAIT),
    Trouble("held", hold, FAILED, HELD, WAIT),
    Trouble("interrupted", hold, ("cancelled", "usage", *FAILED), {"held": "SIGINT", "options": {"timeout": "3s"}}, WAIT),
    Trouble("crash: aborted", hold, (), {"held": "SIGABRT", "crash": True}, WAIT),
]
# Those of programs, and those of Redis, whose words are no HTTP.
OF_PROGRAMS = ("refused", "refused with 400", "away", "garbage", "cut", "no HTTP", "late", "held", "interrupted",
               "crash: aborted")
OF_REDIS = [
    Trouble("refused", redis_error("-WRONGPASS invalid"), ("ok", *FAILED), QUICK),
    Trouble("an error of its own", redis_error("-ERR you said"), ("ok", *FAILED), QUICK),
    Trouble("garbage", redis_error("you said"), ("ok", *FAILED), QUICK),
    *(replace(trouble, expect=trouble.expect and ("ok", *trouble.expect)) for trouble in TROUBLES if trouble.act is hold),
]
