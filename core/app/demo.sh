#!/bin/sh
# demo.sh: shows the command, and the modules for Lua, Python and PHP at work, against a sandbox that it starts and stops itself.
# Usage: demo.sh PATH-OF-KEYPLATE
set -eu

source=$(cd "$(dirname "$0")" && pwd)
built=$(cd "$(dirname "$1")" && pwd)
program=$built/$(basename "$1")
folder=$(mktemp -d)
sandbox=
finish() {
    if [ -n "$sandbox" ]; then
        kill "$sandbox" 2>/dev/null || true
        wait "$sandbox" || true
    fi
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# Nothing of the user's own: no keys, no configuration, no state.
for name in $(env | grep -oE '^(KEYPLATE|CAPTCHAAI|NOCAPTCHAAI)_[A-Z0-9_]+'); do
    unset "$name"
done
export HOME="$folder" XDG_CONFIG_HOME="$folder" KEYPLATE_STATE_DIR="$folder/state"
cd "$folder"
umask 077
PATH=$built:$PATH

# show STATUS WORD... runs the command as a user would type it, and stops the demo if it ends with another status.
show() {
    expected=$1
    shift
    printf '\n$ %s\n' "$*"
    status=0
    env "$@" 2>&1 || status=$?
    if [ "$status" != "$expected" ]; then
        echo "demo: exit status $status where $expected was expected" >&2
        exit 1
    fi
    [ "$status" = 0 ] || echo "(exit status $status, as expected)"
}

echo 'Both services offline: the sandbox listens on a free port and makes a key of its own.'
printf '\n$ keyplate sandbox --listen 127.0.0.1:0 --solve-ms 300 &\n'
mkfifo lines
"$program" sandbox --listen 127.0.0.1:0 --solve-ms 300 >lines &
sandbox=$!
settings=
exec 3<lines
while [ -z "$settings" ] && read -r line <&3; do
    echo "$line"
    case $line in "export "*) settings=$line ;; esac
done
[ -n "$settings" ] || {
    echo 'demo: the sandbox did not start' >&2
    exit 1
}
eval "$settings"

# A picture for the tasks that read one: one white dot.
echo iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEANl9ngAAAAABJRU5ErkJggg== | base64 -d >dot.png
# A key that nobody has.
od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >wrong_key

printf '\n== CaptchaAI\n'
show 0 keyplate verify
show 0 keyplate balance
show 0 keyplate solve turnstile sitekey=0x4AAAAAAA pageurl=https://example.com/
show 0 keyplate solve base64 body=@dot.png --json
show 3 CAPTCHAAI_API_KEY_FILE=wrong_key keyplate balance

printf '\n== NoCaptchaAI\n'
show 0 keyplate --provider nocaptchaai verify
show 0 keyplate --provider nocaptchaai balance
show 0 keyplate --provider nocaptchaai solve ImageToTextTask body=@dot.png
show 3 NOCAPTCHAAI_API_KEY_FILE=wrong_key keyplate --provider nocaptchaai balance

printf '\n== keyplate redact\n'
echo 'app.log has the key in it: plain, in base64, and once more as part of a URL.'
{
    printf 'trying key '
    cat "$CAPTCHAAI_API_KEY_FILE"
    printf 'Authorization: Basic '
    base64 <"$CAPTCHAAI_API_KEY_FILE"
    printf 'GET /res.php?action=getbalance&key='
    cat "$CAPTCHAAI_API_KEY_FILE"
} >app.log
printf '\n$ keyplate redact <app.log\n'
keyplate redact <app.log | tee redacted.log
[ "$(wc -l <redacted.log)" = 3 ] && ! grep -q -F -f "$CAPTCHAAI_API_KEY_FILE" redacted.log || {
    echo 'demo: keyplate redact did not do its work' >&2
    exit 1
}

# not_shown NAME: tells so; where make demo has installed what it needs, that is a failure.
not_shown() {
    echo "$1 is not shown: its interpreter is not installed, or its headers were not when this was built."
    if command -v apt-get >/dev/null; then
        exit 1
    fi
}

# show_lua NAME FOLDER INTERPRETER... runs demo.lua with the first interpreter that is there, if its module was built.
show_lua() {
    name=$1 modules=$built/lua/$2
    shift 2
    for interpreter; do
        if command -v "$interpreter" >/dev/null && [ -e "$modules/keyplate.so" ]; then
            show 0 LUA_CPATH="$modules/?.so" "$interpreter" "$source/demo.lua"
            return
        fi
    done
    not_shown "$name"
}

# show_python INTERPRETER... runs demo.py with the first interpreter that the package was built for.
show_python() {
    for interpreter; do
        if env PYTHONPATH="$built/python" "$interpreter" -B -c 'import keyplate' 2>/dev/null; then
            show 0 PYTHONPATH="$built/python" "$interpreter" -B "$source/demo.py"
            return
        fi
    done
    not_shown Python
}

# show_php INTERPRETER... runs demo.php with the first interpreter that the extension was built for.
show_php() {
    for interpreter; do
        if "$interpreter" -n -d extension="$built/php/keyplate.so" -r 'new Keyplate\Redactor;' >/dev/null 2>&1; then
            show 0 "$interpreter" -n -d extension="$built/php/keyplate.so" "$source/demo.php"
            return
        fi
    done
    not_shown PHP
}
printf '\n== Lua\n'
sed 1d "$source/demo.lua"
show_lua 'Lua 5.4' 5.4 lua5.4 lua54 lua-5.4
show_lua LuaJIT luajit luajit luajit2

printf '\n== Python\n'
sed 1d "$source/demo.py"
show_python /usr/bin/python3 python3

printf '\n== PHP\n'
sed 1d "$source/demo.php"
show_php php php8.4 php8.3 php8.2 php8.1

printf '\nThe demo is over: every command did what it should.\n'
