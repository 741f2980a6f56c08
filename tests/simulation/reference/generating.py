"""A random scenario of a seed: bars, orders of every kind alone and in groups, and settings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import numpy as np

from tests.simulation.reference.markets import feeds
from tests.simulation.reference.scenario import (
    CLOSE,
    KINDS,
    LIMIT,
    MARKET,
    STOP,
    STOP_LIMIT,
    TRAIL,
    TRAIL_LIMIT,
    Cancel,
    Feed,
    Make,
    Scenario,
    Settings,
)
from tests.simulation.reference.terms import settings


def scenario(seed: int, *, costs: bool = True) -> Scenario:
    """Make the scenario of a seed; without *costs* it is one for a stock broker."""
    rng = np.random.default_rng(seed)
    terms = settings(rng, costs=costs)
    columns = set()
    if terms.half_spread:
        columns.add("spread")
    if terms.funding:
        columns.add("funding")
    watched = bool(terms.maintenance) and rng.random() < 0.6
    if costs and (watched or terms.funding):
        columns.add(str(rng.choice(["mark", "mark_ends"], p=[0.35, 0.65])))
    finer = bool(terms.latency) or (costs and rng.random() < 0.2)
    market = feeds(rng, columns, finer=finer)
    return Scenario(market, tuple(_Script(rng, market, terms).lines()), terms)


@dataclass
class _Script:
    rng: np.random.Generator
    market: tuple[Feed, ...]
    terms: Settings
    count: int = 0
    made: list[Make | Cancel] = field(default_factory=list)

    def lines(self) -> list[Make | Cancel]:
        """Draw orders for most rounds, and cancellations of some of them."""
        for at in range(len(self.market[0].stamps)):
            chance = self.rng.random()
            if chance < 0.12:
                self._bracket(at)
            elif chance < 0.22:
                self._group(at)
            elif chance < 0.75:
                self._one(at)
            if self.made and self.rng.random() < 0.12:
                victim = int(self.rng.integers(max(1, self.count - 6), self.count + 1))
                self.made.append(Cancel(at, victim))
        return self.made

    def _one(self, at: int, **more: Any) -> Make:
        side = 1 if self.rng.random() < 0.5 else -1
        kind = str(self.rng.choice(KINDS))
        feed = self.market[int(self.rng.integers(len(self.market)))]
        return self._add(at, feed, side, kind, self._size(), **more)

    def _group(self, at: int) -> None:
        first = self._one(at)
        for _ in range(int(self.rng.integers(1, 3))):
            self._one(at, oco=first.number)

    def _bracket(self, at: int) -> None:
        feed = self.market[int(self.rng.integers(len(self.market)))]
        side, size = (1 if self.rng.random() < 0.5 else -1), self._size()
        kind = str(self.rng.choice([MARKET, LIMIT, STOP, STOP_LIMIT, CLOSE, TRAIL]))
        head = self._add(at, feed, side, kind, size, transmit=False)
        below = str(self.rng.choice([STOP, STOP_LIMIT, TRAIL, TRAIL_LIMIT]))
        child: dict[str, Any] = {"parent": head.number, "fitting": True}
        self._add(at, feed, -side, below, size, transmit=False, **child)
        self._add(at, feed, -side, LIMIT, size, **child)

    def _add(
        self, at: int, feed: Feed, side: int, kind: str, size: float, *, fitting: bool = False,
        **more: Any,
    ) -> Make:  # fmt: skip
        self.count += 1
        now = sum(1 for stamp in feed.stamps if stamp <= self.market[0].stamps[at]) - 1
        close = feed.rows[now]["close"]
        ask = Make(at, self.count, feed.name, side, size, kind, **more)
        prices = self._prices(kind, side, close)
        ask = replace(ask, **prices)
        if fitting or ask.kind in (TRAIL, TRAIL_LIMIT) or self.rng.random() < 0.7:
            ask = self._fit(ask)
        elif self.rng.random() < 0.3 and "price" in prices:
            ask = replace(ask, price=prices["price"] + 0.03)
        if self.rng.random() < 0.25:
            ask = replace(ask, valid=self._valid(feed, now))
        self.made.append(ask)
        return ask

    def _prices(self, kind: str, side: int, close: float) -> dict[str, Any]:
        if kind in (MARKET, CLOSE):
            return {}
        away = abs(float(self.rng.normal(0.012, 0.01)))
        price = round(close * (1 + (side if kind != LIMIT else -side) * away) * 2) / 2
        if kind in (LIMIT, STOP):
            return {"price": price}
        if kind == STOP_LIMIT:
            return {"price": price, "limit": price + round(self.rng.normal(0, 1) * 2) / 2}
        trail: dict[str, float] = {"trail_amount": float(self.rng.choice([1.0, 2.0]))}
        if self.rng.random() < 0.5:
            trail = {"trail_percent": float(self.rng.uniform(0.005, 0.03))}
        if kind == TRAIL_LIMIT and self.rng.random() < 0.7:
            price = round(close * 2) / 2
            trail |= {"price": price, "limit": price + side * round(self.rng.normal(0, 1) * 2) / 2}
        return trail

    def _size(self) -> float:
        room = self.terms.cash * self.terms.leverage / 100
        if self.terms.per_contract is not None:
            room = self.terms.cash / self.terms.per_contract
        size = room * float(self.rng.uniform(0.02, 0.45))
        size *= 3.0 if self.rng.random() < (0.2 if self.terms.maintenance else 0.03) else 1.0
        if self.terms.reject or self.rng.random() < 0.5:
            size = float(max(1, round(size)))
        if self.terms.reject and self.rng.random() < 0.1:
            size = float(self.rng.choice([0.25, 0.375, 1.25, 2.8125]))
        return max(1.0, round(size * 16)) / 16  # sums of such sizes leave no dust

    def _fit(self, ask: Make) -> Make:
        return replace(ask, size=float(max(4, round(ask.size)))) if self.terms.reject else ask

    def _valid(self, feed: Feed, now: int) -> Any:
        bars = int(self.rng.integers(1, 8))
        step = feed.stamps[1] - feed.stamps[0]
        if self.rng.random() < 0.5:
            return feed.stamps[min(now + bars, len(feed.stamps) - 1)]
        return step * bars + timedelta(minutes=30)
