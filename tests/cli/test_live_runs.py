"""``atms status``, ``stop`` and the others: runs that are over, not there, or odd."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from atms.config import load_config
from atms.running.session import Session, SessionFolder, this_process
from atms.running.watching import watch

Cli = Callable[..., tuple[int, str, str]]
STATE = ("--state-dir", "state")
HEALTH = {"state": "ended", "bars": 3, "last_bar": None, "cash": 1.0, "value": 1.0, "accounts": {}}


def begun(run: str, *, alive: bool = False, status: dict[str, Any] | None = None) -> SessionFolder:
    """Make the files of a run, of this process or of one that is gone."""
    pid, started = this_process()
    session = Session(
        id=run, mode="live", pid=pid, started=started if alive else started - 1000,
        accounts=("venue-1",), strategy="Mine", begun=f"2026-01-0{run[0]}T00:00:00+00:00",
        on_stop="cancel", state=str(Path("state").absolute()),
    )  # fmt: skip
    folder = SessionFolder.create(Path("state"), session, "version: 1\n")
    folder.beat(HEALTH if status is None else status)
    return folder


REFUSED = HEALTH | {"refused": True}
VERBS = ("status", "positions", "orders", "calibrate", "reconcile", "stop", "flatten", "watch")


@pytest.mark.parametrize("verb", VERBS)
def test_where_there_was_no_run_yet_it_says_how_to_see_one(cli: Cli, verb: str) -> None:
    code, out, err = cli(verb, *STATE)
    assert (code, out) == (2, "")
    assert "there is no live run in state/runs; begin one: python -m atms live -c FILE" in err
    assert "where a config has an execution.state_dir: --state-dir DIR" in err


@pytest.mark.parametrize("verb", VERBS)
def test_a_run_that_is_not_there_is_told_with_the_way_to_those_that_are(
    cli: Cli, verb: str
) -> None:
    begun("1-one")
    code, out, err = cli(verb, "nosuch", *STATE)
    assert (code, out) == (2, "")
    assert "there is no live run 'nosuch'" in err
    assert "python -m atms status --all" in err


def test_a_list_of_no_runs_says_so(cli: Cli) -> None:
    code, out, err = cli("status", "--all", *STATE)
    assert (code, out) == (0, "")
    assert "no live runs in state/runs yet" in err
    assert cli("status", "--all", "--json", *STATE)[:2] == (0, "[]\n")


@pytest.mark.parametrize("text", ["", "[]", "nonsense", '{"id": "x"}', '"x"'])
def test_a_folder_that_says_nothing_stands_in_nobodys_way(cli: Cli, text: str) -> None:
    begun("1-one")
    odd = Path("state/runs/odd")
    odd.mkdir()
    (odd / "session.json").write_text(text)
    code, out, _ = cli("status", "--all", "--json", *STATE)
    assert code == 0
    assert [one["id"] for one in json.loads(out)] == ["1-one"]
    assert cli("status", *STATE)[0] == 0


@pytest.mark.parametrize("text", ["", "[]", "nonsense", '{"state": "running"}', "{}"])
def test_a_status_that_says_little_is_shown_as_far_as_it_goes(cli: Cli, text: str) -> None:
    folder = begun("1-one")
    (folder.path / "status.json").write_text(text)
    code, out, _ = cli("status", *STATE)
    assert code == 0
    assert "1-one" in out
    assert cli("status", "--json", *STATE)[0] == 0


def test_an_ended_run_shows_what_its_books_hold_beside_its_last_bars_cash(cli: Cli) -> None:
    """The cash is from before the position was closed: no bar came after that."""
    account = {
        "ready": True, "failed": None, "fills": 2, "halted": {}, "positions": [], "orders": [],
        "balances": {"USDT": "10001.51885848"},
    }  # fmt: skip
    begun("1-one", status={**HEALTH, "cash": 9958.58, "accounts": {"venue-1": account}})
    code, out, _ = cli("status", *STATE)
    assert code == 0
    assert "cash and value as the strategy's last bar saw them" in out
    assert "in the books 10001.51885848 USDT" in out


def test_watching_says_what_it_watches_and_that_it_ended(workdir: Path) -> None:
    folder = begun("1-one", alive=True)
    said: list[str] = []
    assert watch(folder, load_config().config, 10.0, said.append) == ()
    assert said == [
        "watching run 1-one: on_stop is leave; Ctrl-C ends the watching alone",
        "run 1-one ended",
    ]


def test_what_has_ended_already_is_not_ended_again(cli: Cli) -> None:
    """Its accounts are not taken: that would need the venue, which is not there."""
    begun("1-one")
    code, out, err = cli("stop", *STATE)
    assert (code, out) == (0, "")
    assert "it has ended already" in err
    code, out, _ = cli("stop", "--json", *STATE)
    assert (code, json.loads(out)) == (0, {"id": "1-one", "left": []})
    assert "has ended already" in cli("watch", *STATE)[2]


@pytest.mark.parametrize("verb", ["stop", "flatten", "watch"])
@pytest.mark.parametrize("state", ["ended", "running"], ids=["that ended", "that died"])
def test_a_run_that_is_over_takes_no_account_from_the_one_that_trades_it_now(
    cli: Cli, verb: str, state: str
) -> None:
    begun("1-one", status={**HEALTH, "state": state})
    begun("2-two", alive=True)
    code, _, err = cli(verb, "1-one", *STATE)
    assert code == 2
    assert "run 1-one is over, and run 2-two trades its account now" in err
    assert f"python -m atms {verb} 2-two" in err


@pytest.mark.parametrize("verb", ["positions", "orders"])
def test_an_account_without_a_journal_is_told(cli: Cli, verb: str) -> None:
    begun("1-one")
    code, out, err = cli(verb, *STATE)
    assert (code, out) == (0, "")
    assert "account venue-1 has no journal in" in err


def test_every_field_of_a_session_comes_back(workdir: Path) -> None:
    folder = begun("1-one")
    assert folder.is_whole
    assert asdict(folder.session)["accounts"] == ("venue-1",)


def test_a_run_without_a_recording_cannot_be_calibrated_with(cli: Cli) -> None:
    begun("1-one")
    code, out, err = cli("calibrate", *STATE)
    assert (code, out) == (3, "")
    assert "there is no inputs.jsonl: what was decided, and when, is not known" in err


def test_a_run_that_was_refused_its_account_is_not_taken_for_the_last_one(cli: Cli) -> None:
    begun("1-traded", status=HEALTH | {"state": "running"})  # and was killed
    begun("2-refused", status=REFUSED)
    assert json.loads(cli("status", "--json", *STATE)[1])["id"] == "1-traded"
    listed = json.loads(cli("status", "--all", "--json", *STATE)[1])
    assert [(one["id"], one["state"]) for one in listed] == [
        ("2-refused", "refused"), ("1-traded", "running"),
    ]  # fmt: skip
    assert "it has done nothing" in cli("status", "2-refused", *STATE)[2]


def test_a_run_that_begins_on_an_account_which_another_one_trades_is_not_asked_about(
    cli: Cli,
) -> None:
    begun("1-trades", alive=True, status=HEALTH | {"state": "running"})
    begun("2-begins", alive=True, status={})
    code, out, err = cli("status", "--json", *STATE)
    assert (code, json.loads(out or "{}").get("id")) == (0, "1-trades"), err
