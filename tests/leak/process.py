"""process.py: what can be seen of a process from outside: its memory, /proc, its system calls."""

import os
import re
import shutil
from pathlib import Path

ZEROS = bytes(4096)
HEADER = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ (\d+) *(.*)$")
# The kernel's own pages; what is mapped there is none of the process.
KERNEL = ("[vvar]", "[vvar_vclock]", "[vsyscall]", "[vdso]")
CALLS = ("trace=%network,%file,write,writev,pwrite64,pwritev,pwritev2,sendfile,splice,vmsplice,execve,execveat,fork,vfork,"
         "memfd_create,msgsnd,mq_timedsend,add_key")
FORKED = re.compile(rb"^\d+ +(?:fork|vfork)\(")


class Mapping:
    def __init__(self, header):
        start, end, self.rights, inode, self.path = HEADER.match(header).groups()
        self.start, self.end, self.file = int(start, 16), int(end, 16), inode != "0"
        self.own, self.flags = 0, ()

    @property
    def changed(self):
        """Not the same as a file that lies on disk anyway."""
        return not self.file or self.own > 0 or ("s" in self.rights and "w" in self.rights)


def squeeze(data):
    """Without long runs of zero bytes."""
    return data.replace(ZEROS, b"").replace(ZEROS[:8], b"\0")


def mappings(pid):
    found = []
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if HEADER.match(line):
            found.append(Mapping(line))
        elif line.startswith(("Anonymous:", "Private_Dirty:")):
            found[-1].own += int(line.split()[1])
        elif line.startswith("VmFlags:"):
            found[-1].flags = line.split()[1:]
    return found


def memory(pid, dumped):
    """Yields (name, bytes) of each mapping that can be read. dumped: only of those that a core dump has; else of all but
    those that are locked and in no core dump: there the keys are that redactors know, as long as the process lives."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory_file:
        for mapping in mappings(pid):
            if mapping.rights[0] != "r" or not mapping.changed or mapping.path in KERNEL:
                continue
            left_out = "dd" in mapping.flags
            if left_out and (dumped or "lo" in mapping.flags):
                continue
            try:
                data = os.pread(memory_file.fileno(), mapping.end - mapping.start, mapping.start)
            except OSError:
                continue
            yield mapping.path or "anonymous", squeeze(data)


def read(path):
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def links(folder):
    try:
        return "\n".join(os.readlink(entry) for entry in Path(folder).iterdir()).encode()
    except OSError:
        return b""


def children(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in read(task / "children").split():
            found += [int(child), *children(int(child))]
    return found


def surroundings(pid):
    """Yields (name, bytes) of what users and administrators see in /proc."""
    for name in ("cmdline", "environ", "comm", "status", "maps"):
        yield name, read(f"/proc/{pid}/{name}")
    yield "fd", links(f"/proc/{pid}/fd")
    for task in Path(f"/proc/{pid}/task").iterdir():
        yield "comm", read(task / "comm")


def can_trace():
    return shutil.which("strace") is not None


def traced(words, out):
    """The words of a program, traced: each system call that hands bytes or names to somebody else, whole."""
    return ["strace", "-f", "-v", "-yy", "-xx", "-s", "65535", "-qq", "-o", str(out), "-e", CALLS, "-e", "signal=none",
            "--", *words]


def outside(trace, ports, starts=1):
    """Yields (name, line) of the traced calls but those on connections to the ports; and of programs that were started
    beyond the first, whatever is in them."""
    pinned = [f"->127.0.0.1:{port}]".encode() for port in ports]
    for line in trace.splitlines():
        call = line.split(b"(", 1)[0].split()[-1:]
        is_exec = call and call[0] in (b"execve", b"execveat")
        if is_exec:
            starts -= 1
        if is_exec and starts < 0 or FORKED.match(line):
            yield "started", line
        elif is_exec:
            continue  # its arguments and environment are what the oracle itself gave it
        elif not any(pin in line.split(b",", 1)[0] for pin in pinned):
            yield "call", line
