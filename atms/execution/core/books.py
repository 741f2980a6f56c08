"""What an account holds: sums over rows that are only ever added, no I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from atms.execution.core.positions import Entry, Position, Track
from atms.execution.core.records import Booked, CashBooked, FeeBooked, Opened, OpeningCash, Shift
from atms.stores.requests import Bucket, Key

__all__ = ["Books", "Place", "Position"]

Place = tuple[str, Bucket]  # instrument and bucket
_BEFORE = datetime.min.replace(tzinfo=UTC)
_NOTHING = Decimal(0)


@dataclass
class Books:
    """Positions and cash of one account.

    Attributes:
        rows: exec -> the row that counts.
        gone: exec -> the highest version that was undone: it may not come again.
        finals: exec -> the version that is final, and is not in the books yet.
        unsure: executions in the books that may still be undone.
        seen: fees and cash facts that are booked: what it was, and its id.
        ignored: units that are held and are no position, by the operator's wish.
        fee_assets: what fees were ever paid in.
        changes: how often a position or a balance changed.
    """

    rows: dict[str, Booked] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    finals: dict[str, int] = field(default_factory=dict)
    unsure: dict[str, None] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)
    cash: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    openings: list[Opened] = field(default_factory=list)
    ignored: dict[Place, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    fee_assets: set[str] = field(default_factory=set)
    changes: int = 0
    _tracks: dict[Place, Track] = field(default_factory=lambda: defaultdict(Track))
    _stale: dict[Place, None] = field(default_factory=dict)
    _held: dict[Place, Position] = field(default_factory=dict)
    _earned: dict[Place, dict[str, Decimal]] = field(default_factory=dict)
    _profits: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    _unowned: dict[str, dict[str, None]] = field(default_factory=dict)

    # ---- executions -----------------------------------------------------------------------------
    def is_news(self, exec_: str, version: int) -> bool:
        """Return whether an execution is not in the books in this version or a later one."""
        row = self.rows.get(exec_)
        if row is not None and row.version >= version:
            return False
        return self.gone.get(exec_, -1) < version

    def book(self, row: Booked) -> Booked:
        """Take an execution in; return it, final if that was said before it came."""
        if self.finals.get(row.exec) == row.version:
            row = replace(row, final=True)
            del self.finals[row.exec]
        self.rows[row.exec] = row
        if not row.final:
            self.unsure[row.exec] = None
        if row.key is None:
            for name in row.names:
                self._unowned.setdefault(name, {})[row.exec] = None
        self._move(row, 1)
        return row

    def reverse(self, exec_: str) -> Booked:
        """Take an execution out again; return it."""
        row = self.rows.pop(exec_)
        self.unsure.pop(exec_, None)
        self._own(row)
        self.forget(exec_, row.version)
        self._move(row, -1)
        return row

    def forget(self, exec_: str, version: int) -> None:
        """Let a version of an execution never be booked."""
        self.gone[exec_] = max(self.gone.get(exec_, -1), version)

    def finalise(self, exec_: str, version: int) -> Booked | None:
        """Let an execution be final, now or when it comes; return it if it is here."""
        row = self.rows.get(exec_)
        if row is None or row.version != version:
            self.finals[exec_] = version
            return None
        self.unsure.pop(exec_, None)
        self.rows[exec_] = replace(row, final=True)
        return self.rows[exec_]

    def link(self, exec_: str, key: Key) -> Booked:
        """Let an execution belong to an order; return it."""
        row = self.rows[exec_] = replace(self.rows[exec_], key=key)
        self._own(row)
        return row

    def unowned(self, names: Set[str]) -> list[Booked]:
        """Return the executions that bear one of these names and belong to no order of ours."""
        found = {exec_: None for name in sorted(names) for exec_ in self._unowned.get(name, ())}
        return [self.rows[exec_] for exec_ in found]

    # ---- everything else ------------------------------------------------------------------------
    def charge(self, fee: FeeBooked) -> None:
        """Take a fee in that came by itself."""
        self.seen.add(("fee", fee.id))
        self.fee_assets.add(fee.asset)
        self._pay(fee.asset, -fee.amount)
        self._shift(fee.shifts, fee.at, f"fee:{fee.id}")

    def receive(self, moved: CashBooked) -> None:
        """Take cash in that no fill has moved."""
        self.seen.add(("cash", moved.id))
        splits = moved.kind == "split"
        if moved.asset:
            self._pay(moved.asset, moved.amount)
        self._shift(moved.shifts, moved.at, f"cash:{moved.id}", splits=splits)

    def open(self, opened: Opened, *, first: bool) -> None:
        """Take in what the venue holds; *first*: since before everything else."""
        self.openings.append(opened)
        place = (opened.instrument, opened.bucket)
        self.changes += 1
        if opened.asset:
            self.cash[opened.asset] += opened.qty
        if opened.why == "ignored":
            self.ignored[place] += opened.qty
            return
        at = _BEFORE if first else opened.at
        name = f"open:{len(self.openings)}"
        self._put(place, Entry(at, name, qty=opened.qty, price=opened.price))

    def open_cash(self, opening: OpeningCash) -> None:
        """Take in what there was of an asset."""
        self._pay(opening.asset, opening.total)

    # ---- what is held ---------------------------------------------------------------------------
    def qty(self, instrument: str, bucket: Bucket | None = None) -> Decimal:
        """Return what is held of an instrument, in one bucket or all."""
        self._refresh()
        held = self._held.items()
        parts = (one.qty for (name, of), one in held if name == instrument and bucket in (None, of))
        return sum(parts, _NOTHING)

    def positions(self) -> dict[Place, Position]:
        """Return every position that is not nothing."""
        self._refresh()
        return dict(self._held)

    def balances(self) -> dict[str, Decimal]:
        """Return what is held of each asset, profits that were realised included."""
        self._refresh()
        found = dict(self.cash)
        for asset, profit in self._profits.items():
            found[asset] = found.get(asset, _NOTHING) + profit
        return found

    def _refresh(self) -> None:
        """Count what changed since the last time."""
        for place in self._stale:
            track = self._tracks[place]
            position, earned = track.position(), track.profits()
            for asset, profit in earned.items():
                self._profits[asset] += profit
            for asset, profit in self._earned.get(place, {}).items():
                self._profits[asset] -= profit
            if earned or place in self._earned:
                self._earned[place] = dict(earned)
            if position.qty:
                self._held[place] = replace(position)
            else:
                self._held.pop(place, None)
        self._stale.clear()

    def _move(self, row: Booked, sign: int) -> None:
        for move in row.moves:
            self._pay(move.asset, sign * move.amount)
        for fee in row.fees or ():
            self.fee_assets.add(fee.asset)
            self._pay(fee.asset, -sign * fee.amount)
        place = (row.instrument, row.bucket)
        own = [shift for shift in row.shifts if (shift.instrument, shift.bucket) == place]
        entry = Entry(
            row.at, row.exec, qty=row.side * row.qty, price=row.price, settle=row.settle,
            multiplier=row.multiplier, shift=sum((one.qty for one in own), _NOTHING),
        )  # fmt: skip
        self._put(place, entry, sign)
        others = [shift for shift in row.shifts if shift not in own]
        self._shift(others, row.at, f"fee of {row.exec}", sign)

    def _shift(
        self, shifts: Iterable[Shift], at: datetime, name: str, sign: int = 1, *,
        splits: bool = False,
    ) -> None:  # fmt: skip
        for number, shift in enumerate(shifts):
            entry = Entry(at, f"{name}/{number}", shift=shift.qty, splits=splits)
            self._put((shift.instrument, shift.bucket), entry, sign)

    def _put(self, place: Place, entry: Entry, sign: int = 1) -> None:
        if sign > 0:
            self._tracks[place].put(entry)
        else:
            self._tracks[place].drop(entry)
        self._stale[place] = None
        self.changes += 1

    def _pay(self, asset: str, amount: Decimal) -> None:
        self.cash[asset] += amount
        self.changes += 1

    def _own(self, row: Booked) -> None:
        for name in row.names:
            kept = self._unowned.get(name, {})
            kept.pop(row.exec, None)
            if not kept:
                self._unowned.pop(name, None)
