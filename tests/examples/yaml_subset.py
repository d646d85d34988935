"""yaml_subset.py: reads the part of YAML that the examples keep to: maps and lists by indentation, words, quotes, and
blocks after `|`. All scalars are text, as with PyYAML's BaseLoader. What it does not know it refuses."""

import re

KEY = re.compile(r"([\w./-]+):(?:\s+(.*))?$")


class Unreadable(ValueError):
    pass


def scalar(text):
    if text in ("{}", "[]"):
        return {} if text == "{}" else []
    if text[:1] in "\"'":
        if len(text) < 2 or text[-1] != text[0] or "\\" in text or text[0] in text[1:-1]:
            raise Unreadable(text)
        return text[1:-1]
    if text[:1] in "[]{}>&*!%@`|" or ": " in text:
        raise Unreadable(text)
    return text


class Reader:
    def __init__(self, text):
        if "\t" in text:
            raise Unreadable("a tab")
        self.lines, self.at = text.split("\n"), 0

    def peek(self):
        """Indentation and text of the next line that says something, without its comment."""
        while self.at < len(self.lines):
            line = re.sub(r"(^|\s+)#.*$", "", self.lines[self.at])
            if line.strip():
                return len(line) - len(line.lstrip()), line.strip()
            self.at += 1
        return -1, ""

    def block(self, parent):
        """The lines behind `|` that are further in than their parent."""
        found = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.strip() and len(line) - len(line.lstrip()) <= parent:
                break
            found.append(line)
            self.at += 1
        while found and not found[-1].strip():
            found.pop()
        indent = len(found[0]) - len(found[0].lstrip())
        return "\n".join(line[indent:] for line in found) + "\n"

    def behind(self, text, indent):
        """The value that begins behind a key or dash at that indentation."""
        if text == "|":
            return self.block(indent)
        return scalar(text) if text else self.node(indent)

    def node(self, parent):
        indent, text = self.peek()
        # A list may stand as far out as its key.
        if indent < parent or (indent == parent and not text.startswith("- ")):
            return ""
        return self.list(indent) if text.startswith("- ") else self.map(indent)

    def list(self, indent):
        found = []
        while True:
            at, text = self.peek()
            if at != indent or not text.startswith("- "):
                return found
            rest = text[2:].strip()
            if KEY.match(rest):
                # A map that begins on the line of its dash.
                self.lines[self.at] = self.lines[self.at].replace("-", " ", 1)
                found.append(self.map(self.peek()[0]))
            else:
                self.at += 1
                found.append(self.behind(rest, indent))

    def map(self, indent):
        found = {}
        while True:
            at, text = self.peek()
            if at != indent or text.startswith("- "):
                return found
            match = KEY.match(text)
            if not match or match.group(1) in found:
                raise Unreadable(text)
            self.at += 1
            found[match.group(1)] = self.behind(match.group(2) or "", indent)


def read(path):
    reader = Reader(path.read_text(encoding="utf-8"))
    found = reader.node(-1)
    if reader.peek()[1]:
        raise Unreadable(reader.peek()[1])
    return found
