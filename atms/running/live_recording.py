"""A live run's rows and bars -> a Recording, so that trades and figures are the report's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from atms.execution.disk.recorder import NAME
from atms.execution.disk.recording import BarGiven, Begun, Decided, Told, read_recording
from atms.feeds.stamps import to_days
from atms.ledger.live_reading import LiveRows, Row
from atms.ledger.said import Said
from atms.report.reasons import Words, words
from atms.report.recording import CashMove, FeedRecord, FillRecord, Recording

_PRICES = ("open", "high", "low", "close")
Place = tuple[str, str, str]  # account, venue, symbol
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Seen:
    """What a run's ``inputs.jsonl`` says.

    Attributes:
        datas: ``<account>:<symbol>`` -> the first data that shows it: its name and venue.
        bars: data -> end in microseconds -> line -> value.
        equity: (microseconds, cash, value) of every bar.
        said: what strategies said, and what of it, in order.
    """

    datas: dict[str, tuple[str, str]] = field(default_factory=dict)
    bars: dict[str, dict[int, Mapping[str, float]]] = field(default_factory=dict)
    equity: list[tuple[int, float, float]] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)


def seen(folder: Path) -> Seen:
    """Return what the recording in a run's folder says; nothing where there is none.

    Raises:
        DataError: it is damaged.
    """
    found, path = Seen(), folder / NAME
    if not path.exists():
        path = path.with_name(f"{NAME}.gz")
    if not path.exists():
        return found
    for entry in read_recording(path):
        match entry:
            case BarGiven(data=data, values=values) if "datetime" in values:
                found.bars.setdefault(data, {})[int(values["datetime"])] = values
            case Told(what="cash", about=about):
                at = about.get("stamp") or (entry.at - _EPOCH) / (_EPOCH.resolution)
                found.equity.append((int(at), float(about["cash"]), float(about["value"])))
            case Decided(what="signal" | "words" | "refusal" as what, about=about):
                found.said.append((what, about))
            case Begun(about=about):
                for data in about.get("datas", ()):
                    named = (str(data["name"]), str(data.get("venue", "")))
                    found.datas.setdefault(str(data.get("instrument")), named)
    return found


@dataclass(frozen=True)
class Execution:
    """A fill, or what was held already, as it counts for trades.

    Attributes:
        id: the ledger's; None: it is no fill.
        size: units, below 0 for a sale, without those that a fee took.
        fee: in the currency of the price; of fees in other assets nothing.
    """

    id: int | None
    place: Place
    at: datetime
    order_id: str | None
    size: Decimal
    price: Decimal
    fee: Decimal = Decimal(0)


def executions(rows: LiveRows) -> list[Execution]:
    """Return what makes the run's positions, in the order of time; what was undone is not there.

    What undid a fill of an earlier run counts as its opposite.
    """
    standing: dict[tuple[Any, ...], Row] = {}
    stayed: dict[tuple[Any, ...], dict[str, Decimal]] = {}  # fees that were not undone
    found = []
    for row in rows.fills:
        key = (row["account"], row["venue"], row["symbol"], row["trade_id"])
        if row["row"] == "fill":
            fees = _sum(row["fees"], stayed.pop(key, {}))
            standing[key] = {**row, "fees": fees}
        elif key in standing:
            fees = standing.pop(key)["fees"]
            stayed[key] = _sum(fees, {asset: -paid for asset, paid in row["fees"].items()})
        else:
            found.append(_execution(row, -1))
    found += [_execution(row, 1) for row in standing.values()]
    found.sort(key=lambda one: (one.at, one.id))
    return [*_openings(rows.openings), *found]


def _sum(one: Mapping[str, Decimal], other: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {a: one.get(a, Decimal(0)) + other.get(a, Decimal(0)) for a in {**one, **other}}


def _execution(row: Row, sign: int) -> Execution:
    units, fee = Decimal(0), Decimal(0)
    for asset, amount in row["fees"].items():
        if asset == row["currency"]:
            fee += amount
        elif asset == row["base"]:  # a part of what was bought: it is paid for, and not held
            units += amount
            fee += amount * row["price"] * row["multiplier"]
    size = (row["size"] if row["side"] == "buy" else -row["size"]) - units
    return Execution(
        row["id"], (row["account"], row["venue"], row["symbol"]), row["ts"], row["order_id"],
        sign * size, row["price"], sign * fee,
    )  # fmt: skip


def _openings(rows: Iterable[Row]) -> Iterable[Execution]:
    for row in rows:
        if row["why"] != "ignored" and row["average_price"] is not None:
            place = (row["account"], row["venue"], row["symbol"])
            yield Execution(None, place, row["ts"], None, row["size"], row["average_price"])


def recording_of(rows: LiveRows, told: Seen, parts: Sequence[Execution]) -> Recording:
    """Return a run as the report reads one; a feed is what was traded, or shown.

    Without the bars that the strategy saw, the fills' own prices stand for them.
    """
    places = _places(rows, told, parts)
    feeds = tuple(_feed(place, rows, told, parts) for place in places)
    points = told.equity or [
        (_micros(row["ts"]), float(row["cash"]), float(row["value"])) for row in rows.equity
    ]
    stamps = np.array([point[0] for point in points], dtype=np.int64)
    start = rows.run["start_value"]
    return Recording(
        steps=to_days(stamps),
        stamps=stamps,
        first=0,
        feeds=feeds,
        position_order=tuple(range(len(feeds))),
        orders=pd.DataFrame(),
        fills=tuple(_fills(parts, places, feeds, stamps)),
        start_cash=float(start) if start is not None else (points[0][2] if points else 0.0),
        final_cash=points[-1][1] if points else 0.0,
        cash_moves=tuple(_moves(rows, stamps)),
        words=_words(rows, parts),
    )


def _words(rows: LiveRows, parts: Sequence[Execution]) -> dict[int, Words]:
    """Return what stands at the order of each part; of an earlier run's order nothing is known."""
    known = words(rows.orders)
    return {
        number: known[part.order_id]
        for number, part in enumerate(parts, start=1)
        if part.order_id in known
    }


def _places(rows: LiveRows, told: Seen, parts: Sequence[Execution]) -> list[Place]:
    found = [part.place for part in parts]
    found += [(row["account"], row["venue"], row["symbol"]) for row in rows.orders]
    there = {(account, symbol) for account, _, symbol in found}
    for instrument, (_, venue) in told.datas.items():
        account, _, symbol = instrument.partition(":")
        if (account, symbol) not in there:
            found.append((account, venue, symbol))
    return list(dict.fromkeys(found))


def _feed(place: Place, rows: LiveRows, told: Seen, parts: Sequence[Execution]) -> FeedRecord:
    account, venue, symbol = place
    name, _ = told.datas.get(f"{account}:{symbol}", (symbol, venue))
    bars = {at: dict(values) for at, values in sorted(told.bars.get(name, {}).items())}
    last = max(bars, default=0)
    for part in parts:  # a price that no bar has shown yet
        if part.place == place and _micros(part.at) > last:
            bars[_micros(part.at)] = dict.fromkeys(_PRICES, float(part.price))
    stamps = np.array(sorted(bars), dtype=np.int64)
    columns: dict[str, NDArray[np.float64]] = {
        line: np.array([bars[at].get(line, np.nan) for at in sorted(bars)], dtype=np.float64)
        for line in (*_PRICES, "volume")
    }
    mine = [row for row in rows.fills if (row["account"], row["venue"], row["symbol"]) == place]
    return FeedRecord(
        name=name,
        symbol=symbol,
        venue=venue,
        currency=mine[0]["currency"] if mine else rows.run["currency"],
        days=to_days(stamps),
        stamps=stamps,
        columns=columns,
        multiplier=float(mine[0]["multiplier"]) if mine else 1.0,
    )


def _fills(
    parts: Sequence[Execution],
    places: list[Place],
    feeds: tuple[FeedRecord, ...],
    steps: NDArray[np.int64],
) -> Iterable[FillRecord]:
    held = [Decimal(0)] * len(places)
    for number, part in enumerate(parts, start=1):
        feed = places.index(part.place)
        before, stamp = held[feed], _micros(part.at)
        held[feed] += part.size
        closed = Decimal(0)
        if before * part.size < 0:
            closed = min(abs(before), abs(part.size)) * (1 if part.size > 0 else -1)
        share = float(closed / part.size) if part.size else 0.0
        bar = int(np.searchsorted(feeds[feed].stamps, stamp, side="left"))
        yield FillRecord(
            tick=min(int(np.searchsorted(steps, stamp, side="left")), max(len(steps) - 1, 0)),
            feed=feed, bar=min(bar, len(feeds[feed].stamps) - 1), stamp=stamp, order_id=number,
            group=0, size=float(part.size), price=float(part.price), closed=float(closed),
            opened=float(part.size - closed), closed_fee=float(part.fee) * share,
            opened_fee=float(part.fee) * (1 - share), booked=0.0, cash=0.0,
            reference=float(part.price), ends=bool(closed) and closed == -before,
        )  # fmt: skip


def _moves(rows: LiveRows, steps: NDArray[np.int64]) -> Iterable[CashMove]:
    for row in rows.cash_flows:
        if row["currency"] == rows.run["currency"]:
            tick = int(np.searchsorted(steps, _micros(row["ts"]), side="left"))
            kind = "deposit" if row["kind"] in ("deposit", "withdrawal") else row["kind"]
            yield CashMove(tick, float(row["amount"]), 0.0, kind=kind)


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _EPOCH.resolution
