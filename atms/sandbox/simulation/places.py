"""A simulated venue with its market and one account's journal, which outlive every process."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from atms.execution.core.core import Core
from atms.sandbox.simulation.guard import Guard
from atms.sandbox.simulation.lives import Life, MemoryJournal
from atms.sandbox.simulation.loop import VirtualLoop
from atms.sandbox.simulation.venue.base import SimulatedStore
from atms.sandbox.simulation.venue.faults import Faults
from atms.sandbox.simulation.venue.happenings import Happenings
from atms.sandbox.simulation.venue.profiles import Profile
from atms.sandbox.simulation.venue.truth import Venue
from atms.sandbox.simulation.venue.varying import vary
from atms.sandbox.simulation.watched import Means
from atms.stores.market import Bar
from atms.stores.requests import Kind

_CENT = Decimal("0.01")


class Place:
    """One venue.

    Args:
        seed: everything is drawn from it.
        profile: the kind of venue.
        base: the currency that everything is paid in.
        symbols: how many instruments are traded.
        step: the length of a bar.

    Attributes:
        policy: what becomes of positions that no journal explains; *held* units are such.
        lives: of the account, one a process.
        guard: looks whether what was bought is protected.
        moves: whether the market moves.
        outages, corrects: whether the venue may be down, and may correct executions.
    """

    def __init__(
        self,
        seed: str,
        profile: Profile,
        loop: VirtualLoop,
        symbols: int,
        step: timedelta,
        base: str = "USD",
    ) -> None:
        self.rng = random.Random(f"{seed}/{profile.name}/market")
        self.profile = profile
        self.base = base
        self.policy, self.held = "halt", Decimal(0)
        self._draw_opening()
        self.venue: Venue = self.profile.venue(
            clock=loop.now, source=random.Random(f"{seed}/{profile.name}/venue")
        )
        self.names = list(self.venue.instruments)[:symbols]
        self.happenings = Happenings(
            self.venue, self.profile, self.names, lambda: any(one.ready_at for one in self.lives),
            self.base,
        )  # fmt: skip
        self.venue.unexplained = sum(self.ignored.values(), Decimal(0))
        self.step = step
        self.journal = MemoryJournal()
        self.lives: list[Life] = []
        self._over = 0
        self.guard = Guard(self.venue, loop, self._core)
        self.moves = True
        self.outages = self.corrects = False
        self._price = dict.fromkeys(self.names, Decimal(100))
        self._path: dict[str, list[tuple[Decimal, Decimal]]] = {name: [] for name in self.names}
        for name in self.names:
            self.venue.trade(name, Decimal(100), Decimal(1))

    def _draw_opening(self) -> None:
        """Draw what the account holds before anybody of ours trades on it, and what it may ask."""
        varied = vary(self.profile, self.rng)
        self.profile, self.policy, self.held = varied.profile, varied.policy, varied.held

    @property
    def account(self) -> str:
        """Return the account's name."""
        return self.venue.account

    @property
    def ignored(self) -> dict[str, Decimal]:
        """Return units that are no position."""
        return {self.names[0]: self.held} if self.policy == "ignore" else {}

    def leave(self) -> None:
        """Take in that the process is over, in whatever way."""
        self._over = len(self.lives)

    def _core(self) -> Core | None:
        return self.lives[-1].core if len(self.lives) > self._over else None

    def connect(self) -> SimulatedStore:
        """Return a connection, which feeds and the account share: so it minds bans itself."""
        store = self.profile.connect(self.venue)
        assert isinstance(store, SimulatedStore)
        store.base = self.base
        store.wire.minds_bans = True
        return store

    def means(self) -> Means:
        """Return what a strategy may do here."""
        capabilities = self.connect().capabilities
        kinds = tuple(kind.value for kind in Kind if kind in capabilities.kinds)
        stops = Kind.STOP in capabilities.kinds  # then what a bracket needs can be done here
        links = {"bracket", "oco"} if stops else set(capabilities.links)
        return Means(
            kinds=kinds, links=tuple(sorted(links)), unit=1.0,
            shorts=self.profile.cash == "margin", reduces=capabilities.reduces == "flag",
        )  # fmt: skip

    # ---- the market -----------------------------------------------------------------------------
    def tick(self) -> None:
        """Let others trade, mostly."""
        for name in self.names if self.moves else ():
            if self.rng.random() < 0.2 or self.happenings.is_quiet():
                continue
            price = self._price[name] + Decimal(self.rng.randrange(-40, 41)) / 100
            price = self.happenings.price(price)
            size = self.rng.randrange(1, 40) * max(self.profile.qty_step, Decimal("0.1"))
            self._price[name] = price = max(Decimal(50), price)
            self._path[name].append((price, size))
            self.venue.trade(name, price, size)

    def end_bar(self, begins: datetime) -> None:
        """Tell the bar of what was traded since it began."""
        for name in self.names:
            path, self._path[name] = self._path[name], []
            bar = self._bar(name, path, begins)
            if bar is not None:
                self.venue.turn()
                self.venue.market.told(self.venue, self.timeframe, bar)

    @property
    def timeframe(self) -> str:
        """Return the bars' length as stores write it."""
        seconds = int(self.step.total_seconds())
        return f"{seconds}s" if seconds % 60 else f"{seconds // 60}m"

    def _bar(self, name: str, path: list[tuple[Decimal, Decimal]], begins: datetime) -> Bar | None:
        prices = [price for price, _ in path]
        if not prices:
            if self.profile.manners.omits_empty:  # there is no bar where nothing was traded
                return None
            prices = [self._price[name]]
        return Bar(
            instrument=name, open_at=begins, close_at=begins + self.step, open=prices[0],
            high=max(prices), low=min(prices), close=prices[-1],
            volume=sum((size for _, size in path), Decimal(0)), final=True,
        )  # fmt: skip

    # ---- what else happens ----------------------------------------------------------------------
    def meddle(self) -> None:
        """Let happen what nobody has asked for."""
        self.happenings.happen()

    def go_wrong(self, faults: Faults, *, outages: bool, splits: bool) -> None:
        """Let things go wrong; what a kind of venue does not know, does not.

        Args:
            splits: whether positions may grow by what is no order of ours.
        """
        self.outages, self.corrects = outages, "corrected" in self.profile.happens
        if not splits:
            faults = replace(faults, splits=0, traded_by_hand=0, busted=0)
        self.venue.faults = replace(faults, outage=0.02 if outages else 0)

    def calm_down(self) -> None:
        """Let nothing go wrong any more."""
        self.venue.faults, self.outages, self.corrects = Faults(), False, False
        self.happenings.calm_down()

    # ---- what is true ---------------------------------------------------------------------------
    def shown(self, name: str) -> tuple[str, ...]:
        """Return the names of the datas that show an instrument's bars as they are told."""
        return (name,)

    def true_bars(self, name: str) -> Iterator[Bar]:
        """Yield the final bars of an instrument, the oldest first."""
        kept = self.venue.market.bars.get((name, self.timeframe), {})
        yield from sorted(kept.values(), key=lambda bar: bar.close_at)

    def qty(self, name: str) -> Decimal:
        """Return the position that the venue holds for us."""
        instrument, holdings = self.venue.instruments[name], self.venue.holdings
        if instrument.cash == "exchange":  # what fills have brought, less the fees paid in it
            held = holdings.balances.get(instrument.base, Decimal(0))
            return held - self.ignored.get(name, Decimal(0))
        return holdings.qty(name)

    def worth(self, name: str, price: float) -> float:
        """Return what a position adds to the cash at a price."""
        if self.venue.instruments[name].cash == "exchange":
            return float(self.qty(name)) * price
        return sum(
            float(one.qty) * price - float(one.cost)
            for (of, _), one in self.venue.holdings.positions.items()
            if of == name
        )
