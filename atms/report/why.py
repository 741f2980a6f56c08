"""What happened on a bar and why: signals, gates, orders and what became of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Row = dict[str, Any]
_PRICES = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the strategy said on a bar: a signal, or a refusal without one.

    Attributes:
        numbers: by name.
        gates: name, passed, value, limit_value of each, in order.
    """

    feed: str
    signal: str
    confidence: float | None
    numbers: dict[str, Any]
    gates: tuple[Row, ...]

    @property
    def refused(self) -> str:
        """The first gate that it did not pass; empty: none."""
        return next((str(gate["name"]) for gate in self.gates if not gate["passed"]), "")


@dataclass(frozen=True, kw_only=True)
class OnBar:
    """A bar, and what happened on it.

    Attributes:
        at: its stamp.
        prices: of each feed that has it: feed, open, high, low, close, volume.
        said: in order.
        orders: rows of the orders that were made on it, with ``fills``, their rows.
    """

    at: pd.Timestamp
    prices: tuple[Row, ...]
    said: tuple[Said, ...]
    orders: tuple[Row, ...]

    def __bool__(self) -> bool:
        """Return whether anything happened."""
        return bool(self.said or self.orders)


class Bars:
    """The bars of a run's feeds of one symbol, as ``why`` looks at them.

    Args:
        feeds: names of the feeds.
        symbol, venues: what orders of these feeds are filed under.
        bars, decisions, gates, orders, fills: the run's frames.
    """

    def __init__(
        self,
        feeds: Iterable[str],
        symbol: str,
        venues: Iterable[str],
        *,
        bars: pd.DataFrame,
        decisions: pd.DataFrame,
        gates: pd.DataFrame,
        orders: pd.DataFrame,
        fills: pd.DataFrame,
    ) -> None:
        names = list(feeds)
        self._bars = bars[bars["feed"].isin(names)]
        self._decisions = decisions[decisions["feed"].isin(names)]
        self._gates = gates
        mine = (orders["symbol"] == symbol) & orders["venue"].isin([*venues])
        self._orders = orders[mine] if len(orders) else orders
        self._fills = fills
        self._shown_at = _micros(self._bars["datetime"])
        self._said_at = _micros(self._decisions["ts"])
        self._made_at = _micros(_made(self._orders))
        self._stamps = np.unique(np.concatenate([self._shown_at, self._said_at]))
        if not len(self._stamps):  # of a live run that has lost its recording
            self._stamps = np.unique(self._made_at)
        busy = np.concatenate([self._said_at, self._made_at])
        self._busy = np.unique(self._places(busy))

    @property
    def span(self) -> tuple[pd.Timestamp, pd.Timestamp] | None:
        """The first and the last stamp; None: there are no bars."""
        if not len(self._stamps):
            return None
        return _moment(self._stamps[0]), _moment(self._stamps[-1])

    @property
    def step(self) -> pd.Timedelta:
        """The usual time from one bar to the next."""
        steps = np.diff(self._stamps)
        return pd.Timedelta(int(np.median(steps)) if len(steps) else 0, unit="us")

    def at(self, when: pd.Timestamp) -> OnBar:
        """Return the bar at a time, or the last one before it; there is one."""
        return self._on(int(self._places(np.array([_micro(when)]))[0]))

    def between(self, start: pd.Timestamp, end: pd.Timestamp) -> list[OnBar]:
        """Return the bars from *start* to before *end* on which something happened."""
        places = [p for p in self._busy if _micro(start) <= self._stamps[p] < _micro(end)]
        return [self._on(int(place)) for place in places]

    def before(self, when: pd.Timestamp) -> OnBar | None:
        """Return the last bar before a time on which something happened."""
        found = [place for place in self._busy if self._stamps[place] < _micro(when)]
        return self._on(int(found[-1])) if found else None

    def after(self, when: pd.Timestamp) -> OnBar | None:
        """Return the first bar after a time on which something happened."""
        found = [place for place in self._busy if self._stamps[place] > _micro(when)]
        return self._on(int(found[0])) if found else None

    def _places(self, micros: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the place of the last bar at or before each time, or of the first."""
        return np.maximum(np.searchsorted(self._stamps, micros, side="right") - 1, 0)

    def _on(self, place: int) -> OnBar:
        first = self._stamps[place]
        # A live order is made some milliseconds after its bar.
        end = self._stamps[place + 1] if place + 1 < len(self._stamps) else np.iinfo(np.int64).max
        shown = self._bars[self._shown_at == first]
        said = self._decisions[self._said_at == first]
        orders = self._orders[(self._made_at >= first) & (self._made_at < end)]
        return OnBar(
            at=_moment(first),
            prices=tuple(
                {"feed": row["feed"], **{name: row.get(name) for name in _PRICES}}
                for row in _rows(shown)
            ),
            said=tuple(self._said(row) for row in _rows(said)),
            orders=tuple({**row, "fills": self._fills_of(row)} for row in _rows(orders)),
        )

    def _said(self, row: Row) -> Said:
        met = self._gates[self._gates["number"] == row["number"]].sort_values("place")
        return Said(
            feed=row["feed"],
            signal=row["signal"],
            confidence=row["confidence"],
            numbers=json.loads(row["numbers"]),
            gates=tuple(_rows(met[["name", "passed", "value", "limit_value"]])),
        )

    def _fills_of(self, order: Row) -> list[Row]:
        names = [n for n in ("ts", "side", "size", "price", "fee", "fee_currency", "row")
                 if n in self._fills]  # fmt: skip
        return _rows(self._fills.loc[self._fills["order_id"] == order["order_id"], names])


def _rows(frame: pd.DataFrame) -> list[Row]:
    """Return rows as plain values, missing ones as None."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def _made(orders: pd.DataFrame) -> pd.Series:
    """Return the bars that orders were made on; a live one's time is the venue's, not the bar's."""
    if "bar_ts" not in orders:
        return orders["created_ts"]
    return pd.to_datetime(orders["bar_ts"], utc=True).fillna(orders["created_ts"])


def _micros(times: pd.Series) -> NDArray[np.int64]:
    if not len(times):
        return np.zeros(0, dtype=np.int64)
    moments = pd.to_datetime(times, utc=True).dt.as_unit("us")
    return np.asarray(moments.astype("int64"), dtype=np.int64)


def _micro(at: pd.Timestamp) -> int:
    return int(_micros(pd.Series([at]))[0])


def _moment(micro: Any) -> pd.Timestamp:
    return pd.Timestamp(int(micro), unit="us", tz="UTC")
