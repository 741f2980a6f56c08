"""The connection breaks at a commit: atms cannot know whether it happened, and nothing doubles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kills import truth
from tests.kills.making import BACKTEST, BARS, CHUNK, import_of
from tests.kills.proxy import AFTER, AT_ONCE, BEFORE, Proxy
from tests.kills.truth import Bars
from tests.kills.victims import Starter

EACH = pytest.mark.parametrize("when", [BEFORE, AT_ONCE, AFTER])


@pytest.fixture
def through(
    postgres_url: str, starter: Starter, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[bool, str]]:
    """Run a command line through a proxy; return whether the wire broke, and standard error."""

    def call(*args: str, at: int, when: str) -> tuple[bool, str]:
        with Proxy(postgres_url, at, when) as proxy:
            monkeypatch.setenv("DATABASE_URL", proxy.url)
            ended = starter.run(*args, rows=CHUNK)
        monkeypatch.setenv("DATABASE_URL", postgres_url)
        assert ended.code == (4 if proxy.broke else 0), ended.err
        assert "Traceback" not in ended.err
        return proxy.broke, ended.err

    return call


@EACH
def test_a_backtest_whose_commit_is_lost_is_filed_once_by_sync(
    postgres_url: str, through: Callable[..., tuple[bool, str]], starter: Starter, a_run: None,
    when: str,
) -> None:  # fmt: skip
    known: set[Path] = set()
    broken = True
    while broken:
        broken, err = through(*BACKTEST, at=len(known) + 1, when=when)
        (folder,) = set(Path("runs").iterdir()) - known
        assert ("the run's files are kept in" in err) == broken
        synced = starter.run("runs", "sync")
        assert synced.code == 0, synced.err
        known.add(folder)
        truth.assert_filed_once(postgres_url, folder)
        truth.assert_nothing_else(postgres_url, known)
        if broken and when != AT_ONCE:  # then it may have happened, or not
            assert (f"filed: {folder}" in synced.err) == (when == BEFORE)
    assert len(known) > 1


@EACH
def test_a_sync_whose_commit_is_lost_is_ended_by_the_next(
    postgres_url: str, through: Callable[..., tuple[bool, str]], starter: Starter, a_run: None,
    when: str,
) -> None:  # fmt: skip
    for _ in range(3):
        assert starter.run(*BACKTEST, "--set", "ledger.url=postgresql://nobody@127.0.0.1:1/x")
    folders = set(Path("runs").iterdir())
    assert len(folders) == 3
    at = 1
    while through("runs", "sync", at=at, when=when)[0]:
        at += 1
    assert at > 2
    for folder in folders:
        truth.assert_filed_once(postgres_url, folder)
    truth.assert_nothing_else(postgres_url, folders)


@EACH
def test_an_import_whose_commit_is_lost_goes_on_and_has_every_bar_once(
    postgres_url: str,
    through: Callable[..., tuple[bool, str]],
    starter: Starter,
    files: dict[str, Bars],
    when: str,
) -> None:
    assert starter.run("db", "create").code == 0
    done: list[str] = []
    broken, number = True, 0
    while broken:
        name, symbol, args = import_of(number)
        broken, _ = through(*args, at=number + 1, when=when)
        again = starter.run(*args, rows=CHUNK)
        assert again.code == 0, again.err
        truth.assert_bars_are(postgres_url, symbol, files[name])
        done.append(symbol)
        number += 1
    assert number > BARS // CHUNK + 1  # every chunk's commit, and the one that ends it
    truth.assert_each_has(postgres_url, done, BARS)
