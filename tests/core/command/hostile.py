"""hostile.py: servers and proxies over bare sockets that break the rules as a script says, and keep every byte."""

import contextlib
import re
import socket
import ssl
import struct
import subprocess
import threading
import warnings

PIECE = 65536
HEAD_END = b"\r\n\r\n"


class Request:
    """One request, read whole."""

    def __init__(self, head, body, connection):
        self.head, self.body, self.connection = head.decode("latin-1"), body, connection
        self.line, *lines = self.head.split("\r\n")
        self.method, self.target, _ = self.line.split(" ", 2)
        pairs = (line.partition(":") for line in lines if line)
        self.headers = {name.strip().lower(): value.strip() for name, _, value in pairs}

    @property
    def call(self):
        """What it asks for: submit, result, balance, report, or its target."""
        path = self.target.partition("?")[0]
        action = re.search(r"[?&]action=(\w+)", self.target)
        names = {"get": "result", "getbalance": "balance", "reportgood": "report", "reportbad": "report",
                 "/in.php": "submit", "/createTask": "submit", "/solve": "submit", "/getTaskResult": "result",
                 "/balance": "balance"}
        return names.get(action and action.group(1), names.get(path, self.target))


class Connection:
    """The server's end of a connection. raw has every byte that was read, after TLS where there is TLS."""

    def __init__(self, sock, number):
        self.sock, self.number, self.raw, self.rest = sock, number, b"", b""

    def read(self):
        data = self.sock.recv(PIECE)
        self.raw += data
        return data

    def read_request(self):
        """The next request, None when the other side ends first."""
        data, self.rest = self.rest, b""
        while HEAD_END not in data:
            more = self.read()
            if not more:
                return None
            data += more
        head, _, body = data.partition(HEAD_END)
        length = re.search(rb"\r\nContent-Length: *(\d+)", head, re.I)
        length = int(length.group(1)) if length else 0
        while len(body) < length:
            more = self.read()
            if not more:
                return None
            body += more
        self.rest = body[length:]
        return Request(head, body[:length], self)

    def send(self, data):
        self.sock.sendall(data)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Server:
    """Serves on 127.0.0.1 until close(). script: from the name of a call to what answers it; see act()."""

    def __init__(self, script=None, context=None, greet=None):
        self.script = {**SERVICE, **(script or {})}
        self.context, self.greet = context, greet
        self.connections, self.requests, self.failures = [], [], []
        self.lock, self.closing, self.threads = threading.Lock(), threading.Event(), []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        self.start(self.accept)

    def start(self, work, *arguments):
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def accept(self):
        while not self.closing.is_set():
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                connection = Connection(sock, len(self.connections))
                self.connections.append(connection)
            self.start(self.serve, connection)

    def serve(self, connection):
        with contextlib.suppress(OSError), connection.sock:
            if self.greet:
                self.greet(self, connection)
                return
            if self.context:
                try:
                    connection.sock = self.context.wrap_socket(connection.sock, server_side=True)
                except OSError as problem:
                    self.failures.append(str(problem))
                    return
            with connection.sock:
                self.converse(connection)

    def converse(self, connection):
        while True:
            request = connection.read_request()
            if request is None:
                return
            with self.lock:
                self.requests.append(request)
            if not self.act(self.script.get(request.call, close), request):
                return

    def act(self, answer, request):
        """bytes are sent and the connection is kept; a list gives one entry to each request, the last one to all that
        follow; a function does what it wants and says whether the connection is kept."""
        if isinstance(answer, list):
            seen = sum(other.call == request.call for other in self.requests)
            return self.act(answer[min(seen, len(answer)) - 1], request)
        if callable(answer):
            return answer(self, request)
        request.connection.send(answer)
        return True

    def of(self, call):
        return [request for request in self.requests if request.call == call]

    @property
    def raw(self):
        """Every byte that was read on any connection."""
        return b"".join(connection.raw for connection in self.connections)

    def close(self):
        self.closing.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(10)


# ---- Answers ----


def reply(body="", status="200 OK", headers=(), framing="length"):
    """The bytes of an answer. framing: how its end is told: length, chunked, close."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", *headers]
    if framing == "length":
        lines.append(f"Content-Length: {len(body)}")
    elif framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
        half = len(body) // 2
        chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:]) if part]
        body = b"".join(chunks) + b"0\r\n\r\n"
    else:
        lines.append("Connection: close")
    return "\r\n".join(lines).encode() + HEAD_END + body


SERVICE = {
    "balance": reply('{"status":1,"request":"12.5"}'),
    "submit": reply('{"status":1,"request":"4711"}'),
    "result": reply('{"status":1,"request":"the answer"}'),
    "report": reply('{"status":1,"request":"OK_REPORT_RECORDED"}'),
}


def close(server, request):
    """Read, and closed without an answer."""
    return False


def reset(server, request):
    request.connection.reset()
    return False


def hold(server, request):
    """No answer, until the other side ends the connection or the server is closed."""
    while request.connection.read():
        pass
    return False


def closing(data):
    """These bytes, then the end of the connection."""
    def act(server, request):
        request.connection.send(data)
        return False
    return act


def endless(first, again):
    """first, then again and again until the other side has enough."""
    def act(server, request):
        request.connection.send(first)
        while not server.closing.is_set():
            request.connection.send(again)
        return False
    return act


def drip(data, seconds=0.5):
    """One byte at a time."""
    def act(server, request):
        for byte in data:
            request.connection.send(bytes([byte]))
            if server.closing.wait(seconds):
                return False
        return True
    return act


# ---- Proxies: what is done with a CONNECT; the rest of its connection is kept in connection.raw ----


def tunnel(server, connection):
    """Lets the call through."""
    request = connection.read_request()
    if request is None:
        return
    server.requests.append(request)
    host, port = request.target.rsplit(":", 1)
    with socket.create_connection((host, int(port))) as far:
        connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        server.start(pump, lambda: far.recv(PIECE), connection.sock)
        pump(connection.read, far)


def pump(read, to):
    with contextlib.suppress(OSError):
        while data := read():
            to.sendall(data)
        to.shutdown(socket.SHUT_WR)


def refuse(answer, then="close"):
    """Reads the CONNECT, answers with these bytes, then closes, resets, or reads on."""
    def greet(server, connection):
        request = connection.read_request()
        if request is None:
            return
        server.requests.append(request)
        connection.send(answer)
        if then == "reset":
            connection.reset()
        while then == "read" and connection.read():
            pass
    return greet


# ---- TLS ----


class Authority:
    """A certificate authority that lives as long as its folder."""

    def __init__(self, folder, name="keyplate tests"):
        self.folder = folder
        self.path = folder / "ca.pem"
        self.openssl("req", "-x509", *self.new_key("ca.key"), "-subj", f"/CN={name}", "-days", "2", "-out", "ca.pem")

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    @staticmethod
    def new_key(path):
        return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path

    def certificate(self, name, subject="IP:127.0.0.1", days=2, by_itself=False):
        """Paths of certificate and key."""
        pem, key = f"{name}.pem", f"{name}.key"
        if by_itself:
            self.openssl("req", "-x509", *self.new_key(key), "-subj", f"/CN={name}", "-days", str(days), "-out", pem,
                         "-addext", f"subjectAltName={subject}")
            return self.folder / pem, self.folder / key
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={subject}\n")
        self.openssl("req", "-new", *self.new_key(key), "-subj", f"/CN={name}", "-out", f"{name}.csr")
        signer = "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"
        self.openssl("x509", "-req", "-in", f"{name}.csr", *signer, "-days", str(days), "-extfile", f"{name}.ext",
                     "-out", pem)
        return self.folder / pem, self.folder / key

    def context(self, name, **more):
        """For a server that shows such a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate(name, **more))
        return context


def shake_hands(server, client):
    """The version of TLS that two contexts agree on."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [server.wrap_bio(there, back, server_side=True), client.wrap_bio(back, there)]
    while ends[0].version() is None or ends[1].version() is None:
        for end in reversed(ends):
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
    return ends[1].version()


def old_tls(context):
    """Makes it speak TLS 1.1 at most. Says why that is not possible, None if it is."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            for end in (context, client):
                end.set_ciphers("ALL:@SECLEVEL=0")
                end.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        version = shake_hands(context, client)
    except (ssl.SSLError, ValueError) as problem:
        return f"this OpenSSL does not speak TLS 1.1: {problem}"
    return None if version == "TLSv1.1" else f"the handshake ended with {version}"
