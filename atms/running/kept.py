"""What is kept of a live run beside its journals: its inputs, its ledger rows, its states."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atms.config import public_values
from atms.execution.disk.files import account_folder
from atms.execution.disk.recorder import NAME, Recorder
from atms.execution.disk.strategy_state import StateKeeper
from atms.ledger.live_runs import RunRow
from atms.running import provenance
from atms.running.events import Events
from atms.running.live_ledger import LedgerWriter
from atms.running.noting import LiveNotes, NotedBroker, Warnings, restoring
from atms.running.saying import Saying

if TYPE_CHECKING:
    from atms.running.live import LiveRun

_NOTES = "_atms_notes"
_LAST_WORDS = 10.0  # seconds that a database has, when a run is over

log = logging.getLogger(__name__)


class Kept:
    """Recorder, ledger writer and state keeper of one run; none of them can stop an order.

    Raises:
        LedgerError, MissingExtra: the ledger's URL is none, or its driver is missing.
    """

    def __init__(self, run: LiveRun, folder: Path) -> None:
        self._run = run
        self.recorder = Recorder(folder / NAME, now=run.trading.host.now, trouble=log.warning)
        self.keeper = StateKeeper(run.state / "strategies" / run.name)
        self.ledger: LedgerWriter | None = None
        if run.config.ledger.enabled:
            now = run.trading.host.now()
            self.ledger = LedgerWriter(run.config.ledger.url, self._row(folder, now), began=now)
            self.ledger.start()

    def take(self, account: str) -> None:
        """Let the ledger follow an account; its lease is held, its next epoch has not begun.

        Raises:
            JournalError: its journal cannot be read.
        """
        name = next(
            (name for name, store in self._run.stores.items() if store.account == account), account
        )
        if self.ledger is not None:
            self.ledger.take(account_folder(self._run.state, account), name)

    def follow(self, cerebro: Any, broker: Any) -> None:
        """Note what a Cerebro's strategies receive and decide."""
        assert isinstance(broker, NotedBroker)
        broker.recorder = self.recorder
        datas = [self._data(data) for data in cerebro.datas]
        self.recorder.began(
            {
                "run": self._run.id,
                "strategies": [self._run.kind.__name__],
                "datas": datas,
            }
        )
        warnings, events = Warnings(), Events()
        cerebro.addstorecb(events.store)
        cerebro.addstorecb(warnings.store)
        cerebro.adddatacb(events.data)
        cerebro.addanalyzer(
            LiveNotes, _name=_NOTES, recorder=self.recorder, ledger=self.ledger,
            keeper=self.keeper, warnings=warnings, events=events,
            saying=Saying(self.recorder, self.ledger, _places(datas), self._run.trading.host.now),
        )  # fmt: skip
        cerebro.before_bars.append(restoring(self.keeper))

    def close(self, status: str) -> None:
        """Write what waits, for a bounded time; the rest is written at the account's next start."""
        self.recorder.close()
        if self.ledger is not None and not self.ledger.close(
            _LAST_WORDS, status=status, at=datetime.now(UTC)
        ):
            log.warning(
                "the ledger is behind: %s; the rest is written at the next start, or by: "
                "python -m atms runs sync",
                self.ledger.state.last_error or "it is slow",
            )

    def _data(self, data: Any) -> dict[str, str]:
        feed = next(one for one in self._run.config.data.feeds if one.name == data._name)
        base = next(
            one for one in self._run.config.data.feeds if one.name == (feed.of or feed.name)
        )
        account = self._run.stores[base.store or ""].account
        symbol = base.symbol or base.name
        return {
            "name": data._name, "instrument": f"{account}:{symbol}", "venue": base.store or "",
        }  # fmt: skip

    def _row(self, folder: Path, now: datetime) -> RunRow:
        run = self._run
        made = provenance.collect(run.config, [run.kind], {})
        symbols = dict.fromkeys(feed.symbol or feed.name for feed in run.config.data.feeds)
        return RunRow(
            id=run.id, mode="paper" if run.mode == "paper" else "live", strategy=made.strategy,
            symbols=", ".join(symbols), started=now, currency=run.base,
            folder=str(folder.resolve()), label=run.config.run.name, seed=run.config.run.seed,
            config=public_values(run.config), config_hash=made.hashes["config"],
            code_hash=made.hashes["code"],
        )  # fmt: skip


def _places(datas: list[dict[str, str]]) -> dict[str, tuple[str, str, str]]:
    """Return a data's name -> its account, venue and symbol."""
    found = {}
    for data in datas:
        account, _, symbol = data["instrument"].partition(":")
        found[data["name"]] = (account, data["venue"], symbol)
    return found
