"""``atms runs sync|prune``: folders and ledger kept in step, and old runs taken away."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from atms.cli import options
from atms.cli.guard import guarded
from atms.cli.screen import print_json, say
from atms.errors import ConfigError, OutputError
from atms.pruning import Prunable, prunable
from atms.pruning import prune as prune_runs
from atms.running.live_pruning import prunable_live, prune_live
from atms.running.live_sync import LiveSynced, sync_live
from atms.syncing import Synced
from atms.syncing import sync as sync_runs

_SECONDS = {"h": 3600, "d": 86_400, "w": 604_800}
_BYTES = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "t": 1000**4}


@guarded
def sync(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FOLDER]...", help="Run folders; default: all under run.out."),
    ] = None,
    config: options.ConfigFiles = None,
    json_: options.Json = False,
) -> None:
    """File runs whose folders are there, and live runs' journals, that the ledger does not know."""
    loaded = options.load(config).config
    done = sync_runs(loaded.run.out, loaded.ledger.url, folders or ())
    live = None if folders else sync_live(loaded.execution.folder, loaded.ledger.url)
    if json_:
        print_json(
            {
                "filed": [str(path) for path in done.filed],
                "moved": [str(path) for path in done.moved],
                "known": [str(path) for path in done.known],
                "left": {str(path): why for path, why in done.left.items()},
                "live": None if live is None else vars(live),
            }
        )
    else:
        _say_synced(done)
        if live is not None:
            _say_live(live)
    if folders and done.left:
        raise typer.Exit(OutputError.exit_code)


def _say_live(done: LiveSynced) -> None:
    for account, entries in done.written.items():
        if entries:
            say(f"filed: {entries} entries of account {account}")
    for run in done.settled:
        say(f"filed: the end of run {run}")
    for folder, why in done.left.items():
        say(f"left: {folder}: {why}", "yellow")


def _say_synced(done: Synced) -> None:
    for folder in done.filed:
        say(f"filed: {folder}")
    for folder in done.moved:
        say(f"moved: {folder}: the ledger knows now")
    for folder, why in done.left.items():
        say(f"left: {folder}: {why}", "yellow")
    known = len(done.known) + len(done.moved)
    say(f"{len(done.filed)} filed, {known} known already, {len(done.left)} left")


@guarded
def prune(
    older: Annotated[
        str | None, typer.Option("--older", metavar="AGE", help="Runs older than 30d, 2w, 12h.")
    ] = None,
    keep: Annotated[
        int | None, typer.Option("--keep", min=0, metavar="N", help="All but the newest N.")
    ] = None,
    max_size: Annotated[
        str | None,
        typer.Option("--max-size", metavar="SIZE", help="The oldest beyond 500M, 2G in all."),
    ] = None,
    live: Annotated[
        bool,
        typer.Option("--live", help="Folders of paper and live runs instead; the ledger keeps."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it, only show what.")] = False,
    config: options.ConfigFiles = None,
    json_: options.Json = False,
) -> None:
    """Take old backtests away, folder and ledger rows; without --yes, show which.

    With --live, folders of paper and live runs that are over and whole in the ledger. No journal.
    """
    if older is None and keep is None and max_size is None:
        raise ConfigError("say which: --older 30d, --keep 20, --max-size 2G, or several of them")
    loaded = options.load(config).config
    rules: dict[str, Any] = {
        "older": None if older is None else _age(older), "keep": keep,
        "max_size": None if max_size is None else _size(max_size),
    }  # fmt: skip
    kept: dict[str, str] = {}
    if live:
        url = loaded.ledger.url if loaded.ledger.enabled else None
        which = prunable_live(loaded.execution.folder, url, **rules)
        found, kept = which.runs, which.stay
        stay = prune_live(found) if yes else {}
    else:
        found = prunable(loaded.ledger.url, **rules)
        stay = prune_runs(loaded.ledger.url, found) if yes and found else {}
    _tell_pruned(found, stay, kept, yes, json_)


def _tell_pruned(
    found: list[Prunable], stay: dict[Path, str], kept: dict[str, str], yes: bool, json_: bool
) -> None:
    if json_:
        rows = [{**vars(run), "folder": str(run.folder) if run.folder else None} for run in found]
        print_json(
            {
                "pruned": yes,
                "runs": rows,
                "folders_that_stay": [str(path) for path in stay],
                "runs_that_stay": kept,
            }
        )
        return
    for run in found:
        say(_line(run))
    for run_id, why in kept.items():
        say(f"{run_id} stays: {why}", "yellow")
    for folder, why in stay.items():
        say(f"{folder}: {why}", "yellow")
    total = sum(run.size for run in found) / 1e6
    verb = "taken away" if yes else "would go; add --yes to take them away"
    say(f"{len(found)} run(s), {total:,.1f} MB: {verb}" if found else "no run falls under that")


def _line(run: Prunable) -> str:
    where = run.folder or "its files are gone already"
    return f"{run.id}  {run.started:%Y-%m-%d}  {run.size / 1e6:,.1f} MB  {run.why}  {where}"


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"(\d+)([hdw])", text.strip())
    if not found:
        raise ConfigError(f"--older {text!r}: write a number and h, d or w, as in 30d")
    try:
        return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
    except OverflowError as error:
        raise ConfigError(f"--older {text!r}: is longer than any run") from error


def _size(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", text.strip().lower())
    if not found:
        raise ConfigError(f"--max-size {text!r}: write a number and M, G or T, as in 2G")
    try:
        return int(float(found[1]) * _BYTES[found[2]])
    except OverflowError as error:
        raise ConfigError(f"--max-size {text!r}: is larger than any disk") from error
