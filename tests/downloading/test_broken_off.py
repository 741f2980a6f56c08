"""A download that is broken off: what came is kept, and the same command goes on behind it."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from atms.ledger import bars as ledger_bars
from tests.downloading.past import DOWNLOAD, SINCE, Cli, Past, rows, rows_of, stored
from tests.live.processes import Starter

PAGE = 1000


def kept_whole(past: Past) -> int:
    """See that what is kept is the oldest bars, and the mark as far; return how many."""
    found = stored()
    assert found == rows_of(past.bars[: len(found)])
    marks = [reached for (reached,) in rows("SELECT rows FROM imports")]
    assert marks == ([found[-1][0] + 3600 * 10**6] if found else [])
    return len(found)


def test_killed_at_any_page_it_goes_on_there_and_no_bar_is_missing_or_twice(
    past: Past, starter: Starter
) -> None:
    # the second of two questions is asked when the first page is kept: each life adds a page
    for lives in range(1, 3):
        process = starter.start(*DOWNLOAD, *SINCE)
        past.at_question(2, lambda: process.send(signal.SIGKILL))  # noqa: B023 - called in the loop
        assert process.wait() == -signal.SIGKILL
        assert kept_whole(past) == lives * PAGE
    assert starter.run(*DOWNLOAD, *SINCE).code == 0
    assert stored() == rows_of(past.bars)


def test_rows_and_mark_come_together_or_not_at_all(
    past: Past, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, left = ledger_bars._keep, [2]

    def keep(*args: Any) -> None:
        left[0] -= 1
        if not left[0]:
            raise OSError(28, "No space left on device")
        usual(*args)

    monkeypatch.setattr(ledger_bars, "_keep", keep)
    code, _, err = cli(*DOWNLOAD, *SINCE)
    assert code != 0
    assert "No space left" in err
    assert kept_whole(past) == PAGE
    assert cli(*DOWNLOAD, *SINCE)[0] == 0
    assert stored() == rows_of(past.bars)


def test_after_ctrl_c_what_came_is_kept_and_told(past: Past, starter: Starter) -> None:
    process = starter.start(*DOWNLOAD, *SINCE)
    past.at_question(3, lambda: process.send(signal.SIGINT))
    assert process.wait() == 130
    assert kept_whole(past) == 2 * PAGE
    assert "interrupted; kept: 2,000 bars, up to 2024-03-24 08:00 UTC" in process.err
    assert "the same command goes on there" in process.err
    assert starter.run(*DOWNLOAD, *SINCE).code == 0
    assert stored() == rows_of(past.bars)


def test_short_bans_are_waited_for_each_anew(past: Past, cli: Cli) -> None:
    def first() -> None:
        past.ban(1)
        past.at_question(2, lambda: past.ban(1))  # the first of these is refused, and a page comes

    past.at_question(1, first)
    code, _, err = cli(*DOWNLOAD, *SINCE, "--wait", "1s")
    assert code == 0, err
    assert err.count("banned") == err.count("trying again in 1 s") == 2
    assert stored() == rows_of(past.bars)


def test_a_long_ban_ends_it_and_says_what_is_kept_and_when_to_go_on(past: Past, cli: Cli) -> None:
    past.at_question(2, lambda: past.ban(7200))
    code, _, err = cli(*DOWNLOAD, *SINCE)
    assert code == 4
    assert "banned" in err
    assert "2,000 bars, up to 2024-03-24 08:00 UTC, are in ledger:binance-loopback:" in err
    assert "the same command goes on there, in 2.0 h" in err
    assert kept_whole(past) == 2 * PAGE
    past.pardon()
    assert cli(*DOWNLOAD, *SINCE)[0] == 0
    assert stored() == rows_of(past.bars)


def test_a_ban_from_the_beginning_on_is_told(past: Past, cli: Cli) -> None:
    past.at_question(1, lambda: past.ban(7200), "time")
    code, _, err = cli(*DOWNLOAD, *SINCE)
    assert code == 4
    assert "banned" in err
    assert stored() == []


def test_an_outage_is_waited_for(past: Past, cli: Cli) -> None:
    sandbox = past.venue.sandbox
    past.at_question(2, lambda: sandbox.venue.close_for(1.5))
    code, _, err = cli(*DOWNLOAD, *SINCE)
    assert code == 0, err
    assert "trying again in 1 s" in err
    assert stored() == rows_of(past.bars)


def test_an_outage_that_lasts_longer_than_is_waited_for_ends_it(past: Past, cli: Cli) -> None:
    sandbox = past.venue.sandbox
    past.at_question(2, lambda: sandbox.venue.close_for(60))
    code, _, err = cli(*DOWNLOAD, *SINCE, "--wait", "1s")
    assert code == 4
    assert "2,000 bars, up to 2024-03-24 08:00 UTC, are in" in err
    assert kept_whole(past) == 2 * PAGE


def test_two_at_once_share_the_work_and_no_bar_is_twice(past: Past, starter: Starter) -> None:
    both = [starter.start(*DOWNLOAD, *SINCE) for _ in range(2)]
    assert [one.wait() for one in both] == [0, 0]
    assert stored() == rows_of(past.bars)
