#!/bin/sh
# Makes .venv and installs what one requirements file names, each file of each package
# with the hash that is written there; quick when nothing changed.
# Usage: sh dev/setup.sh requirements-dev.txt
# SHOPLINK_VENV names an environment to use instead of making one (the tests' clones do).
set -eu
cd "$(dirname "$0")/.."
wanted=$1
venv=.venv
# A bigger set holds the smaller ones, so its stamp serves for them too.
sets="requirements.txt requirements-emulator.txt requirements-dev.txt"

say() { printf '%s\n' "$*" >&2; }

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for name in ${PYTHON:-} python3.13 python3.12 python3.11 python3 python; do
        if command -v "$name" >/dev/null 2>&1 && fits "$name"; then
            echo "$name"
            return
        fi
    done
    say "Python 3.11 or newer was not found."
    say "Install it (Debian, Ubuntu: apt install python3 python3-venv), or name it:"
    say "  make PYTHON=/path/to/python3 ..."
    exit 1
}

make_venv() {
    if [ -n "${SHOPLINK_VENV:-}" ] && [ ! -e $venv ]; then
        ln -s "$SHOPLINK_VENV" $venv
    fi
    if [ -x $venv/bin/python ] && fits $venv/bin/python; then return; fi
    rm -rf $venv
    python=$(find_python)
    say "Making $venv with $("$python" --version)."
    if command -v uv >/dev/null 2>&1; then
        uv venv --quiet --python "$python" $venv
    elif ! "$python" -m venv $venv; then
        rm -rf $venv
        say "This Python cannot make virtual environments."
        say "Debian, Ubuntu: apt install python3-venv. Then run the command again."
        exit 1
    fi
}

is_installed() {
    larger=no
    for set in $sets; do
        [ "$set" = "$wanted" ] && larger=yes
        if [ $larger = yes ] && [ -f "$venv/stamp-$set" ] &&
            cat $sets | cmp -s - "$venv/stamp-$set"; then
            return 0
        fi
    done
    return 1
}

install() {
    say "Installing $wanted (the first time takes a minute)."
    if command -v uv >/dev/null 2>&1; then
        uv pip install --quiet --compile-bytecode --python $venv/bin/python \
            --require-hashes -r "$wanted"
    else
        $venv/bin/python -m pip install --quiet --disable-pip-version-check \
            --require-hashes -r "$wanted"
    fi || {
        say "The packages of $wanted could not be installed: see the lines above."
        say "A package index must be reachable the first time."
        exit 1
    }
    cat $sets >"$venv/stamp-$wanted"
}

make_venv
is_installed || install
