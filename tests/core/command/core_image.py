"""core_image.py: what a core dump of a running process would have, and fragments of a key in it."""

import base64
import re

FRAGMENT = 8  # characters of a key that must not be together anywhere
MAPPING = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)$")


def mappings(pid):
    """Start, end, rights, name and flags of each mapping."""
    found = []
    with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as file:
        for line in file:
            head = MAPPING.match(line)
            if head:
                start, end, rights, name = head.groups()
                found.append((int(start, 16), int(end, 16), rights, name))
            elif line.startswith("VmFlags:"):
                found[-1] += (set(line.split()[1:]),)
    return found


def image(pid, everything=False):
    """From the name of each readable mapping to its bytes; without everything only what goes into a core dump. What
    nobody can have written to is as it is in its file."""
    parts = {}
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end, rights, name, flags in mappings(pid):
            file_only = name.startswith("/") and "w" not in rights
            if "r" not in rights or file_only or name in ("[vvar]", "[vsyscall]") or ("dd" in flags and not everything):
                continue
            memory.seek(start)
            parts[f"{start:x} {name}"] = read(memory, end - start)
    return parts


def read(memory, size):
    data = bytearray()
    try:
        while len(data) < size:
            more = memory.read(min(size - len(data), 1 << 20))
            if not more:
                break
            data += more
    except OSError:  # guard pages
        pass
    return bytes(data)


def forms(key):
    """Every fragment of the key: plain, in hex, in base64 at each of the three shifts."""
    key = key.encode()
    texts = [(key, FRAGMENT), (key.hex().encode(), 2 * FRAGMENT), (key.hex().upper().encode(), 2 * FRAGMENT)]
    for shift in range(3):
        # Characters that bytes before or behind the key have a part in are left out.
        coded = base64.b64encode(bytes(shift) + key)[(shift * 8 + 5) // 6:(shift + len(key)) * 8 // 6]
        texts.append((coded, FRAGMENT * 8 // 6))
    return {text[i:i + size] for text, size in texts for i in range(len(text) - size + 1)}


def fragments(parts, key):
    """Where fragments of the key are: names of parts with offset and the bytes around."""
    return [f"{name} at {at:x}: {data[max(at - 24, 0):at + 40]!r}" for name, data in parts.items()
            for fragment in forms(key) if (at := data.find(fragment)) >= 0]
