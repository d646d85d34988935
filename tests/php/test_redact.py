"""test_redact.py: texts that a generator makes come out of PHP, whole and cut anywhere, as they come out of the command."""

import os
import secrets
import subprocess

from conftest import HERE, LONG, PATIENCE


def test_any_text_equals_the_reference(php, tmp_path):
    seed = os.environ.get("KP_SEED") or str(secrets.randbelow(1 << 30))
    path = php.key_file("local_key")
    php.env.update(CAPTCHAAI_API_KEY_FILE=str(path), KP_LOCAL_KEY=str(path))
    folder = tmp_path / "texts"
    folder.mkdir()
    documents, texts = (1000, 100_000) if LONG else (30, 3000)
    said = php((HERE / "hostile_texts.php").read_text(), str(folder), seed, str(documents), str(texts))
    assert said == "done", f"seed {seed}: {said}"
    masked = 0
    for number in range(documents):
        text = (folder / f"{number}.text").read_bytes()
        done = subprocess.run([os.environ["KEYPLATE"], "redact"], input=text, env=php.env, capture_output=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        assert done.stdout == (folder / f"{number}.shown").read_bytes(), f"seed {seed}, document {number}"
        masked += done.stdout.count(b"[REDACTED]") - text.count(b"[REDACTED]")
    assert masked > documents
