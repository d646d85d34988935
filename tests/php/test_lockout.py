"""test_lockout.py: many processes that start with a wrong key, as a host with all defaults has them: row G6."""

import secrets
import subprocess
from collections import Counter

from conftest import PATIENCE

WORK = """<?php
$c = new Keyplate\\Client();
for ($i = 0; $i < 4; $i++) {
    try {
        if ($i % 2 === 0) {
            $c->solve('turnstile', ['sitekey' => 'a', 'pageurl' => 'https://example.com/']);
        } else {
            $c->balance();
        }
        echo "ok\\n";
    } catch (Keyplate\\Exception\\Exception $error) {
        echo $error->getErrorCode(), "\\n";
    }
}
"""
PROCESSES, CALLS = 12, 4


def test_g6_processes_with_a_wrong_key_make_one_attempt(php, box):
    wrong = secrets.token_hex(16)
    php.secrets.add(wrong)
    script = php.folder / "work.php"
    script.write_text(WORK)
    env = {**php.env, "CAPTCHAAI_URL": box.url, "CAPTCHAAI_API_KEY": wrong}
    processes = [subprocess.Popen(php.words(str(script)), env=env, cwd=php.folder, text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE) for _ in range(PROCESSES)]
    codes = Counter()
    for process in processes:
        out, err = process.communicate(timeout=PATIENCE)
        php.judge(out + err)
        assert process.returncode == 0, out + err
        codes.update(out.split())
    assert codes == {"ERROR_KEY_DOES_NOT_EXIST": 1, "key_cooling": PROCESSES * CALLS - 1}
    assert len(box.record()) == 1
    assert box.get("/res.php", action="getbalance") != "IP_BANNED"
