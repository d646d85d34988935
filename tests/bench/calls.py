"""calls.py: makes N submits on one kept-alive connection, by keyplate or by requests: what calls.c does, from Python.

    calls.py keyplate|requests N URL KEY_FILE
"""

import pathlib
import sys

PARAMETERS = {"sitekey": "0x4AAA", "pageurl": "https://example.com/"}


def by_keyplate(count, url, key_file):
    import keyplate

    with keyplate.Client(config=False, key=f"file:{key_file}", url={"captchaai": url}, store="memory:") as client:
        for _ in range(count):
            client.submit("turnstile", PARAMETERS)


def by_requests(count, url, key_file):
    """The plain program: a session as it comes, nothing checked."""
    import requests

    form = {"key": pathlib.Path(key_file).read_text().strip(), "method": "turnstile", "json": "1", **PARAMETERS}
    with requests.Session() as session:
        for _ in range(count):
            session.post(f"{url}/in.php", data=form).json()["request"]


{"keyplate": by_keyplate, "requests": by_requests}[sys.argv[1]](int(sys.argv[2]), sys.argv[3], sys.argv[4])
