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
from datetime import UTC, datetime
from decimal import Decimal

from atms.errors import VenueError
from atms.execution.core.core import Core, Terms
from atms.execution.core.events import Instruction, TellAccount, TellOrder, Wish, WishCancel, Wishes
from atms.execution.core.records import Record
from atms.execution.driver.account import Account, Told
from atms.sandbox.simulation.brackets import bracket
from atms.sandbox.simulation.guard import Guard
from atms.sandbox.simulation.lives import Killed, Life, MemoryJournal
from atms.sandbox.simulation.loop import VirtualLoop
from atms.sandbox.simulation.truths import violations
from atms.sandbox.simulation.venue.booking import correct, move
from atms.sandbox.simulation.venue.faults import Faults
from atms.sandbox.simulation.venue.profiles import PROFILES
from atms.stores.base import RateLimited
from atms.stores.requests import Kind, Ticket

START = datetime(2026, 1, 1, tzinfo=UTC)
_FINAL = ("completed", "canceled", "expired", "margin", "rejected")
# What a single process cannot mend by itself, or that belongs to bars and chains.
_NOT_DRAWN = frozenset(
    {"auth_failed", "counter_rolls_back", "amend_doubles", "leg_refused", "oco_breaks"}
)
_WRONG_BARS = frozenset(
    {"late_bar", "drop_bar", "duplicate_bar", "reorder_bars", "revised_bar", "feed_silent"}
)


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
    """

    seed: int
    profile: str = "exchange"
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


def run(
    seed: int,
    profile: str = "exchange",
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
        self.loop = VirtualLoop(START)
        self.profile = PROFILES[profile]
        self.policy, self.held = "halt", Decimal(3)
        if profile == "exchange":
            held = {**self.profile.balances, "POINT": Decimal("0.01")}  # then in what fills bring
            if self.rng.random() < 0.5:
                held["AAA"], self.policy = self.held, self.rng.choice(("adopt", "ignore"))
            self.profile = replace(self.profile, balances=held)
        self.venue = self.profile.venue(
            clock=self.loop.now, source=random.Random(f"{seed}/{profile}/venue")
        )
        self.instrument = next(iter(self.venue.instruments))
        self.journal = MemoryJournal()
        self.make_core = make_core
        drawn = faults or self._draw()
        self.trial.faults = tuple(f.name for f in fields(drawn) if getattr(drawn, f.name))
        self.venue.faults = drawn
        self.outages = self.rng.random() < 0.3
        self.up_at = 0.0
        self.kill_rate = self.rng.choice((0.0, 0.001, 0.004))
        self.quiet = False
        self.price = Decimal(100)
        drawn_apart = random.Random(f"{seed}/{profile}/brackets").random() < 0.5
        self.brackets = drawn_apart and profile != "chain"  # where no stop can stand
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
        self.quiet, self.venue.faults, self.venue.down = True, Faults(), False
        bound = self.venue.manners.outcome_bound.total_seconds()
        for moves, seconds in ((True, bound + 60), (False, bound + 120)):
            deadline = self.loop.time() + seconds
            while self.loop.time() < deadline:
                self._turn(5.0, moves=moves)
        left = {self.instrument: self.held} if self.policy == "ignore" else {}
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
                self._correct()
                self._meddle()
        except Killed:
            self._die()

    def _walk(self) -> None:
        """Move the market."""
        step = Decimal(self.rng.randrange(-30, 31)) / 100
        self.price = max(Decimal(50), self.price + step)
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
        legs = [plan.key for plan in core.state.open_plans()] if self.brackets else []
        if legs and self.rng.random() < 0.1:
            self.account.feed(WishCancel(key=self.rng.choice(legs)))

    def _correct(self) -> None:
        """Let the venue say an execution again, with another price."""
        executions = self.venue.executions
        if self.life.corrects and executions and self.rng.random() < 0.1:
            name = self.rng.choice(sorted(executions))
            true = executions[name]
            correct(self.venue, name, true.qty, true.price + Decimal("0.01"))

    def _meddle(self) -> None:
        """Let the venue be down for a while, or cash come from outside."""
        if self.venue.down:
            self.venue.down = self.loop.time() < self.up_at
        elif self.outages and self.rng.random() < 0.02:
            self.venue.down, self.up_at = True, self.loop.time() + self.rng.uniform(20, 150)
        if self.rng.random() < 0.01:
            move(self.venue, "USD", Decimal(self.rng.randrange(-50, 200)), "other")

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
        return Wish(tickets=(ticket,), tags=(self.rng.randrange(1_000_000),))

    # ---- lives ------------------------------------------------------------------------------
    def _be_born(self) -> Life:
        terms = Terms(journal="sim", instruments=(self.instrument,), unknown_position=self.policy)
        core = self.make_core(terms, self.journal.records())
        store = self.profile.connect(self.venue)
        told: list[Told] = []
        account = Account(
            core, store, self.journal, loop=self.loop, now=self.loop.now, tell=told.append,
            before=self._before,
        )  # fmt: skip
        self.account = account
        self._core = core
        account.spawn(self._live(account))
        return Life(core, told)

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
            self.life.ready_at = self.loop.now()
        if not self.quiet and self.rng.random() < self.kill_rate:
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

    def _draw(self) -> Faults:
        """Draw a subset of all faults, each with a rate of its own."""
        rates = {}
        for each in fields(Faults):
            if each.name in _NOT_DRAWN | _WRONG_BARS:
                continue
            if self.rng.random() < 0.4:
                rates[each.name] = self.rng.choice((0.02, 0.1, 0.3))
        rates["venue_down"] = min(rates.get("venue_down", 0.0), 0.02)
        rates["rate_limited"] = min(rates.get("rate_limited", 0.0), 0.02)
        return Faults(**rates)
