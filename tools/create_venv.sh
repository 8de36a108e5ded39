#!/bin/sh
# Create a virtual environment with pip in it, or say what to install.
#
# Usage: create_venv.sh DIRECTORY
# PYTHON names the interpreter. Without it, the first one of version 3.11 or later is taken, unless another is faster by a
# quarter: a CPython compiled without profile-guided optimisation, as pyenv does it, takes half as long again for the
# same work as a distribution's, and the server a sixth more (docs/decisions/0011).
#
# Debian and Ubuntu leave ensurepip out of python3, so `python3 -m venv` fails there on a new machine.
# Then pip comes, tried in this order, from the system's pip, from virtualenv, from uv, or from the
# distribution's own pip wheel, which apt can fetch without root.
set -eu

directory=$1

here=$(dirname "$0")
first=
fastest=

find_pythons() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3}; do
        time=$("$candidate" "$here/interpreter_speed.py" 2>/dev/null) || continue
        candidate=$(command -v "$candidate")
        if [ -z "$first" ]; then
            first=$candidate
            fastest=$candidate
            limit=$((time * 4 / 5))
        elif [ "$time" -lt "$limit" ]; then
            fastest=$candidate
            limit=$time
        fi
    done
    if [ -z "$first" ]; then
        echo "Almoner needs Python 3.11 or later; none found as ${PYTHON:-python3} on PATH. Set PYTHON=..." >&2
        exit 1
    fi
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

find_pythons
set -- "$fastest"
[ "$fastest" = "$first" ] || set -- "$fastest" "$first"
for python in "$@"; do
    for source in ensurepip system_pip virtualenv uv apt_wheel; do
        rm -rf "$directory"
        if "fill_from_$source"; then
            [ "$python" = "$first" ] ||
                echo "$directory is made by $python, which is faster than $first; PYTHON=$first takes that." >&2
            exit 0
        fi
    done
done
rm -rf "$directory"
echo "$first has no ensurepip, and no pip, virtualenv or uv was found to stand in for it." >&2
echo "Install one of them; on Debian and Ubuntu: sudo apt-get install python3-venv" >&2
exit 1
