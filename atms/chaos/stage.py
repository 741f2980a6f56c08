"""A simulated venue whose market goes along given bars."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from atms.chaos.market import Market, Tick, Told
from atms.chaos.setting import Setting
from atms.config import FeedSection
from atms.execution.core.core import Core
from atms.sandbox.simulation.loop import VirtualLoop
from atms.sandbox.simulation.places import Place
from atms.sandbox.simulation.venue.base import SimulatedStore
from atms.sandbox.simulation.venue.booking import correct, move

_CENT = Decimal("0.01")
_OUTAGE = (20.0, 150.0)  # seconds
# How likely it is between two trades of others that something happens that nobody asked for.
_GOES_DOWN, _CASH_MOVES, _CORRECTED = 0.005, 0.002, 0.02


class Stage(Place):
    """One venue of a user's trial.

    Args:
        seed: everything that goes wrong is drawn from it.
        number: its place in the setting.

    Attributes:
        happened: what happened here by no fault of a request, by name.
    """

    def __init__(self, seed: str, setting: Setting, number: int, loop: VirtualLoop) -> None:
        venue = setting.venues[number]
        self._of = venue
        self._setting = setting
        self._loop = loop
        self._past: dict[tuple[str, str], list[Told]] = {}
        self.happened: Counter[str] = Counter()
        step = timedelta(seconds=setting.histories[venue.feeds[0].name].timeframe.seconds)
        symbols = len(venue.profile.symbols)
        super().__init__(seed, venue.profile, loop, symbols, step, setting.base)
        self.policy = setting.config.execution.unknown_position

    def _draw_opening(self) -> None:
        """Hold the config's cash alone."""

    def begin(self, market: Market, number: int) -> None:
        """Know the bars of the past; the last one's close is the price."""
        bars = self.venue.market.bars
        self.venue.prices.clear()
        for told in market.past:
            if told.venue == number:
                key = (told.bar.instrument, told.timeframe)
                bars.setdefault(key, {})[told.at] = told.bar
                self.venue.prices[told.bar.instrument] = told.bar.close

    def trade(self, tick: Tick) -> None:
        """Let others trade."""
        self.venue.trade(tick.instrument, tick.price, max(tick.qty, self.profile.qty_step))

    def tell(self, told: Told) -> None:
        """Tell a bar that is over."""
        self.venue.turn()
        self.venue.market.told(self.venue, told.timeframe, told.bar)

    def connect(self) -> SimulatedStore:
        """Return a connection that knows whether bars are missing by nature."""
        store = super().connect()
        gaps = any(self._setting.histories[feed.name].gaps for feed in self._of.feeds)
        store.capabilities = replace(
            store.capabilities, bars_omit_empty=store.capabilities.bars_omit_empty or gaps
        )
        return store

    # ---- what else happens ----------------------------------------------------------------------
    def meddle(self) -> None:
        """Let the venue be down for a while, cash come from outside, executions be corrected."""
        venue, rng = self.venue, self.rng
        if self.outages and not venue.down and rng.random() < _GOES_DOWN:
            venue.down = True
            self.happened["outage"] += 1
            self._loop.call_later(rng.uniform(*_OUTAGE), self._up)
        if self.outages and rng.random() < _CASH_MOVES:
            self.happened["cash_moved"] += 1
            move(venue, self.base, self.profile.balances[self.base] / 1000, "other")
        if self.corrects and venue.executions and rng.random() < _CORRECTED:
            self.happened["corrected"] += 1
            name = rng.choice(sorted(venue.executions))
            true = venue.executions[name]
            correct(venue, name, true.qty, true.price + self.profile.price_step)

    def _up(self) -> None:
        self.venue.down = False

    # ---- what is true ---------------------------------------------------------------------------
    @property
    def hits(self) -> Counter[str]:
        """Return how often what has gone wrong here."""
        return Counter(self.venue.chance.hits) + self.happened

    @property
    def core(self) -> Core | None:
        """Return what decides for the account; None: no process does."""
        return self._core()

    @property
    def is_resolved(self) -> bool:
        """Return whether the account's process is ready and in no doubt about any order."""
        core = self.core
        if core is None or not core.ready or core.waiting:
            return False
        return not any(one.unresolved for one in core.state.open_orders())

    @property
    def is_settled(self) -> bool:
        """Return whether that process knows all that there is to know, too."""
        venue, core = self.venue, self.core
        if venue.down or (venue.ban is not None and venue.now() < venue.ban.until):
            return False
        known = core is not None and len(core.state.books.rows) == len(venue.executions)
        return known and self.is_resolved

    @property
    def is_agreed(self) -> bool:
        """Return whether that process and the venue have the same orders open."""
        core = self.core
        ours = set() if core is None else {one.key for one in core.state.open_orders()}
        return ours == {one.key for one in self.venue.open_orders() if not one.foreign}

    def shown(self, name: str) -> tuple[str, ...]:
        """Return the names of the datas that show an instrument's bars as they are told."""
        return tuple(feed.name for feed in self._showing(name))

    @property
    def timeframe(self) -> str:
        """The length of the first feed's bars."""
        return str(self._setting.histories[self._of.feeds[0].name].timeframe)

    def _showing(self, name: str) -> list[FeedSection]:
        symbol = name.partition(":")[2]
        return [one for one in self._of.feeds if (one.symbol or one.name) == symbol]
