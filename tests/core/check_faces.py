#!/usr/bin/env python3
"""check_faces.py: proves that core, documentation, Python, PHP and Lua have the same classes of errors, facts of errors, exceptions,
calls, parts of an answer and options: a name that one has and another lacks is told."""
import ast
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What only one language has: workers of PHP keep clients; Lua has operations in steps for event loops of others.
PHP_ONLY = {"shared"}
LUA_ONLY = {"operation"}
NOT_IN_LUA = {"option"}


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def snake(name):
    return re.sub(r"(?<=[a-z])([A-Z])", lambda match: "_" + match[1].lower(), name)


def between(text, start, end):
    """The text from what matches start to what matches end next."""
    first = re.search(start, text, re.M)
    if first is None:
        sys.exit(f"check_faces.py looks for {start!r}, which is not there any more")
    last = re.search(end, text[first.end():], re.M)
    return text[first.end():first.end() + (last.start() if last else len(text))]


class Core:
    errors = re.findall(r'^X\(\d+, KP_E_\w+, \w+, \d+, "(\w+)", KP_CLASS_(\w+),', read("core/base/error_list.h"), re.M)
    words = dict(re.findall(r'case KP_CLASS_(\w+): return "(\w+)"', read("core/base/error.c")))
    classes = set(words.values()) - {"none"}
    used = set(map(words.get, (name for _, name in errors)))
    codes = set(dict(errors))
    options = set(re.findall(r'^X\(\w+, "([\w.]+)"', read("core/engine/option_list.h"), re.M))


class Python:
    tree = {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "python/keyplate").glob("*.py")}

    @classmethod
    def find(cls, module, name, kind=(ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        return next(node for node in cls.tree[module].body if isinstance(node, kind) and node.name == name)

    @staticmethod
    def methods(node):
        return {item.name: item for item in node.body if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))}

    @staticmethod
    def arguments(function):
        return {item.arg for item in function.args.posonlyargs + function.args.args + function.args.kwonlyargs} - {"self", "cls"}

    @classmethod
    def exceptions(cls):
        """From the class to the name, and whether it is a ValueError."""
        found = {}
        for node in cls.tree["_errors"].body:
            for word in node.keywords if isinstance(node, ast.ClassDef) else ():
                found[word.value.value] = (node.name.removesuffix("Error"), "ValueError" in {ast.unparse(base) for base in node.bases})
        return found

    @classmethod
    def listed(cls):
        words = next(node for node in cls.tree["__init__"].body if isinstance(node, ast.Assign) and node.targets[0].id == "__all__")
        return {item.value for item in words.value.elts}

    @classmethod
    def calls(cls, module, name):
        base = cls.methods(cls.find("_client", "Base"))
        return {name for name in {**base, **cls.methods(cls.find(module, name))} if not name.startswith("_")}


class Php:
    stub = read("bindings/php/keyplate.stub.php")
    face = re.findall(r'\{"(\w+)", "(\w+)Exception", (true|false), NULL\}', read("bindings/php/face/error.c"))
    stubbed = re.findall(r"^class (\w+)Exception extends \\(\w+)", read("bindings/php/exceptions.stub.php"), re.M)

    @classmethod
    def body(cls, kind):
        return between(cls.stub, rf"^    (?:final )?(?:class|interface) {kind}\b", r"^    }")

    @classmethod
    def methods(cls, kind):
        return set(re.findall(r"public (?:static )?function (\w+)\(", cls.body(kind))) - {"__construct", "__debugInfo", "__toString"}

    @classmethod
    def arguments(cls, kind, method):
        text = between(cls.body(kind), rf"function {method}\(", r"\)(?:: \??[\w\\|]+)? ?(?:\{\}|;)$")
        return set(re.findall(r"(?<!\.)\$(\w+)", text))

    @classmethod
    def fields(cls, kind):
        return set(re.findall(r"public readonly \S+ \$(\w+);", cls.body(kind)))


class Lua:
    types = read("lua/types/keyplate.lua")

    @classmethod
    def fields(cls, kind):
        text = between(cls.types, rf"^---@class keyplate\.{kind}\b.*$", r"\n(?!---)")
        return {name: rest for name, rest in re.findall(r"^---@field (\w+)\??(.*)$", text, re.M)}

    @classmethod
    def options(cls):
        found = set()
        for name, rest in cls.fields("Options").items():
            inner = re.match(r" \{(.*)\}", rest)
            found |= {f"{name}.{word}" for word in re.findall(r"(\w+)\?:", inner[1])} if inner else {name}
        return found

    classes = set(re.findall(r'"(\w+)"', between(types, r"^---@alias keyplate\.Class$", r"\n(?!---)")))
    methods = set(re.findall(r"^function Client:(\w+)", types, re.M)) | {"close"}
    redactor = set(re.findall(r"^function Redactor:(\w+)", types, re.M))
    own = set(re.findall(r'strcmp\(name, "(\w+)"\)', read("lua/options.c")))


def compare(what, faces):
    """One sentence for each name that one has and another lacks."""
    everything = set().union(*faces.values())
    for name in sorted(everything):
        lack = [face for face, names in faces.items() if name not in names]
        if lack:
            have = [face for face in faces if face not in lack]
            yield f"{what} {name!r}: in {', '.join(have)}; not in {', '.join(lack)}"


def error_classes():
    python, readme = Python.exceptions(), between(read("python/README.md"), r"^\| class \| exception", r"\n\n")
    documented = {word for line in readme.splitlines()[2:] for word in re.findall(r"\w+", line.split("|")[1])}
    header = between(read("core/include/keyplate.h"), r"^/\* Its class: ", r";")
    yield from compare("class of errors", {
        "core/base/error.c": Core.classes, "core/base/error_list.h": Core.used, "keyplate.h": set(header.split()),
        "python/keyplate/_errors.py": set(python), "python/README.md": documented, "bindings/php/face/error.c": {word for word, _, _ in Php.face},
        "lua/types/keyplate.lua": Lua.classes})
    names = {name for name, _ in python.values()}
    yield from compare("exception", {
        "python/keyplate/_errors.py": names, "python/keyplate/__init__.py": {name.removesuffix("Error") for name in Python.listed()
                                                                            if name.endswith("Error") and name != "Error"},
        "python/README.md": {name.removesuffix("Error") for name in re.findall(r"`(\w+Error)`", "\n".join(
            line.split("|")[2] for line in readme.splitlines()[2:]))},
        "bindings/php/face/error.c": {name for _, name, _ in Php.face}, "bindings/php/exceptions.stub.php": {name for name, _ in Php.stubbed}})
    stubs = dict(Php.stubbed)
    for word, name, logic in Php.face:
        if python.get(word, (name, logic == "true")) != (name, logic == "true"):
            yield f"class {word!r}: {name} in PHP (wrong use: {logic}), {python[word]} in Python"
        if stubs.get(name) not in (None, "InvalidArgumentException" if logic == "true" else "RuntimeException"):
            yield f"{name}: extends {stubs[name]} in the stub, but not in face/error.c"
    for name in sorted((ROOT / "python/keyplate").glob("*.py")) + sorted((ROOT / "bindings/php/face").glob("*.c")):
        for code in re.findall(r'(?:own_error|throw_own|row_of)\("(\w+)"', name.read_text(encoding="utf-8")):
            if code not in Core.codes:
                yield f"{name.relative_to(ROOT)}: there is no error {code!r}"
    if len(Core.codes) < 50:
        yield "core/base/error_list.h cannot be read any more"


def facts_of_errors():
    plain = {"outcome_unknown": "unknown", "is_outcome_unknown": "unknown", "error_code": "code", "error_class": "class", "class_": "class"}

    def names(found):
        return {plain.get(name, name) for name in found}

    init = Python.methods(Python.find("_errors", "Error"))["__init__"]
    readme = between(read("python/README.md"), r"^All are `keyplate.Error`, with ", r"There")
    yield from compare("fact of an error", {
        "Python": names(Python.arguments(init)), "python/README.md": names(re.findall(r"`(\w+)`", readme)),
        "PHP": names(snake(name).removeprefix("get_") for name in Php.methods("Exception")),
        "Lua": names(Lua.fields("Error"))})


def options():
    own = {"key", "config", "log"}  # of the faces alone
    init = Python.methods(Python.find("_client", "Base"))["__init__"]
    if init.args.kwarg is None:
        yield "Python: a client takes no other options by name"
    if not re.search(r"mixed \.\.\.\$more", Php.body("Client")):
        yield "PHP: a client takes no other options by name"
    yield from compare("option", {"core/engine/option_list.h": Core.options - {"host"} | own, "lua/types/keyplate.lua": Lua.options()})
    # What has a name of its own in the constructors; all the others go through to the core as they are.
    wanted = {name for name in Core.options if name in ("keys", "provider")} | own
    faces = {"Python": Python.arguments(init), "PHP": Php.arguments("Client", "__construct") - {"options", "more"}, "wanted": wanted}
    yield from compare("argument of a client", faces)
    yield from compare("argument of a client", {"PHP's shared": Php.arguments("Client", "shared"), "PHP's constructor": Php.arguments("Client", "__construct")})
    yield from compare("own option", {"Lua": Lua.own, "wanted": wanted - {"provider"}})
    yield from compare("option of a redactor", {
        "Python": Python.arguments(Python.methods(Python.find("_redact", "Redactor"))["__init__"]),
        "PHP": {snake(name) for name in Php.arguments("Redactor", "__construct")},
        "Lua": set(re.findall(r"(\w+)\?:", between(Lua.types, r"@param options\? \{bare_hex", r"\n"))) | {"bare_hex"}})


def calls():
    yield from compare("call", {
        "Python": Python.calls("_client", "Client"), "AsyncClient": {name.replace("aclose", "close") for name in Python.calls("_aio", "AsyncClient")},
        "PHP": Php.methods("Client") - PHP_ONLY, "Lua": Lua.methods - LUA_ONLY | NOT_IN_LUA,
        "python/README.md": set(re.findall(r"`(\w+)\(", between(read("python/README.md"), r"^\| call \| gives", r"\n\n"))) | {"close"}})
    for name in ("submit", "solve", "result", "wait", "report", "balance", "verify", "rotate", "keys", "limits", "metrics", "pause", "resume"):
        found = {kind: Python.arguments(Python.methods(Python.find(module, kind))[name])
                 for module, kind in (("_client", "Client"), ("_aio", "AsyncClient"))}
        yield from compare(f"argument of {name}", {**found, "PHP": {snake(word) for word in Php.arguments("Client", name)}})
    yield from compare("call of a redactor", {
        "Python": {name for name in Python.methods(Python.find("_redact", "Redactor")) if not name.startswith("_")},
        "PHP": Php.methods("Redactor"), "Lua": Lua.redactor})


def parts_of_answers():
    def fields(kind):
        return {item.target.id for item in Python.find("_types", kind).body if isinstance(item, ast.AnnAssign)}

    def plain(names):
        # A text says what it is in; a Decimal of Python is an amount already.
        return {snake(name).replace("cost_usd", "cost") for name in names}

    yield from compare("part of a solution", {
        "Python": fields("Solution"), "PHP": plain(Php.fields("Solution")), "Lua": plain(Lua.fields("Solution")),
        "python/README.md": set(re.findall(r"`(\w+)`", re.search(r"`Solution`: (.*)\|", read("python/README.md"))[1]))})
    yield from compare("part of a task", {
        "Python": fields("Task") | {name for name in Python.methods(Python.find("_types", "Task")) if not name.startswith("_")},
        "PHP": plain(Php.fields("Task")) - {"reference"}})
    for kind in ("Limit", "Window", "Pause", "Limits"):
        yield from compare(f"part of {kind}", {"Python": fields(kind), "Lua": set(Lua.fields(kind))})
    yield from compare("part of a gap", {"Python": fields("Gap"), "Lua": set(Lua.fields("Gap"))})


def main():
    wrong = [text for check in (error_classes, facts_of_errors, options, calls, parts_of_answers) for text in check()]
    print("\n".join(wrong) or f"core, documentation, Python, PHP and Lua agree on {len(Core.codes)} errors of {len(Core.classes)} classes "
          f"and on {len(Core.options)} options")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
