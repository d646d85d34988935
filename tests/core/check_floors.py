#!/usr/bin/env python3
"""check_floors.py: proves from includes and objects that no floor uses a higher one, and that base to engine do no I/O."""
import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLOORS = ["include", "base", "safe", "wire", "policy", "engine", "local", "net", "app"]
PURE = FLOORS[1:FLOORS.index("local")]
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
PUBLIC = {"keyplate.h", "keyplate_run.h"}

# Headers that others wrote belong to the floors that may use them.
OTHERS = {
    "sodium": {"safe"},
    "cjson": {"app"},
    "sqlite3": {"local"},
    "curl": {"net"},
    "openssl": {"safe", "net"},
    "microhttpd": {"app"},
}

# Headers of the system that are all about I/O or the clock.
IO_HEADER = re.compile(r"sys/(socket|stat|file|time|times|select|epoll|ioctl|un|uio)\.h|(fcntl|poll|netdb|time|dirent)\.h")

# All that the floors without I/O may call in libc: memory, text, sorting, locks.
LIBC = re.compile(
    r"mem(cpy|move|set|cmp|chr|rchr|mem|pcpy)|explicit_bzero|bcmp|raw(memchr)|"
    r"str(n?len|n?cmp|n?cpy|chr|rchr|chrnul|str|spn|cspn|pbrk|n?dup|n?casecmp)|stp(n?cpy)|qsort|bsearch|abort|inet_(pton|ntop)|in6addr_\w+|"
    r"__(mem(cpy|move|set|pcpy)|explicit_bzero|str(n?cpy|n?cat)|stpn?cpy)_chk|"
    r"v?snprintf|__v?snprintf_chk|__assert_fail|"
    r"pthread_(mutex_\w+|mutexattr_\w+|once|atfork|rwlock_\w+)|__register_atfork|__errno_location"
)
# What the compiler itself calls.
COMPILER = re.compile(
    r"_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__(mul|div|mod|udiv|umod|mulo|cpu)\w+|"
    r"__(asan|ubsan|tsan|lsan|sanitizer|sancov|gcov|llvm)_\w+"
)
# What one file may call besides, with the reason.
BESIDES = {
    "base/mem.c": re.compile(r"malloc|calloc|realloc|free"),  # the one place that takes memory from the heap
    "safe/hmac.c": re.compile(r"EVP_\w+"),  # libcrypto uses the processor's instructions for SHA-256
    "safe/rsa.c": re.compile(r"(ERR|EVP|OBJ|PKCS8|RSA|d2i)_\w+"),  # libcrypto signs for the service account
    "safe/*": re.compile(
        r"(sodium|crypto|randombytes)_\w+|"
        r"m(map|unmap|protect|lock|unlock|advise)|sysconf|getpagesize|getpid"  # pages of their own for secrets
    ),
}
# Follow the locale, overflow, or go past base/mem.h: on no floor.
NEVER = re.compile(
    r"strto(d|f|ld)|ato[fil]|setlocale|localeconv|is(alpha|alnum|digit|space|upper|lower|print|punct|xdigit)|to(upper|lower)|"
    r"__ctype_\w+|strtok|gets|strcpy|strcat|v?sprintf|__(strcpy|strcat|v?sprintf)_chk|malloc|calloc|realloc|reallocarray|"
    r"strdup|strndup|v?asprintf|__v?asprintf_chk"
)


def includes():
    """Yields one sentence for each include that the floors forbid."""
    for path in sorted((ROOT / "core").rglob("*.[ch]")):
        floor = path.relative_to(ROOT / "core").parts[0]
        name = path.relative_to(ROOT)
        if floor not in FLOORS:
            yield f"{name}: {floor} is no floor"
            continue
        for kind, target in INCLUDE.findall(path.read_text(encoding="utf-8")):
            top = target.split("/")[0].removesuffix(".h")
            if target in PUBLIC:
                continue
            if kind == '"':
                if "/" not in target or top not in FLOORS:
                    yield f"{name}: write \"{target}\" as FLOOR/NAME.h"
                elif FLOORS.index(top) > FLOORS.index(floor):
                    yield f"{name}: {floor} includes {target}, which is a higher floor"
                elif not (ROOT / "core" / target).is_file():
                    yield f"{name}: there is no {target}"
            elif top in OTHERS and floor not in OTHERS[top]:
                yield f"{name}: {floor} includes <{target}>; only {', '.join(sorted(OTHERS[top]))} may"
            elif floor in PURE and IO_HEADER.fullmatch(target):
                yield f"{name}: {floor} does no I/O and reads no clock, but includes <{target}>"


def undefined(nm, path):
    out = subprocess.run([nm, "-u", path], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1].split("@")[0] for line in out.splitlines() if line.strip()}


def symbols(nm, listing):
    """Yields one sentence for each undefined symbol that an object must not have."""
    rows = [line.split(" ", 1) for line in pathlib.Path(listing).read_text(encoding="utf-8").splitlines() if line]
    if not rows:
        yield "no objects to look at"
    for floor, path in rows:
        source = f"{floor}/{pathlib.Path(path).name.removesuffix('.o')}"
        besides = [BESIDES[key] for key in (source, f"{floor}/*") if key in BESIDES]
        for symbol in sorted(undefined(nm, path)):
            if any(pattern.fullmatch(symbol) for pattern in besides):
                continue
            if NEVER.fullmatch(symbol):
                yield f"core/{source} calls {symbol}, which no floor may"
            elif floor in PURE and not (symbol.startswith("kp_") or LIBC.fullmatch(symbol) or COMPILER.fullmatch(symbol)):
                yield f"core/{source} calls {symbol}, which is not known to be free of I/O"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--objects", help="file with a line 'FLOOR PATH' for each object")
    args = parser.parse_args()
    wrong = list(includes())
    if args.objects:
        wrong += symbols(args.nm, args.objects)
    print("\n".join(wrong) or "the floors hold")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
