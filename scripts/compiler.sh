# Sourced by the other scripts, after environment.sh: is there a compiler, and what is compiled.

# can_compile PYTHON: are there a C compiler and the interpreter's headers?
can_compile() {
    "$1" - <<'PYTHON'
import os, pathlib, shutil, sys, sysconfig

compiler = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
headers = pathlib.Path(sysconfig.get_path("include"), "Python.h")
sys.exit(not (shutil.which(compiler.split()[0]) and headers.exists()))
PYTHON
}

# get_compiler PYTHON: install one where that is possible; without one nothing is compiled.
get_compiler() {
    can_compile "$1" && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        { apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev python3-dev; } \
            >/dev/null 2>&1 || :
    fi
    can_compile "$1" || printf 'no C compiler or no Python.h: the engine is tested uncompiled\n' >&2
}

# compiled_modules FOLDER: print what setup.py there compiles, sorted, with commas.
compiled_modules() {
    sed -n '/^COMPILED = (/,/^)/p' "$1/setup.py" | grep -o 'atms\.[a-z_.]*' | sort | paste -s -d , -
}
