# Sourced by the other scripts, after environment.sh: is there a browser for the tests of the page?

has_browser() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null && return
    done
    return 1
}

# get_browser: install Debian's Chromium where that is possible; without one its tests are skipped.
get_browser() {
    has_browser && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        { apt-get update && apt-get install -y --no-install-recommends chromium fonts-dejavu-core; } \
            >/dev/null 2>&1 || :
    fi
    has_browser || printf 'no Chromium: the page is not tested in a browser\n' >&2
}
