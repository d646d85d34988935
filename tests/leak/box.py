"""box.py: where a scenario runs: folders of its own, a server, a trap for stray connections; and what was found there."""

import json
import os
import signal
import threading
import time

import process
import shapes
from hostile import Server
from scenarios import FORMS, TRAP
from search import Secret, find

PATIENCE = 30  # seconds after which a scenario is given up; nothing waits for a time
KEPT = ("PATH", "LD_LIBRARY_PATH", "LD_BIND_NOW")


class Trap:
    """Listens where no call has to go. Proxies of the environment point here, and so does .netrc."""

    def __init__(self):
        self.server = Server(greet=lambda server, connection: connection.read())
        self.url, self.port = self.server.url, self.server.port

    @property
    def caught(self):
        return [connection.raw for connection in self.server.connections]


class Box:
    def __init__(self, folder, scenario, shape, trap, authority, sandbox):
        self.folder, self.scenario, self.shape, self.trap = folder, scenario, shape, trap
        self.home, self.work, self.state, self.tmp = (folder / name for name in ("home", "work", "state", "tmp"))
        for path in (self.home, self.work, self.tmp):
            path.mkdir(mode=0o700)
        self.findings, self.inputs, self.servers = [], {}, []
        self.caught_before = len(trap.caught)
        self.secrets, self.core_counts, self.is_host = {}, True, False  # a host: a program with a library of ours
        self.key = sandbox.take_key() if scenario.sandbox else shapes.make(shape)
        self.secret("the key", self.key)
        self.stray = self.secret("the stray key", shapes.make(shape))
        self.authority = authority
        self.serve(authority, sandbox)
        self.env = self.environment()
        self.store, self.block = scenario.source(self) if scenario.source else None, b""
        if self.store:
            self.env.update(self.store.env)
            self.options.update(self.store.options)

    def secret(self, name, text, **more):
        self.secrets[name] = Secret(name, text, **more)
        return text

    # ---- The other side ----

    def serve(self, authority, sandbox):
        scenario, self.options = self.scenario, {}
        self.held = threading.Event()
        self.script = {call: self.noticed(answer) for call, answer in scenario.answers(self.key).items()}
        context = authority.server if scenario.tls else None
        self.server = Server(self.script, context)
        self.servers.append(self.server)
        self.url = sandbox.url if scenario.sandbox else self.server.url
        self.port = sandbox.port if scenario.sandbox else self.server.port
        if scenario.tls:
            self.options["ca_file"] = str(authority.path)
        if scenario.proxy:
            proxy = Server(greet=scenario.proxy)
            self.servers.append(proxy)
            password = self.secret("the proxy's password", shapes.make("mixed case"))
            self.options["proxy"] = f"http://somebody:{password}@127.0.0.1:{proxy.port}"
            self.port = proxy.port
        self.options.update({name: value.format(home=self.home) for name, value in scenario.options.items()})

    def noticed(self, answer):
        """The answer, which also says that the request is there."""
        if isinstance(answer, bytes):
            return answer.replace(TRAP.encode(), self.trap.url.encode())
        if not callable(answer) or answer.__name__ != "hold":
            return answer

        def act(server, request):
            self.held.set()
            return answer(server, request)
        return act

    def environment(self):
        env = {name: os.environ[name] for name in KEPT if name in os.environ}
        env.update(HOME=str(self.home), KEYPLATE_STATE_DIR=str(self.state), TMPDIR=str(self.tmp), LC_ALL="C.UTF-8",
                   CAPTCHAAI_URL=self.url, NOCAPTCHAAI_URL=self.url, KEYPLATE_POLL_FIRST="0",
                   KEYPLATE_POLL_EVERY="50ms", SSLKEYLOGFILE=str(self.home / "tls_keys"), CURL_HOME=str(self.home))
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            env[name] = env[name.upper()] = self.trap.url
        self.put(self.home / ".netrc", "machine 127.0.0.1 login somebody password something\n")
        self.put(self.home / ".curlrc", f"proxy = {self.trap.url}\n")
        return env

    # ---- What is given ----

    def put(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(text)
        path.chmod(0o600)
        self.inputs[path] = text.encode()
        return str(path)

    @property
    def key_file(self):
        return self.put(self.folder / "given" / "key", self.key + "\n")

    @property
    def log_file(self):
        """A log that has the key in every form."""
        lines = [f"2026-11-20 {name} {form(self.key)} end" for name, form in FORMS.items()]
        return self.put(self.folder / "given" / "log", "\n".join(lines) + "\n")

    def fill(self, text):
        return text.format(stray=self.stray, stray_json=json.dumps(self.stray)[1:-1], key=self.key, home=self.home)

    # ---- What is looked at ----

    def look(self, place, data, but=()):
        """but: names of the secrets that may be there."""
        secrets = [secret for secret in list(self.secrets.values()) if secret.name not in but]
        self.findings += [f"{place}: {hit}" for hit in find(secrets, data)]

    def look_into(self, pid, memory):
        """A process that is in the midst of a call."""
        for name, data in process.surroundings(pid):
            self.look(f"/proc/PID/{name}", data, self.of_user if name == "environ" and self.is_host else ())
        self.note_block(pid)
        for child in process.children(pid):
            if not (self.store and self.store.programs):
                self.findings.append("a child process was started")
            for name, data in process.surroundings(child):
                self.look(f"/proc/CHILD/{name}", data, self.of_programs if name == "environ" else ())
        if memory:
            self.look_at_memory(pid, "core dump", True)

    def note_block(self, pid):
        """The environment that a host was started with is the host's, and lies in its memory."""
        if self.is_host:
            self.block = process.squeeze(process.read(f"/proc/{pid}/environ"))

    def look_at_memory(self, pid, what, dumped):
        self.note_block(pid)
        for name, data in process.memory(pid, dumped):
            self.look(f"{what}, {name}", self.without_block(data))

    @property
    def of_user(self):
        """The secrets in the environment of a host: that is the host's."""
        return tuple(self.store.in_environment) if self.store else ()

    @property
    def of_programs(self):
        return tuple(self.store.for_programs) if self.store else ()

    def without_block(self, data):
        """The memory of a host, without the environment that it was started with."""
        return data.replace(self.block, b"") if self.block else data

    def look_at_trace(self, path, starts):
        ports = [self.port, *(self.store.ports if self.store else ())]
        for kind, line in process.outside(path.read_bytes(), ports, starts):
            if kind == "started":
                self.findings.append("a program was started")
            self.look("system call " + line.split(b"(")[0].split()[-1].decode(), line)

    def look_at_files(self):
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder)
            self.look("name of a file", str(name).encode())
            is_core = path.parent == self.work and path.name.startswith("core")
            if path.is_file() and not path.is_symlink() and (self.core_counts or not is_core):
                data = path.read_bytes()
                if data != self.inputs.get(path):
                    squeezed = process.squeeze(data)
                    self.look(f"file {name}", self.without_block(squeezed) if is_core else squeezed)

    def finish(self):
        if self.store:
            self.store.look()
            self.look("what the service was sent", self.server.raw, but=("the key",))
        self.look_at_files()
        for raw in self.trap.caught[self.caught_before:]:
            self.findings.append("a connection to where no call has to go")
            self.look("stray connection", raw)
        return list(dict.fromkeys(self.findings))

    # ---- A call that hangs ----

    def wait_held(self, alive):
        end = time.monotonic() + PATIENCE
        while not self.held.wait(0.01):
            if not alive() or time.monotonic() > end:
                raise AssertionError("the call that should hang never came to the server")

    def let_go(self, pid):
        if self.scenario.held == "release":
            self.release()
        else:
            os.kill(pid, getattr(signal, self.scenario.held))

    def release(self):
        if self.store:
            self.store.release()
        for connection in self.server.connections:
            try:
                connection.sock.shutdown(2)
            except OSError:
                pass

    def close(self):
        for server in self.servers:
            server.close()
        if self.store:
            self.store.close()


def class_of_json(text):
    """The class of the error that the command printed as JSON; ok if it printed none."""
    try:
        document = json.loads(text)
    except ValueError:
        return "no JSON"
    error = document.get("error") if isinstance(document, dict) else None
    return error["class"] if error else "ok"
