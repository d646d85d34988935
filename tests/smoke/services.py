"""services.py: what the smoke scenario talks to: a sandbox, a service that answers with what arrived, and nobody."""
import base64
import http.server
import json
import signal
import socket
import subprocess
import threading
import urllib.parse
from email.parser import BytesParser
from email.policy import HTTP


class Sandbox:
    """`keyplate sandbox` with the options and rules of a scene; it knows one key."""

    def __init__(self, program, folder, key_file, options=(), rules=()):
        self.ledger = folder / "ledger.jsonl"
        script = folder / "script.json"
        script.write_text(json.dumps({"rules": list(rules)}))
        words = [program, "sandbox", "--key-file", str(key_file), "--ledger", str(self.ledger), "--script", str(script)]
        if "--solve-ms" not in options:
            words += ["--solve-ms", "0"]
        self.process = subprocess.Popen(words + list(options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError(f"the sandbox did not start: {line}{self.process.stderr.read()}")
        self.url = line.split()[-1]

    def charged(self):
        return len(self.ledger.read_text().splitlines()) if self.ledger.exists() else 0

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        _, err = self.process.communicate(timeout=30)
        if self.process.returncode != 0 or err:
            raise RuntimeError(f"the sandbox ended with {self.process.returncode}: {err}")


class Number(str):
    """A number of JSON, as it was written."""


def canonical(value):
    """JSON with sorted names and numbers as they were written: languages order the members of a table differently."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{canonical(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return str(value) if isinstance(value, Number) else json.dumps(value)


def form_fields(content_type, body):
    """The fields of a form of either kind; the bytes of an upload in base64."""
    if not content_type.startswith("multipart/"):
        return dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    fields = {}
    for part in message.iter_parts():
        name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        fields[name] = base64.b64encode(content).decode() if part.get_filename() else content.decode()
    return fields


class EchoHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self, document):
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def keep(self, fields):
        arrived = self.server.arrived
        arrived.append(canonical({name: value for name, value in fields.items() if name not in ("key", "apikey")}))
        return len(arrived)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/in.php":
            self.answer({"status": 1, "request": str(self.keep(form_fields(self.headers["Content-Type"], body)))})
            return
        document = json.loads(body, parse_int=Number, parse_float=Number)
        if self.path == "/createTask":
            self.answer({"errorId": 0, "status": "idle", "taskId": str(self.keep(document["task"]))})
        elif self.path == "/solve":
            self.keep(document)
            self.answer({"status": "solved", "solution": {"text": self.server.arrived[-1]}})
        else:
            text = self.server.arrived[int(document["taskId"]) - 1]
            self.answer({"errorId": 0, "status": "ready", "solution": {"text": text}})

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        if query.get("action") == ["get"]:
            self.answer({"status": 1, "request": self.server.arrived[int(query["id"][0]) - 1]})
        else:
            self.answer({"status": 1, "request": "10"})

    def log_message(self, *_):
        pass


class Echo:
    """Takes every task of either service; the answer is the task's fields as they arrived, as canonical JSON."""

    def __init__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), EchoHandler)
        self.server.daemon_threads = True
        self.server.arrived = []
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def charged(self):
        return len(self.server.arrived)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Nobody:
    """A port of this machine that refuses connections, and that nobody else can take meanwhile."""

    def __init__(self):
        self.held = socket.socket()
        self.held.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.held.getsockname()[1]}"

    def charged(self):
        return 0

    def stop(self):
        self.held.close()
