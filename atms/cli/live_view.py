"""What a live run shows while it runs: a table that changes, or a line where there is no screen."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from decimal import Decimal
from typing import Any, Self

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from atms.cli.screen import errors, out
from atms.running.health import told
from atms.running.live import LiveRun
from atms.running.session import SessionFolder

_EVERY = 1.0
_LINE_EVERY = 60.0  # seconds between lines where nothing can be redrawn


class LiveView:
    """Shows a run's status file, as another process would see it."""

    def __init__(self, run: LiveRun) -> None:
        self._folder = SessionFolder(run.state / "runs" / run.id)
        self._title = f"{run.kind.__name__}  {run.mode}  {run.id}"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._show, name="atms-view", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(5)

    def _show(self) -> None:
        console = errors()
        if not console.is_terminal:
            self._lines(console)
            return
        with Live(console=console, refresh_per_second=2, transient=False) as live:
            while not self._over.wait(_EVERY):
                live.update(page(self._title, self._folder.status, self._folder.silence))
            live.update(page(self._title, self._folder.status))

    def _lines(self, console: Any) -> None:
        shown = float("-inf")
        before = ""
        while not self._over.wait(_EVERY):
            status = self._folder.status
            state = str(status.get("state", ""))
            if state and (state != before or time.monotonic() - shown > _LINE_EVERY):
                console.print(Text(line(self._title, status)))
                before, shown = state, time.monotonic()


def follow(folder: SessionFolder, title: str) -> None:
    """Show a run on the terminal, anew every second, until it is over or Ctrl-C."""
    with suppress(KeyboardInterrupt), Live(console=out(), refresh_per_second=2) as live:
        while True:
            status = folder.status
            live.update(page(title, status, folder.silence))
            if status.get("state") == "ended" or not folder.session.runs:
                return
            time.sleep(_EVERY)


def line(title: str, status: dict[str, Any]) -> str:
    """Return a status in one line."""
    accounts = status.get("accounts", {}).values()
    orders = sum(len(one["orders"]) for one in accounts)
    fills = sum(one["fills"] for one in accounts)
    value = status.get("value")
    worth = f"{value:,.2f}" if value is not None else "–"
    halted = [name for one in accounts for name in one["halted"]]
    halts = f", halted: {', '.join(halted)}" if halted else ""
    return (
        f"{title}: {status.get('state')}, {status.get('bars', 0)} bars to "
        f"{status.get('last_bar') or '–'}, value {worth}, {orders} open orders, {fills} fills"
        f"{halts}"
    )


def page(title: str, status: dict[str, Any], silence: float | None = None) -> Group:
    """Return a status as a person reads it: health, positions, orders.

    Args:
        silence: seconds since it was written; None: nobody wants to know whether it is well.
    """
    parts: list[Any] = [Text(title, style="bold")]
    if not status:
        return Group(*parts, Text("starting …", style="dim"))
    cash, value = status.get("cash"), status.get("value")
    head = Table.grid(padding=(0, 3))
    head.add_row(
        f"state {status.get('state', '–')}",
        f"bars {status.get('bars', '–')}",
        f"last {status.get('last_bar') or '–'}",
        f"cash {cash:,.2f}" if cash is not None else "cash –",
        f"value {value:,.2f}" if value is not None else "value –",
    )
    parts.append(head)
    ended = status.get("state") == "ended"
    if ended and value is not None:
        parts.append(Text("cash and value as the strategy's last bar saw them", style="dim"))
    judged = silence is not None and not ended
    if silence is not None and judged:
        parts += _health(status, silence)
    for name, account in status.get("accounts", {}).items():
        parts.append(_account(name, account, halts=not judged, ended=ended))
    return Group(*parts)


def _health(status: dict[str, Any], silence: float) -> list[Any]:
    found = told("", status, silence)
    verdict = Text("READY", "green") if found["ready"] else Text("NOT READY", "bold red")
    parts: list[Any] = [verdict.append("".join(f"; {why}" for why in found["why"]), "yellow")]
    parts += [Text(note, "yellow") for note in found["notes"]]
    streams = [feed["stream_age"] for feed in found["feeds"] if feed["stream_age"] is not None]
    ledger, risk = found["ledger"], found["risk"] or {}
    gross = ", ".join(f"{value:,.2f} {asset}" for asset, value in risk.get("gross", {}).items())
    ages = {
        "beat": silence, "strategy": found["strategy_age"], "bar": found["bar_age"],
        "stream": max(streams, default=None),
    }  # fmt: skip
    told_ages = "   ".join(f"{name} {_ago(age)}" for name, age in ages.items())
    behind = f"ledger {ledger['lag']} behind" if ledger else "no ledger"
    parts.append(Text(f"{told_ages} ago   {behind}"))
    parts.append(Text(f"at risk {gross or 'nothing'}, {risk.get('open_orders', 0)} open orders"))
    return parts


def _ago(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.0f} s"


def _account(name: str, account: dict[str, Any], *, halts: bool, ended: bool) -> Group:
    health = "ready" if account["ready"] else "reconciling"
    if account["failed"]:
        health = f"failed: {account['failed']}"
    parts: list[Any] = [Text(f"{name}: {health}, {account['fills']} fills", style="dim")]
    if ended and account["balances"]:  # cash and value are the strategy's, from its last bar
        held = ", ".join(f"{total} {asset}" for asset, total in account["balances"].items())
        parts.append(Text(f"in the books {held}"))
    if halts:  # where nothing is judged, nothing else tells of them
        parts += [Text(f"halted {key}: {why}", "yellow") for key, why in account["halted"].items()]
    if account["positions"]:
        parts.append(rows(account["positions"], ("instrument", "qty", "price")))
    if account["orders"]:
        shown = ("key", "side", "qty", "kind", "limit", "trigger", "filled", "state")
        parts.append(rows(account["orders"][:20], shown))
    if len(account["orders"]) > 20:
        parts.append(Text(f"… and {len(account['orders']) - 20} more orders", style="dim"))
    return Group(*parts)


def rows(values: list[dict[str, Any]], names: tuple[str, ...]) -> Table:
    """Return a table of rows."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name)
    for one in values:
        table.add_row(*(_shown(name, one[name]) for name in names))
    return table


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if name == "price":  # an average has as many digits as it takes; --json tells them all
        return f"{round(Decimal(value), 8).normalize():f}"
    return str(value)
