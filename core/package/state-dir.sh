#!/bin/sh
# state-dir.sh: makes the state folder that all users of one host share who are in the group keyplate.
set -eu
folder=/var/lib/keyplate
if ! getent group keyplate >/dev/null; then
    groupadd --system keyplate
fi
install -d -m 2770 -g keyplate "$folder"
echo "$folder is shared by the group keyplate; add its users with: usermod -aG keyplate USER"
