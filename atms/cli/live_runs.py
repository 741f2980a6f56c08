"""``atms status, positions, orders, reconcile, stop, flatten, watch``: a run seen from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from atms.cli import options
from atms.cli.guard import guarded
from atms.cli.live_view import follow, page, rows
from atms.cli.screen import out, print_json, say
from atms.config import Config, load_config
from atms.errors import ConfigError
from atms.running.health import judge
from atms.running.reconciling import Difference, differences
from atms.running.session import CONFIG, STALE, SessionFolder, find_session, sessions
from atms.running.standing import accounts_of
from atms.running.taking_over import end
from atms.running.watching import watch as watching

RunName = Annotated[
    str | None,
    typer.Argument(metavar="RUN", help="A run's id or the start of it; default: the one alive."),
]
State = Annotated[
    Path | None,
    typer.Option("--state-dir", metavar="DIR", help="Where live runs keep their files."),
]


@guarded
def status(
    run: RunName = None,
    all_: Annotated[bool, typer.Option("--all", help="List every run that there was.")] = False,
    once: Annotated[
        bool, typer.Option("--once", help="On a terminal too: print it and end.")
    ] = False,
    state_dir: State = None,
    json_: options.Json = False,
) -> None:
    """Show how a live run stands: health, positions, orders.

    On a terminal it is shown anew every second, until the run is over or Ctrl-C.
    """
    state = _state(state_dir)
    if all_:
        listed = [_row(folder) for folder in sessions(state)]
        if json_:
            print_json(listed)
        elif listed:
            out().print(rows(listed, ("id", "mode", "strategy", "alive", "state", "begun")))
        else:
            say(f"no live runs in {state / 'runs'} yet; see one: python -m atms demo")
        return
    folder = find_session(state, run)
    if json_:
        print_json(_values(folder))
        return
    session = folder.session
    title = f"{session.strategy}  {session.mode}  {session.id}"
    if out().is_terminal and session.runs and not once:
        follow(folder, title)
    else:
        out().print(page(title, folder.status, folder.silence if session.runs else None))
    if folder.refused:
        say("it was refused before it had an account: it has done nothing", "yellow")
    elif not session.runs and folder.status.get("state") != "ended":
        say("its process is gone; what it had open stands: python -m atms orders", "yellow")
    elif session.runs and folder.silence > STALE:
        say(f"no heartbeat for {folder.silence:.0f} s; end it: python -m atms stop", "yellow")


@guarded
def positions(run: RunName = None, state_dir: State = None, json_: options.Json = False) -> None:
    """Show what a live run's accounts hold, by their journals."""
    _table(run, state_dir, json_, "positions", ("account", "instrument", "qty", "price"))


@guarded
def orders(run: RunName = None, state_dir: State = None, json_: options.Json = False) -> None:
    """Show the open orders of a live run's accounts, by their journals."""
    shown = ("account", "key", "instrument", "side", "qty", "kind", "limit", "trigger", "filled",
             "state")  # fmt: skip
    _table(run, state_dir, json_, "orders", shown)


@guarded
def reconcile(run: RunName = None, state_dir: State = None, json_: options.Json = False) -> None:
    """Compare journal and venue; end with 1 if they differ. Changes nothing."""
    folder = find_session(_state(state_dir), run)
    found: list[Difference] = differences(_config(folder), folder.session.mode)
    if json_:
        print_json([vars(one) for one in found])
    for one in found if not json_ else ():
        out().print(f"{one.account}: {one.what}: journal {one.journal}, venue {one.venue}")
    if not found and not json_:
        say("journal and venue agree")
    if found:
        raise typer.Exit(1)


@guarded
def stop(run: RunName = None, state_dir: State = None, json_: options.Json = False) -> None:
    """End a live run, by its policy; a run that does not answer is ended, and acted for."""
    _end(run, state_dir, json_, "stop")


@guarded
def flatten(run: RunName = None, state_dir: State = None, json_: options.Json = False) -> None:
    """End a live run, cancel its orders and close its positions."""
    _end(run, state_dir, json_, "flatten")


@guarded
def watch(
    run: RunName = None,
    after: Annotated[
        float, typer.Option(metavar="SECONDS", min=2.0, help="How long a heartbeat may be late.")
    ] = STALE,
    state_dir: State = None,
) -> None:
    """Stand by a live run; if it dies or hangs, end it and act by its execution.on_stop."""
    folder = find_session(_state(state_dir), run)
    if not folder.session.runs:
        _refuse_others(_state(state_dir), folder, "watch")
    if _is_over(folder):
        say(f"run {folder.session.id} has ended already")
        return
    for line in watching(folder, _config(folder), after, say):
        say(f"left: {line}", "yellow")


def _end(run: str | None, state_dir: Path | None, json_: bool, what: Any) -> None:
    state = _state(state_dir)
    folder = find_session(state, run)
    if not folder.session.runs:
        _refuse_others(state, folder, what)
    if what == "stop" and _is_over(folder) and not folder.status.get("left"):
        left: tuple[str, ...] = ()
        say("it has ended already")
    else:
        left = end(folder, _config(folder), what, say)
    if json_:
        print_json({"id": folder.session.id, "left": list(left)})
    for line in left:
        say(f"left: {line}", "yellow")
    if left:
        raise typer.Exit(1)
    say(f"run {folder.session.id} ended")


def _is_over(folder: SessionFolder) -> bool:
    """Return whether a run has ended in order."""
    return not folder.session.runs and folder.status.get("state") == "ended"


def _refuse_others(state: Path, folder: SessionFolder, what: str) -> None:
    """Keep a run that is over from being ended on an account that another one trades now."""
    mine = folder.session
    for other in sessions(state):
        theirs = other.session
        if theirs.runs and {*theirs.accounts} & {*mine.accounts}:
            raise ConfigError(
                f"run {mine.id} is over, and run {theirs.id} trades its account now: "
                f"python -m atms {what} {theirs.id}"
            )


def _table(
    run: str | None, state_dir: Path | None, json_: bool, part: str, shown: tuple[str, ...]
) -> None:
    folder = find_session(_state(state_dir), run)
    accounts = accounts_of(folder)
    found = [
        {"account": name, **row} for name, account in accounts.items() for row in account[part]
    ]
    for name in sorted({*folder.session.accounts} - accounts.keys()):
        say(f"account {name} has no journal in {folder.session.state}", "yellow")
    if json_:
        print_json(found)
    elif found:
        out().print(rows(found, shown))
    else:
        say(f"no {part}")


def _values(folder: SessionFolder) -> dict[str, Any]:
    health = judge(folder.status, folder.silence)
    ready = health.ready and folder.session.runs
    why = list(health.why) or ([] if ready else ["its process is gone"])
    return {
        **_row(folder), **folder.status, "silent_seconds": round(folder.silence, 1),
        "ready": ready, "why": why, "notes": list(health.notes),
    }  # fmt: skip


def _row(folder: SessionFolder) -> dict[str, Any]:
    session = folder.session
    return {
        "id": session.id,
        "mode": session.mode,
        "strategy": session.strategy,
        "alive": session.runs,
        "state": "refused" if folder.refused else folder.status.get("state"),
        "begun": session.begun[:19],
    }


def _config(folder: SessionFolder) -> Config:
    return load_config(folder.path / CONFIG).config


def _state(given: Path | None) -> Path:
    return given or load_config().config.execution.folder
