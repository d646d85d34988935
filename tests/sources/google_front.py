"""google_front.py: what of Google Secret Manager the emulator of its REST API leaves out.

The emulator keeps secrets and versions, and answers with their values. Its gateway tells every fault with HTTP 500 and the
code of gRPC in a text, sends no checksum, and asks for no token. Google's own answers with the status that belongs to the
code (google.rpc.Code), with CRC-32C, and refuses a wrong token: this front does so. It is the machine's metadata service too.
"""

import base64
import http.server
import json
import re
import secrets
import threading

import servers

# google.rpc.Code: name and HTTP status
STATUS = {"NotFound": ("NOT_FOUND", 404), "FailedPrecondition": ("FAILED_PRECONDITION", 400),
          "InvalidArgument": ("INVALID_ARGUMENT", 400), "PermissionDenied": ("PERMISSION_DENIED", 403)}


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        front = self.server.front
        if self.path.startswith("/computeMetadata/"):
            good = self.headers["Metadata-Flavor"] == "Google"
            self.say(*(200, {"access_token": front.token, "expires_in": 3599, "token_type": "Bearer"}) if good else (403, {}))
        elif self.headers["Authorization"] != f"Bearer {front.accepts}":
            self.fault("UNAUTHENTICATED", 401)
        elif front.busy:
            self.fault("RESOURCE_EXHAUSTED", 429)
        else:
            self.pass_on(front)

    def pass_on(self, front):
        try:
            status, answer = servers.call(front.emulator + self.path)
        except OSError:
            self.fault("UNAVAILABLE", 503)
            return
        code = re.match(r"rpc error: code = (\w+) ", answer.get("error", "")) if status >= 400 and answer else None
        if code:
            self.fault(*STATUS.get(code[1], ("INTERNAL", 500)))
            return
        data = base64.b64decode(answer["payload"]["data"])
        answer["payload"]["dataCrc32c"] = str(crc32c(data) ^ front.damage)
        self.say(status, answer)

    def fault(self, name, status):
        self.say(status, {"error": {"code": status, "message": "as Google says it", "status": name}})

    def say(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Front:
    """token: what the metadata service gives out; accepts: the token that is right; busy: 429; damage: a wrong checksum."""

    def __init__(self, emulator):
        self.emulator, self.token = emulator, "ya29-" + secrets.token_hex(12)
        self.accepts, self.busy, self.damage = self.token, False, 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.front = self
        place = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{place}"
        self.env = {"CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": self.url, "GCE_METADATA_HOST": place}

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def ask(self, path, data):
        status, answer = servers.call(f"{self.emulator}/v1/projects/p/secrets{path}", "POST", data)
        assert status < 300, (path, status, answer)

    def make(self, name, *keys):
        self.ask(f"?secretId={name}", {"replication": {"automatic": {}}})
        for key in keys:
            self.ask(f"/{name}:addVersion", {"payload": {"data": base64.b64encode(key.encode()).decode()}})
