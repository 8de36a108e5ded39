#!/bin/sh
# Create a virtual environment with pip in it, or say what to install.
#
# Usage: create_venv.sh DIRECTORY
# PYTHON names the interpreter; without it, the first one of version 3.11 or later on PATH is taken.
#
# Debian and Ubuntu leave ensurepip out of python3, so `python3 -m venv` fails there on a new machine.
# Then pip comes, tried in this order, from the system's pip, from virtualenv, from uv, or from the
# distribution's own pip wheel, which apt can fetch without root.
set -eu

directory=$1

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    echo "Almoner needs Python 3.11 or later; none found as ${PYTHON:-python3} on PATH. Set PYTHON=..." >&2
    return 1
}

fill_from_system_pip() {
    "$python" -m pip --version >/dev/null 2>&1 || return 1
    "$python" -m venv --without-pip "$directory" &&
        "$python" -m pip --python "$directory/bin/python" install --quiet pip
}

fill_from_virtualenv() {
    command -v virtualenv >/dev/null 2>&1 && virtualenv --quiet --python "$python" "$directory"
}

fill_from_uv() {
    command -v uv >/dev/null 2>&1 && uv venv --quiet --seed --python "$python" "$directory"
}

fill_from_apt_wheel() {
    command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 || return 1
    wheels=$(mktemp -d)
    (cd "$wheels" && apt-get download -qq python3-pip-whl && dpkg-deb -x ./*.deb .) || return 1
    "$python" -m venv --without-pip "$directory" &&
        "$directory/bin/python" "$(echo "$wheels"/usr/share/python-wheels/pip-*.whl)/pip" install --quiet pip
    filled=$?
    rm -rf "$wheels"
    return $filled
}

fill_from_ensurepip() {
    "$python" -c 'import ensurepip' 2>/dev/null && "$python" -m venv "$directory"
}

python=$(find_python)
for source in ensurepip system_pip virtualenv uv apt_wheel; do
    rm -rf "$directory"
    if "fill_from_$source"; then
        exit 0
    fi
done
rm -rf "$directory"
echo "$python has no ensurepip, and no pip, virtualenv or uv was found to stand in for it." >&2
echo "Install one of them; on Debian and Ubuntu: sudo apt-get install python3-venv" >&2
exit 1
