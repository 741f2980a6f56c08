"""One account against a venue that does everything wrong: seeded, in virtual time.

The code that trades, core, driver, records, runs as it is; a trader makes orders, faults and kills
are drawn from the seed, then comes a phase without any, and what the books say must be true.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from atms.errors import VenueError
from atms.execution.core.core import Core, Terms
from atms.execution.core.events import Instruction, TellAccount, TellOrder, Wish, WishCancel, Wishes
from atms.execution.core.records import Record
from atms.execution.driver.account import Account, Told
from atms.sandbox.simulation.brackets import bracket, pair
from atms.sandbox.simulation.guard import Guard
from atms.sandbox.simulation.lives import Killed, Life, MemoryJournal
from atms.sandbox.simulation.loop import VirtualLoop
from atms.sandbox.simulation.truths import violations
from atms.sandbox.simulation.venue.faults import WRONG_BARS, Faults
from atms.sandbox.simulation.venue.happenings import Happenings
from atms.sandbox.simulation.venue.profiles import PROFILES
from atms.sandbox.simulation.venue.varying import vary
from atms.stores.base import RateLimited
from atms.stores.requests import Kind, Ticket

START = datetime(2026, 1, 1, tzinfo=UTC)
# Minutes before clocks change in New York and in Berlin, and before a leap day (F58).
NIGHTS = (
    datetime(2026, 3, 8, 6, 57, tzinfo=UTC), datetime(2026, 11, 1, 5, 57, tzinfo=UTC),
    datetime(2026, 3, 29, 0, 57, tzinfo=UTC), datetime(2026, 10, 25, 0, 57, tzinfo=UTC),
    datetime(2028, 2, 28, 23, 57, tzinfo=UTC),
)  # fmt: skip
_FINAL = ("completed", "canceled", "expired", "margin", "rejected")
_NOT_DRAWN = frozenset({"amend_doubles"})  # no order is changed, it is made anew
DRAWN = tuple(each.name for each in fields(Faults) if each.name not in _NOT_DRAWN | WRONG_BARS)


@dataclass
class Trial:
    """One seed.

    Attributes:
        found: what was not true at the end, in words.
        trace: a hash of everything that happened.
        faults: which were on.
        kills: how often the process died.
        orders, fills, bars: how much happened.
        hits: how often each fault happened.
        seen: how often each thing happened that a trial is to hold.
        killed_at: at which step a process died.
    """

    seed: int
    profile: str = "binance"
    minutes: float = 10.0
    found: list[str] = field(default_factory=list)
    trace: str = ""
    faults: tuple[str, ...] = ()
    kills: int = 0
    orders: int = 0
    fills: int = 0
    bars: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    killed_at: Counter[str] = field(default_factory=Counter)


def run(
    seed: int,
    profile: str = "binance",
    *,
    minutes: float = 10.0,
    make_core: Callable[[Terms, Sequence[Record]], Core] = Core,
    faults: Faults | None = None,
) -> Trial:
    """Run one seed and return what was wrong at its end.

    Args:
        seed: everything is drawn from it.
        profile: which kind of venue.
        minutes: virtual time with faults; the time without comes on top.
        make_core: another core, for mutants.
        faults: in the place of drawn ones.
    """
    return _World(seed, profile, minutes, make_core, faults).run()


class _World:
    """A venue, a loop, and one process after the other."""

    def __init__(
        self,
        seed: int,
        profile: str,
        minutes: float,
        make_core: Callable[[Terms, Sequence[Record]], Core],
        faults: Faults | None,
    ) -> None:
        self.rng = random.Random(f"{seed}/{profile}")
        self.trial = Trial(seed, profile, minutes)
        self.loop = VirtualLoop(start_of(f"{seed}/{profile}"))
        varied = vary(PROFILES[profile], self.rng)
        self.profile, self.policy, self.spared = varied.profile, varied.policy, varied.spared
        self.venue = self.profile.venue(
            clock=self.loop.now, source=random.Random(f"{seed}/{profile}/venue")
        )
        self.venue.unexplained = self.spared
        self.instrument = next(iter(self.venue.instruments))
        self.journal = MemoryJournal()
        self.make_core = make_core
        drawn = faults or Faults.draw(f"{seed}/{profile}", filter(self.profile.meets, DRAWN))
        self.trial.faults = tuple(f.name for f in fields(drawn) if getattr(drawn, f.name))
        self.venue.faults = drawn
        self.happenings = Happenings(
            self.venue, self.profile, [self.instrument],
            lambda: any(one.ready_at for one in self.lives),
        )  # fmt: skip
        self.kill_rate = self.rng.choice((0.0, 0.001, 0.004))
        self.quiet = False
        self.price = Decimal(100)
        drawn_apart = random.Random(f"{seed}/{profile}/brackets").random() < 0.5
        self.brackets = drawn_apart and profile != "chain"  # where no stop can stand
        self.pairing = random.Random(f"{seed}/{profile}/pairs")
        self.pairs = self.pairing.random() < 0.4 and profile != "chain"
        self.ending = random.Random(f"{seed}/{profile}/lifetimes")
        self.lifetimes = self.ending.random() < 0.4
        self._core: Core | None = None
        self.guard = Guard(self.venue, self.loop, lambda: self._core)
        self.life = self._be_born()
        self.lives = [self.life]

    def run(self) -> Trial:
        """Trade with faults, then converge without, then look."""
        try:
            return self._run()
        finally:
            if not self.loop.is_closed():  # an error ends the trial
                self._bury()
                self.loop.close()

    def _run(self) -> Trial:
        self.venue.trade(self.instrument, self.price, Decimal(1))
        end = self.trial.minutes * 60
        while self.loop.time() < end:
            self._turn(min(1.0 + 4.0 * self.rng.random(), end - self.loop.time() + 0.001))
        self.quiet, self.venue.faults = True, Faults()
        self.happenings.calm_down()
        bound = self.venue.manners.outcome_bound.total_seconds()
        for moves, seconds in ((True, bound + 60), (False, bound + 120)):
            deadline = self.loop.time() + seconds
            while self.loop.time() < deadline:
                self._turn(5.0, moves=moves)
        left = {self.instrument: self.spared} if self.spared else {}
        self.trial.found += violations(self.venue, self.lives, self.journal.records(), left)
        self.trial.found += self.guard.found()
        self.trial.kills = len(self.lives) - 1
        self.trial.hits = Counter(self.venue.chance.hits)
        self.trial.orders = len(self.life.core.state.orders)
        self.trial.fills = len(self.life.core.state.books.rows)
        lines = [*self.journal.lines, *(repr(record) for record in self.venue.history)]
        self.trial.trace = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        self._bury()
        self.loop.close()
        return self.trial

    # ---- time -------------------------------------------------------------------------------
    def _turn(self, seconds: float, *, moves: bool = True) -> None:
        try:
            self.loop.turn(lambda: False, seconds)
            if moves:
                self._walk()
            if not self.quiet:
                self._trade()
                self.happenings.happen()
        except Killed:
            self._die()

    def _walk(self) -> None:
        """Move the market."""
        if self.happenings.is_quiet():
            return
        step = Decimal(self.rng.randrange(-30, 31)) / 100
        self.price = self.happenings.price(max(Decimal(50), self.price + step))
        size = self.rng.randrange(1, 40) * max(self.profile.qty_step, Decimal("0.1"))
        self.venue.trade(self.instrument, self.price, size)

    def _trade(self) -> None:
        """Want something, as a strategy would."""
        core = self.life.core
        known = [key for key in core.tags if core.state.orders.get(key) is not None]
        still = [key for key in known if core.state.orders[key].closed is None]
        if still and self.rng.random() < 0.3:
            self.account.feed(WishCancel(key=self.rng.choice(still)))
        if self.rng.random() < 0.5:
            wishes = tuple(self._wish() for _ in range(self.rng.randrange(1, 3)))
            self.account.feed(Wishes(wishes=wishes))
        if self.brackets and self.rng.random() < 0.3:
            wish = bracket(self.rng, self.profile, self.instrument, self.price)
            self.account.feed(Wishes(wishes=(wish,)))
        if self.pairs and self.pairing.random() < 0.2:
            wish = pair(self.pairing, self.profile, self.instrument, self.price)
            self.account.feed(Wishes(wishes=(wish,)))
        legs = [plan.key for plan in core.state.open_plans()] if self.brackets else []
        if legs and self.rng.random() < 0.1:
            self.account.feed(WishCancel(key=self.rng.choice(legs)))

    def _wish(self) -> Wish:
        side = self.rng.choice((1, -1))
        kind = self.rng.choice((Kind.MARKET, Kind.MARKET, Kind.LIMIT, Kind.LIMIT, Kind.STOP))
        away = Decimal(self.rng.randrange(-40, 60)) / 100
        ticket = Ticket(
            key="", instrument=self.instrument, side=side,  # type: ignore[arg-type]
            qty=self.rng.randrange(2, 40) * max(self.profile.qty_step, Decimal("0.1")), kind=kind,
            limit=self.price - side * away if kind is Kind.LIMIT else None,
            trigger=self.price + side * abs(away) + Decimal("0.2") * side
            if kind is Kind.STOP
            else None,
        )  # fmt: skip
        if self.lifetimes and kind is Kind.LIMIT and self.ending.random() < 0.3:
            ends = self.loop.now() + timedelta(seconds=self.ending.randrange(2, 60))
            away = Decimal(self.ending.randrange(0, 400)) / 100  # some are never reached
            limit = self.price - side * away
            ticket = replace(ticket, tif="gtd", expires=ends, limit=limit)
        return Wish(tickets=(ticket,), tags=(self.rng.randrange(1_000_000),))

    # ---- lives ------------------------------------------------------------------------------
    def _be_born(self) -> Life:
        terms = Terms(journal="sim", instruments=(self.instrument,), unknown_position=self.policy)
        core = self.make_core(terms, self.journal.records())
        store = self.profile.connect(self.venue)
        told: list[Told] = []
        account = Account(
            core, store, self.journal, loop=self.loop, now=self._clock(), tell=told.append,
            before=self._before,
        )  # fmt: skip
        self.account = account
        self._core = core
        account.spawn(self._live(account))
        return Life(core, told)

    def _clock(self) -> Callable[[], datetime]:
        """Return a process's clock: the wall's when it began, and what has passed since."""
        if not self.venue.chance.hit("clock_set"):  # F57
            return self.loop.now
        off = timedelta(seconds=self.venue.chance.seconds((-10, 10)))
        return lambda: self.loop.now() + off

    async def _live(self, account: Account) -> None:
        """Connect, again and again, as a supervisor would."""
        while True:
            wait = 5.0
            try:
                await account.run()
            except RateLimited as error:
                wait = max(wait, error.after.total_seconds() if error.after else 0.0)
            except VenueError:
                pass
            else:
                return
            await asyncio.sleep(wait)

    def _before(self, instruction: Instruction) -> None:
        if isinstance(instruction, TellOrder) and instruction.status in _FINAL and instruction.key:
            self.life.ends.setdefault(instruction.key, []).append(instruction.status)
        if isinstance(instruction, TellAccount) and instruction.what == "ready":
            self.life.ready_at = self.account._now()
        if not self.quiet and self.rng.random() < self.kill_rate:
            self.trial.killed_at[f"before {type(instruction).__name__}"] += 1
            self.account.abandon(Killed())
            raise Killed

    def _die(self) -> None:
        self._bury()
        if not self.quiet:
            self.loop.turn(lambda: False, self.rng.random() * 5)
        self.life = self._be_born()
        self.lives.append(self.life)

    def _bury(self) -> None:
        self._core = None
        self.account.abandon(Killed())
        self.venue.sever()
        self.loop.turn(lambda: False, 0)


def start_of(seed: str) -> datetime:
    """Return when a trial begins."""
    source = random.Random(f"{seed}/start")
    return START if source.random() < 0.65 else source.choice(NIGHTS)
