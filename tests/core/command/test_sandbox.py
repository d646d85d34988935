"""test_sandbox.py: the sandbox as a server: paths, record, many clients at a time, TLS."""

import concurrent.futures
import http.client
import socket
import ssl
import subprocess
import urllib.parse

from sandbox_box import PAGE, refused, sandbox  # noqa: F401


def test_paths_and_methods(sandbox):
    box = sandbox()
    assert box.call("GET", "/")[0] == 200
    assert box.call("GET", "/nowhere")[0] == 404
    assert box.call("PUT", "/in.php")[0] == 405
    assert box.call("GET", "/createTask")[0] == 405
    assert box.call("POST", "/balance")[0] == 405


def test_record_counts_requests_and_connections(sandbox):
    box = sandbox()
    link = box.connect()
    for _ in range(3):
        box.call("GET", f"/res.php?key={box.key}&action=getbalance", connection=link)
    link.close()
    box.submit()
    # A path can hold a key, so only the known ones are written.
    box.call("GET", f"/{box.key}/in.php")
    lines = box.record()
    assert [line["call"] for line in lines] == ["balance", "balance", "balance", "submit", "other"]
    assert len({line["connection"] for line in lines[:3]}) == 1
    assert len({line["connection"] for line in lines}) == 3
    assert lines[3]["method"] == "POST" and lines[3]["path"] == "/in.php" and lines[3]["status"] == 200
    assert lines[3]["client"] == "127.0.0.1" and len(lines[3]["fingerprint"]) == 8
    assert lines[4]["path"] == "other" and lines[4]["status"] == 404


def test_a_request_that_is_not_whole_is_not_recorded_or_charged(sandbox):
    box = sandbox()
    form = urllib.parse.urlencode({"key": box.key, "method": "turnstile", "sitekey": "a", "pageurl": PAGE})
    head = f"POST /in.php HTTP/1.1\r\nHost: x\r\nContent-Length: {len(form) + 1}\r\n"
    head += "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    with socket.create_connection((box.host, box.port)) as link:
        link.sendall((head + form).encode())
    box.get("/res.php", action="getbalance")
    assert [line["call"] for line in box.record()] == ["balance"] and box.ledger() == []


def test_many_at_a_time(sandbox):
    box = sandbox("--balance", "0.1", keys=2)

    def work(number):
        text = box.post("/in.php", key=box.keys[number % 2], method="turnstile", sitekey="a", pageurl=PAGE)
        return text if text == "ERROR_ZERO_BALANCE" else text[:3]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        results = list(pool.map(work, range(300)))
    assert results.count("OK|") == 200 and results.count("ERROR_ZERO_BALANCE") == 100
    tasks = [line["task"] for line in box.ledger()]
    assert len(tasks) == len(set(tasks)) == 200


def test_tls(tmp_path, sandbox):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        + ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
        capture_output=True,
        timeout=60,
    )
    assert made.returncode == 0
    box = sandbox("--tls", str(cert), str(key))
    assert box.url.startswith("https://") and f"KEYPLATE_CA_FILE={cert}" in box.lines[-1]
    context = ssl.create_default_context(cafile=cert)
    link = http.client.HTTPSConnection(box.host, box.port, timeout=20, context=context)
    assert box.call("GET", f"/res.php?key={box.key}&action=getbalance", connection=link)[2] == "10"
    link.close()
    script = tmp_path / "s.json"
    script.write_text('{"rules":[{"drop_after_bytes":3}]}')
    assert refused("--tls", str(cert), str(key), "--script", str(script)).returncode == 2
    assert refused("--tls", str(key), str(cert)).returncode == 5
