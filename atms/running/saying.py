"""What a live run's strategies say, handed on as it comes: to the recorder, and to the ledger.

Both only put it into a queue, so that nothing here can stop an order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import backtrader as bt
import numpy as np

from atms.execution.disk.recorder import Recorder
from atms.execution.disk.recording import micros
from atms.explain import Explain
from atms.feeds.roots import is_live
from atms.feeds.stamps import to_micros
from atms.report.decisions import number_of, plain, text_of
from atms.running.live_ledger import LedgerWriter
from atms.running.said import said

_REFUSED = (bt.Order.Rejected, bt.Order.Margin)
_PLAIN = "NOT_LIVE"  # of an order that was made on a bar of the past: no news


class Saying:
    """Takes what strategies say.

    Args:
        recorder, ledger: where it goes; each may be None.
        datas: a data's name -> its account, venue and symbol.
        now: the run's clock, aware.
    """

    def __init__(
        self,
        recorder: Recorder | None,
        ledger: LedgerWriter | None,
        datas: Mapping[str, tuple[str, str, str]],
        now: Callable[[], datetime],
    ) -> None:
        self._recorder = recorder
        self._ledger = ledger
        self._datas = datas
        self._now = now
        self._number = 0
        self._told: set[int] = set()  # refs of orders that are not over

    def bar(self, strategy: bt.Strategy) -> None:
        """Take a strategy's notes of this bar out; those of bars of the past are forgotten."""
        if not isinstance(strategy, Explain) or not strategy.explained:
            return
        notes = strategy.explained[:]
        strategy.explained.clear()
        datas: Sequence[Any] = strategy.datas  # type: ignore[attr-defined]
        live = {data._name for data in datas if is_live(data)}
        for note in notes:
            if note[1] in live:
                about = plain(note)
                days = about.pop("days")
                symbol = self._datas.get(note[1], ("", "", note[1]))[2]
                about |= {"number": self._next(), "ts": _micros(days), "symbol": symbol}
                self._hand_on("signal", about)

    def order(self, order: bt.Order) -> None:
        """Take an order's notification: its bar and words, once, or that it was never sent."""
        info = order.info
        key = info.get("key")
        if key is not None and order.ref not in self._told:
            self._told.add(order.ref)
            if not info.get("adopted"):  # it is of a process before this one, which has told it
                words = {name: text_of(info.get(name)) for name in ("why", "tag")}
                self._hand_on("words", {"key": key, "ts": _micros(order.created.dt), **words})
        elif key is None and order.status in _REFUSED and info.get("code") != _PLAIN:
            self._refusal(order)
        if not order.alive():
            self._told.discard(order.ref)

    def _refusal(self, order: bt.Order) -> None:
        account, venue, symbol = self._datas.get(order.data._name, ("", "", ""))
        if not account:
            return
        number, created = self._next(), order.created
        about = {
            "order_id": f"refused:{number}", "account": account, "venue": venue, "symbol": symbol,
            "side": "buy" if order.isbuy() else "sell",
            "type": order.ExecTypes[order.exectype].lower(),
            "size": number_of(abs(created.size)) or 0.0,
            "price": None if order.exectype == bt.Order.Market else number_of(created.price),
            "limit_price": number_of(order.p.pricelimit), "at": number,
            "ts": _micros(created.dt),
            "status": order.Status[order.status].lower(), **said(order),
        }  # fmt: skip
        self._hand_on("refusal", about)

    def _next(self) -> int:
        """Return the time in microseconds as a number that no other entry of the run has."""
        self._number = max(self._number + 1, micros(self._now()))
        return self._number

    def _hand_on(self, what: str, about: dict[str, Any]) -> None:
        if self._recorder is not None:
            self._recorder.decided(what, about)
        if self._ledger is not None:
            self._ledger.said(what, about)


def _micros(days: float) -> int:
    """Return a time of Backtrader's in microseconds since 1970 UTC."""
    return int(to_micros(np.array([days]))[0])
