# demo.py: what demo.sh shows of the Python package: the key comes from where the command finds it, and nothing here sees it.
import logging
import os
import pathlib
import sys

import keyplate
import keyplate.logging

keyplate.logging.install()
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="log      %(levelname)s %(name)s: %(message)s")
parameters = {"sitekey": "0x4AAAAAAA", "pageurl": "https://example.com/"}

with keyplate.Client(log=False) as client:
    balance = client.balance()
    print("balance ", balance, balance.unit)

    task = client.submit("turnstile", parameters)
    print("task    ", task)
    print("result  ", client.result(task))  # asks once: None, it is not ready
    solution = client.wait(task)
    print("answer  ", solution, "after polls:", solution.polls)
    print("key     ", solution.key)

with keyplate.Client(key="file:wrong_key") as client:  # its events go to the logger
    try:
        client.balance()  # the service refused this key above: it is not asked again
    except keyplate.AuthenticationError as error:
        print("refused ", error.code, f"({error.class_}):", error.text)

key = pathlib.Path(os.environ["CAPTCHAAI_API_KEY_FILE"]).read_text().strip()
logging.info("GET /res.php?key=%s&action=getbalance", key)
