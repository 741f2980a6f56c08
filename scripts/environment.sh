# Sourced by the other scripts: find an interpreter, make an environment, install into it.

die() { printf '%s\n' "$*" >&2; exit 1; }

# runs PYTHON MINOR: is it there, does it start, and is it 3.MINOR (or newer, with a +)?
runs() {
    case $2 in
    *+) "$1" -c "import sys; sys.exit(sys.version_info < (3, ${2%+}))" ;;
    *) "$1" -c "import sys; sys.exit(sys.version_info[:2] != (3, $2))" ;;
    esac >/dev/null 2>&1
}

# find_python MINOR: print the interpreter of Python 3.MINOR, from PATH or pyenv; fail if none.
find_python() {
    for found in "python3.$1" python3 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3."$1"*/bin/python3; do
        if runs "$found" "$1"; then
            printf '%s\n' "$found"
            return
        fi
    done
    return 1
}

# any_python: print an interpreter that is new enough.
any_python() {
    for found in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11; do
        if runs "$found" 11+; then
            printf '%s\n' "$found"
            return
        fi
    done
    find_python 13 || find_python 12 || find_python 11 || die "atms needs Python 3.11 or newer, and \
none is on PATH. On Debian or Ubuntu: sudo apt-get install python3 python3-venv"
}

# make_environment PYTHON FOLDER [EXTRA]: a virtual environment with atms from this checkout.
# Made once: again only when the interpreter or what setup.cfg, constraints.txt ask for changed.
make_environment() {
    want="$("$1" -V) ${3-} $(cat setup.cfg setup.py pyproject.toml constraints.txt | cksum)"
    if [ "$(cat "$2/.made" 2>/dev/null)" = "$want" ] && "$2/bin/python" -c '' 2>/dev/null; then
        # A compiled module that is older than its source refuses to be imported.
        "$2/bin/python" -c 'import atms.engine; atms.engine.compiled()' 2>/dev/null ||
            "$2/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --editable .
        return
    fi
    "$1" -c 'import venv, ensurepip' 2>/dev/null || die "$("$1" -V) cannot make a virtual environment. \
On Debian or Ubuntu: sudo apt-get install python3-venv (for an interpreter beside the system's, $("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'))"
    printf 'installing into %s ...\n' "$2" >&2
    rm -rf "$2"
    "$1" -m venv "$2" || die "cannot make $2"
    "$2/bin/python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
        --editable ".${3:+[$3]}" || die "the installation failed: see above; is the network there?"
    printf '%s\n' "$want" >"$2/.made"
}

# tracer PYTHON: print by what coverage counts lines there: from 3.12 on by the interpreter's own means.
tracer() { "$1" -c 'import sys; print("sysmon" if sys.version_info >= (3, 12) else "ctrace")'; }
