"""Twenty planted secrets: none is printed, written or listed, whatever goes wrong."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.making import write_run
from tests.live.processes import Process, Starter
from tests.live.test_stops import STATE, holding
from tests.live.venue import LOG, Venue

LIVE = ("live", "-c", "live.yaml", "--yes")
QUICK = ("--set", "ledger.enabled=false")  # a database that is away is waited for in the end


def canary(number: int) -> str:
    """Return a secret of 64 letters, unlike every other and unlike any word."""
    return f"Canary{number:02}" + "zQ9xW"[number % 5] * 56


CANARIES = [canary(number) for number in range(20)]


def searched(*processes: Process) -> None:
    """Search what processes printed, and every file in the folder, for what is secret."""
    texts = {f"{one.pid} {name}": text for one in processes
             for name, text in (("out", one.out), ("err", one.err))}  # fmt: skip
    files = [path for path in Path().rglob("*") if path.is_file()]
    texts |= {str(path): path.read_bytes().decode(errors="replace") for path in files}
    assert any("status.json" in name for name in texts)
    assert any("inputs.jsonl" in name for name in texts)
    for name, text in texts.items():
        if name not in planted():
            assert [one for one in CANARIES if one[:12] in text] == [], name


def planted() -> set[str]:
    """Return the files in which they stand: the user's own, and what the venue keeps."""
    return {"live.yaml", ".env", "key-file", "secret-file", str(LOG)}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant the secrets: in variables, in files, in a database's address."""
    write_run("Hold")
    stores = {}
    for number in range(2, 14, 3):
        names = [f"SECRET_{one}" for one in range(number, number + 3)]
        for one, name in enumerate(names):
            monkeypatch.setenv(name, canary(number + one))
        key, secret, passphrase = (f"${{{name}}}" for name in names)
        stores[f"other{number}"] = {
            "venue": "kraken", "key": key, "secret": secret, "passphrase": passphrase,
        }  # fmt: skip
    Path("key-file").write_text(canary(14))
    Path("secret-file").write_text(canary(15))
    stores["files"] = {"venue": "kraken", "key": "file:key-file", "secret": "file:secret-file"}
    Path(".env").write_text(f"EXCHANGE_API_KEY={canary(16)}\nEXCHANGE_API_SECRET={canary(17)}\n")
    monkeypatch.setenv("UNUSED_TOKEN", canary(18))
    url = f"postgresql+psycopg2://me:{canary(19)}@127.0.0.1:9/atms"
    write_run("Hold", stores=stores, ledger={"url": url}, execution={"on_stop": "cancel"})


@pytest.mark.usefixtures("environment")
def test_no_secret_is_shown_by_a_run_and_what_looks_at_it(
    starter: Starter, serve: Callable[..., Venue]
) -> None:
    venue = serve(key=canary(0), secret=canary(1))
    process = holding(starter, venue)
    listed = Path(f"/proc/{process.pid}/cmdline").read_bytes().decode()
    assert [one for one in CANARIES if one[:12] in listed] == []
    looks = [starter.run(what, *STATE, "--json") for what in ("status", "orders", "positions")]
    looks.append(starter.run("reconcile", *STATE))
    assert [one.code for one in looks] == [0, 0, 0, 0], [one.err for one in looks]
    process.send(signal.SIGTERM)
    assert process.wait() == 0, process.err
    assert "the ledger is behind" in process.err, "the database was asked"
    searched(process, *looks)


@pytest.mark.usefixtures("environment")
def test_no_secret_is_shown_when_things_go_wrong(
    starter: Starter, serve: Callable[..., Venue], monkeypatch: pytest.MonkeyPatch
) -> None:
    venue = serve(key=canary(0), secret=canary(1))
    raised = starter.run(*LIVE, "--set", "strategy.name=mine.py:Raise", *QUICK)
    assert raised.code == 1, raised.err
    monkeypatch.setenv("ATMS_SANDBOX_SECRET", canary(2))
    refused = starter.run(*LIVE)
    monkeypatch.setenv("ATMS_SANDBOX_SECRET", canary(1))
    venue.call(venue.sandbox.venue.close_for, 60)
    away = starter.run(*LIVE)
    monkeypatch.setenv("ATMS_SANDBOX_URL", "http://127.0.0.1:9")
    gone = starter.run(*LIVE)
    literal = starter.run(*LIVE, "--set", f"stores.venue.secret={canary(1)}")
    assert [one.code for one in (refused, away, gone, literal)] == [4, 4, 4, 2]
    searched(raised, refused, away, gone, literal)
