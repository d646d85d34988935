"""test_fpm.py: the extension in php-fpm behind nginx, as programs on the web run it: one worker, an empty environment."""

import http.client
import json
import os
import pathlib
import socket
import subprocess
import time

import pytest

PATIENCE = 60
FPM = """
[global]
error_log = {folder}/fpm.log
daemonize = no
[www]
{user}
listen = {folder}/fpm.sock
pm = static
pm.max_children = 1
clear_env = yes
catch_workers_output = yes
"""
NGINX = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
worker_processes 1;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    fastcgi_temp_path {folder}/fastcgi;
    proxy_temp_path {folder}/proxy;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen unix:{folder}/http.sock;
        location / {{
            fastcgi_pass unix:{folder}/fpm.sock;
            fastcgi_param SCRIPT_FILENAME {folder}/www$uri;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param QUERY_STRING $query_string;
            fastcgi_param SERVICE {service};
            fastcgi_param KEY_FILE {key};
        }}
    }}
}}
"""
MAKE = """<?php
$options = ['url' => ['captchaai' => $_SERVER['SERVICE']], 'store' => 'memory:'];
$key = 'file:' . $_SERVER['KEY_FILE'];
"""
SCRIPTS = {
    "shared.php": MAKE + "echo json_encode([getmypid(), Keyplate\\Client::shared(key: $key, config: false, options: $options)->balance()]);",
    "memory.php": MAKE + """
        preg_match('/VmRSS:\\s+(\\d+)/', file_get_contents('/proc/self/status'), $found);
        $c = Keyplate\\Client::shared(key: $key, config: false, options: $options, log: fn () => 1);
        $c->balance();
        $own = new Keyplate\\Client(config: false, key: fn () => null, store: 'memory:');
        try { $own->balance(); } catch (Keyplate\\Exception\\AuthenticationException) {}
        Keyplate\\redact('key=abcdefgh');
        echo $found[1];""",
    "no_key.php": "<?php try { (new Keyplate\\Client(store: 'memory:'))->balance(); } catch (Exception $e) { echo $e->getMessage(); }",
    "fatal.php": MAKE + """
        ini_set('display_errors', '0');
        $c = Keyplate\\Client::shared(key: function () { trigger_error('enough', E_USER_ERROR); }, config: false, options: $options, events: 5);
        $c->balance();""",
    "key.php": MAKE + "echo getmypid(), Keyplate\\Client::shared(key: fn () => trim(file_get_contents($_SERVER['KEY_FILE'])), config: false, options: $options)->balance();",
}


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self.path)


class Web:
    def __init__(self, folder, php, services, service):
        self.folder, self.processes = folder, []
        names = {"folder": folder, "service": f"{services.url}/{service}", "key": php.key_file("fpm_key"), "user": ""}
        root = os.geteuid() == 0
        (folder / "www").mkdir()
        for name, text in SCRIPTS.items():
            (folder / "www" / name).write_text(text)
        (folder / "fpm.conf").write_text(FPM.format(**{**names, "user": "user = root\ngroup = root" if root else ""}))
        (folder / "nginx.conf").write_text(NGINX.format(**{**names, "user": "user root;" if root else ""}))
        # What the master has in its environment, its workers do not see.
        env = {**php.env, "CAPTCHAAI_API_KEY_FILE": str(names["key"])}
        fpm = [os.environ["PHP_FPM"], "-n", "-F", "-y", str(folder / "fpm.conf"), "-d", f"extension={php.extension}"]
        self.start([*fpm, "-R"] if root else fpm, env, folder / "fpm.sock")
        self.start([os.environ["NGINX"], "-p", str(folder), "-c", str(folder / "nginx.conf")], php.env, folder / "http.sock")

    def start(self, words, env, wanted):
        with open(self.folder / "out.log", "ab") as out:
            self.processes.append(subprocess.Popen(words, env=env, stdout=out, stderr=out))
        end = time.monotonic() + PATIENCE
        while not wanted.exists():
            assert self.processes[-1].poll() is None and time.monotonic() < end, self.logs()
            time.sleep(0.01)

    def get(self, name):
        link = Unix(str(self.folder / "http.sock"))
        link.request("GET", f"/{name}")
        answer = link.getresponse()
        text = answer.read().decode()
        link.close()
        return answer.status, text

    def ok(self, name):
        status, text = self.get(name)
        assert status == 200, text + self.logs()
        return text

    def logs(self):
        return "".join(path.read_text(errors="replace") for path in self.folder.glob("*.log"))

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait(PATIENCE)


@pytest.fixture
def web(tmp_path, php, services):
    if not os.environ.get("PHP_FPM") or not pathlib.Path(os.environ["PHP_FPM"]).exists():
        pytest.skip("php-fpm is not installed")
    if not os.environ.get("NGINX") or not pathlib.Path(os.environ["NGINX"]).exists():
        pytest.skip("nginx is not installed")
    if php.preload:
        pytest.skip("php-fpm is not run under sanitizers")
    folder = tmp_path / "web"
    folder.mkdir(mode=0o755)
    running = Web(folder, php, services, "good.web")
    yield running
    running.stop()
    php.judge(running.logs())


def requests_of(services):
    lines = [line.split() for line in services.log.read_text().splitlines()]
    return [(call, connection) for name, call, connection in lines if name == "good.web"]


def test_requests_share_client_and_connection(web, services):
    answers = {web.ok("shared.php") for _ in range(50)}
    assert len(answers) == 1 and json.loads(answers.pop())[1] == "12.5"
    seen = requests_of(services)
    assert len(seen) == 50 and len({connection for _, connection in seen}) == 1


def test_memory_is_flat_and_the_connection_is_kept(web, services):
    for _ in range(300):
        web.ok("memory.php")
    before = int(web.ok("memory.php"))
    for _ in range(20000 if os.environ.get("KP_LONG") else 1000):
        web.ok("memory.php")
    assert int(web.ok("memory.php")) - before < 1024
    seen = requests_of(services)
    assert len(seen) > 1300 and len({connection for _, connection in seen}) == 1


def test_k1_says_what_php_fpm_does(web):
    text = web.ok("no_key.php")
    for words in ("no_key", "CAPTCHAAI_API_KEY", "clear_env", "env["):
        assert words in text


def test_a_fatal_error_in_a_call_leaves_the_worker_whole(web):
    pids = set()
    for _ in range(5):
        assert web.get("fatal.php")[0] == 500
        pids.add(web.ok("key.php"))
    assert len(pids) == 1
