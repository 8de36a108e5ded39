#!/bin/sh
# Run a generator and fail when what it wrote differs from what was there.
#
# Usage: check_generated.sh DIRECTORY COMMAND...
# The fresh files stay in place: look at them, then commit them.
set -eu

directory=$1
shift
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
cp -R "$directory/." "$before"
"$@"
if ! diff -r -x __pycache__ "$before" "$directory"; then
    echo "$directory was out of date; it is generated now. Review and commit it." >&2
    exit 1
fi
