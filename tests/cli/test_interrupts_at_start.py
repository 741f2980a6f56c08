"""Ctrl-C while the program is still being imported: no traceback, and the code of a Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

# A shell may have started the tests with Ctrl-C ignored, which children inherit.
LISTENS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
STARTS = {
    "module": "import runpy; runpy.run_module('atms', run_name='__main__', alter_sys=True)",
    "script": "from atms.__main__ import main; main()",
}
BLOCKS = "import sys, threading\nprint('READY', file=sys.stderr, flush=True)\n"
WAITS = {
    "it waits": "threading.Event().wait()\n",
    "it takes errors for a missing package": (
        "try:\n    threading.Event().wait()\nexcept BaseException:\n    raise ImportError\n"
    ),
}


@pytest.mark.parametrize("waits", WAITS)
@pytest.mark.parametrize("start", STARTS)
def test_ctrl_c_in_the_midst_of_an_import_ends_it_without_a_word(
    workdir: Path, start: str, waits: str
) -> None:
    (workdir / "numpy.py").write_text(BLOCKS + WAITS[waits])
    process = subprocess.Popen(
        [sys.executable, "-c", LISTENS + STARTS[start], "backtest"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        assert process.stderr.readline() == "READY\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out, err) == (130, "", "")


def test_where_ctrl_c_is_ignored_it_stays_so() -> None:
    ignores = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    after = "\nimport atexit\n"
    tells = "atexit.register(lambda: print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN))\n"
    done = subprocess.run(
        [sys.executable, "-c", ignores + after + tells + STARTS["script"], "--version"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "True"


def test_importing_the_package_brings_nothing_heavy_until_it_is_asked_for() -> None:
    heavy = ["numpy", "pandas", "backtrader", "sqlalchemy", "pydantic", "rich", "typer"]
    code = (
        f"import sys, atms; print([name for name in {heavy} if name in sys.modules]); "
        "print(atms.backtest.__name__, atms.errors.__name__, 'metrics' in dir(atms))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\nbacktest atms.errors True\n"


def test_every_public_name_is_there() -> None:
    import atms

    assert {name: getattr(atms, name) for name in atms.__all__}
    with pytest.raises(AttributeError, match="module 'atms' has no attribute 'nothing'"):
        atms.nothing  # noqa: B018
