"""compare_signatures.py PROGRAM COUNT: signs random requests by botocore and by the program, and compares. Needs botocore."""
import base64
import datetime
import random
import string
import subprocess
import sys
from urllib.parse import quote

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

LETTERS = string.ascii_letters + string.digits + "-._~"


def text(chance, alphabet, most, least=1):
    return "".join(chance.choice(alphabet) for _ in range(chance.randint(least, most)))


def make(chance):
    """A request as it would be sent: path and query percent-encoded."""
    segments = [chance.choice(["", ".", "..", quote(text(chance, string.printable[:95] + "éሴ", 8), safe="")])
                for _ in range(chance.randint(0, 5))]
    query = "&".join(quote(text(chance, string.printable[:95], 6), safe="-_.~") + "=" +
                     quote(text(chance, string.printable[:95], 6, 0), safe="-_.~") for _ in range(chance.randint(0, 5)))
    headers = {"Host": text(chance, string.ascii_lowercase, 9) + ".example"}
    for _ in range(chance.randint(0, 5)):
        headers["X-" + text(chance, string.ascii_letters, 8)] = text(chance, LETTERS + "  ,;=", 20)
    return {"method": chance.choice(["GET", "POST", "PUT"]), "path": "/" + "/".join(segments), "query": query,
            "headers": headers, "body": chance.randbytes(chance.randint(0, 200)),
            "region": text(chance, string.ascii_lowercase + "-12", 12), "service": text(chance, string.ascii_lowercase, 9),
            "id": text(chance, string.ascii_uppercase, 20), "secret": text(chance, LETTERS + "+/=", 40),
            "token": chance.choice([None, text(chance, LETTERS + "+/=", 80)]), "time": chance.randint(0, 4102444800)}


def by_botocore(r):
    """The Authorization of botocore, and the headers that it signed."""
    moment = datetime.datetime.fromtimestamp(r["time"], datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda *_, **__: moment.replace(tzinfo=None)

    class Clock(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return moment.replace(tzinfo=None)

    if hasattr(botocore.auth, "datetime"):
        botocore.auth.datetime = type("module", (), {"datetime": Clock, "timezone": datetime.timezone})
    url = "https://" + r["headers"]["Host"] + r["path"] + ("?" + r["query"] if r["query"] else "")
    request = AWSRequest(method=r["method"], url=url, headers=dict(r["headers"]), data=r["body"])
    botocore.auth.SigV4Auth(Credentials(r["id"], r["secret"], r["token"]), r["service"], r["region"]).add_auth(request)
    signed = [(name, value) for name, value in request.headers.items() if name != "Authorization"]
    return request.headers["Authorization"], signed


def line(r, headers):
    fields = [r["method"], r["path"], r["query"], r["region"], r["service"], r["id"], r["secret"], str(r["time"]), r["body"]]
    fields += [part for header in headers for part in header]
    data = [field if isinstance(field, bytes) else field.encode() for field in fields]
    return " ".join(base64.b64encode(field).decode() or "-" for field in data) + "\n"


def main():
    program, count = sys.argv[1], int(sys.argv[2])
    chance = random.Random(20261121)
    requests = [make(chance) for _ in range(count)]
    expected = [by_botocore(r) for r in requests]
    lines = "".join(line(r, headers) for r, (_, headers) in zip(requests, expected))
    got = subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    wrong = [(r, e[0], g) for r, e, g in zip(requests, expected, got) if e[0] != g]
    if wrong or len(got) != count:
        print(f"{len(wrong)} of {count} differ, {len(got)} came:", *wrong[:3], sep="\n")
        return 1
    print(f"{count} signatures are equal")
    return 0


if __name__ == "__main__":
    sys.exit(main())
