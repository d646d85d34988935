#!/bin/sh
# rotation.sh: replaces the key in a file while the programs that read it go on.
# Usage: rotation.sh [--force] FILE <NEW_KEY        (at a terminal it asks for the new key)
# Both keys have to be valid at the service until the end. If a step before the last one fails, the old key is put back.
# --force: the old key is revoked without the day of rest. PATIENCE: how many seconds step 3 waits for other hosts (900).
# shellcheck disable=SC2016 # the variables of jq
set -eu
umask 077

say() { printf '%s\n' "$*"; }
stop() {
    printf 'rotation: %s\n' "$*" >&2
    exit 1
}

force=
if [ "${1:-}" = --force ]; then
    force=yes
    shift
fi
if [ $# != 1 ]; then
    echo 'usage: rotation.sh [--force] FILE <NEW_KEY' >&2
    exit 2
fi
for program in keyplate jq; do
    command -v "$program" >/dev/null || stop "$program is not installed"
done
[ -f "$1" ] || stop "there is no file $1"
file=$(readlink -f -- "$1")
next=$file.next
before=$file.before
# So that what is done here does not pass for the programs' own use of the key.
export KEYPLATE_NODE=rotation.sh

finish() {
    status=$?
    [ ! -t 0 ] || stty echo
    rm -f -- "$next"
    if [ -e "$before" ]; then
        mv -f -- "$before" "$file"
        say "rotation: the old key is in $file again" >&2
    fi
    exit "$status"
}

# The fingerprint of the key in a file; nothing if there is none that can be used.
fingerprint() {
    keyplate keys --key "file:$1" --json | jq -r '.[0].fingerprint // empty'
}

# What a filter makes of all values that keyplate knows here, of the old and of the new one.
ring() {
    list=$(keyplate keys --json) || stop "keyplate knows no key here; 'keyplate keys explain' shows where it looks"
    printf '%s\n' "$list" | jq -r --arg old "$old" --arg new "${new:-}" --argjson since "${since:-0}" '
        def seconds: sub("\\.[0-9]+"; "") | fromdateiso8601;
        def value($fingerprint): map(select(.fingerprint == $fingerprint)) | .[0] // {};
        '"$1"
}

old=$(fingerprint "$file")
[ -n "$old" ] || stop "there is no usable key in $file; 'keyplate verify --key file:$file' says why"
name=$(ring 'map(select(.fingerprint == $old and .source)) | .[0].name // empty')
[ -n "$name" ] || stop "keyplate does not use $file here; 'keyplate keys explain' shows where it looks"
[ ! -e "$before" ] || stop "$before is there: another rotation is at work, or one was killed; see which key is the right one"
trap finish EXIT
trap 'exit 130' HUP INT TERM

say "1/5 New key: it is proven before any program sees it."
cp -p -- "$file" "$next" || stop "$next cannot be written"
if [ -t 0 ]; then
    stty -echo
    printf 'new key (it is not shown): '
fi
# Into the copy, which has the owner and the mode of the old file; the key is in no variable and no argument.
head -n 1 >"$next"
[ ! -t 0 ] || say
new=$(fingerprint "$next")
[ "$new" != "$old" ] || stop "that is the key which is in $file already; nothing was changed"
keyplate verify --key "file:$next" || stop "the new key cannot be used; nothing was changed"

say "2/5 Update the store: a rename, so that every reader finds the old key or the new one, whole."
since=$(($(date +%s) - 1200))
cp -p -- "$file" "$before" || stop "$before cannot be written; nothing was changed"
mv -f -- "$next" "$file" || stop "$file cannot be replaced"

say "3/5 Pick up: programs read their places again by themselves; it is waited for each host that has just used the old key."
keyplate keys rotate "$name" || stop "keyplate does not take the new key from $file"
end=$(($(date +%s) + ${PATIENCE:-900}))
said=
while true; do
    # Running programs tell what they use every ten minutes, and a new value at once.
    waiting=$(ring '[value($old).hosts[]? | select((.last_used | seconds) > $since) | .host]
                    - [value($new).hosts[]?.host] - ["rotation.sh"] | join(" ")')
    [ -n "$waiting" ] || break
    if [ "$(date +%s)" -ge "$end" ]; then
        say "not seen with the new key: $waiting. There were no calls there, or the programs there do not read $file"
        break
    fi
    [ "$waiting" = "$said" ] || say "waiting for $waiting"
    said=$waiting
    sleep 5
done

say "4/5 Verify: what a program that starts now gets."
keyplate verify || stop "that is not as it should be"
state=$(ring 'value($new).state // "not known"')
[ "$state" = current ] || stop "the new key is $state, where it should be current"
rm -f -- "$before"
left="the new key is in use. Left to do: keyplate keys revoke $old; then delete the old key at the service"
[ -z "$force" ] || [ -z "$waiting" ] || stop "not all hosts have the new key, so the old one is not revoked; $left"

say "5/5 Revoke: once nobody has used the old key for a day, no process uses it any more, not even for its own tasks."
trap 'say "rotation: $left" >&2; exit 130' HUP INT TERM
while true; do
    # A value that nobody has used is not listed.
    rest=$(ring 'value($old) | if .safe_to_revoke == false then ((.last_used // (now | todate)) | seconds) + 86400 - now | ceil
                               else .safe_to_revoke // "unused" end')
    case $rest$force in
    true*)
        keyplate keys revoke "$old"
        break
        ;;
    unused* | *yes)
        keyplate keys revoke "$old" --force
        break
        ;;
    esac
    say "$(date +%H:%M) the old key was used less than a day ago: at least $((rest / 3600)) h $((rest % 3600 / 60)) min to wait (Ctrl-C: later)"
    sleep 600
done
say "Now delete the old key at the service."
