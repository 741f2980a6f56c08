"""Records as lines: every kind and every field there and back; anything else is refused."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from atms.execution.core.records import (
    Answered,
    Baseline,
    Booked,
    CancelAsked,
    CashBooked,
    Closed,
    FeeBooked,
    Finalised,
    Intended,
    Linked,
    Move,
    Named,
    Opened,
    OpeningCash,
    ReadTo,
    Record,
    Reversed,
    Shift,
    Started,
    Stood,
    decode,
    encode,
)
from atms.execution.emulation.plan_records import Paired, Planned, Trailed, Triggered, Withdrawn
from atms.stores.facts import Fee, State
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind, Ticket
from tests.execution.core_world import World

AT = datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC)
FULL = Ticket(
    key="j-1-1", instrument="sim:BTC", side=-1, qty=Decimal("1.10"), kind=Kind.TRAIL_LIMIT,
    limit=Decimal("1E+3"), trigger=Decimal("0.00000001"), trail=Decimal("0.5"),
    trail_is_fraction=True, tif="gtd", expires=AT, bucket="long", reduces=True, post_only=True,
    worst=Decimal("12345678901234567890.123456789012345678"),
)  # fmt: skip
PLAIN = Ticket(key="k", instrument="i", side=1, qty=Decimal(1), kind=Kind.MARKET)
FEES = (Fee(asset="USD", amount=Decimal("-0.10")), Fee(asset="Ł", amount=Decimal("2.50")))
SHIFTS = (Shift(instrument="i", bucket="net", qty=Decimal("-0.0010")),)
BOOKED: dict[str, Any] = {
    "exec": "e", "version": 2, "key": "k", "names": ("a:1", "b:2"), "instrument": "i",
    "bucket": "lot 7", "side": -1, "qty": Decimal("0.10"), "price": Decimal("1.50"), "at": AT,
    "fees": FEES, "final": False, "moves": (Move(asset="USD", amount=Decimal("-1.00")),),
    "settle": "USDT", "multiplier": Decimal("0.10"), "cause": "liquidation", "witness": "0xabc",
    "shifts": SHIFTS,
}  # fmt: skip
RECORDS: tuple[Record, ...] = (
    Started(epoch=3, at=AT),
    Intended(
        ticket=FULL, at=AT, epoch=3, group="j-1-0", link="bracket", names=("id:1", "tx:é"),
        payload=bytes(range(256)), repeatable=True, owner="trend", serves="j-1-2",
        until=AT, how="emulated:legs",
    ),
    Intended(ticket=PLAIN, at=AT, epoch=1, group="k"),
    Named(key="k", names=("id:1", "perm:2")),
    Named(key="k", names=()),
    Answered(key="k", outcome="refused", at=AT, code="-2010", reason=Reason.FUNDS),
    Answered(key="k", outcome="unknown", at=AT),
    Stood(key="k", state=State.CANCELED, at=AT, filled=Decimal("0.0"), reason=Reason.OTHER),
    Stood(key="k", state=State.FILLED, at=AT, filled=Decimal("0.70"), qty=Decimal("0.70")),
    Stood(key="k", state=State.WORKING, at=AT),
    CancelAsked(key="k", at=AT),
    CancelAsked(key="k", at=AT, names=("tx:1",), payload=b"signed", repeatable=True),
    Closed(key="k", how="vanished", at=AT, why="gone"),
    Closed(key="k", how="not_placed", at=AT, why='never "seen"\n'),
    Closed(key="k", how="filled", at=AT),
    Booked(**BOOKED),
    Booked(**{**BOOKED, "fees": None, "key": None, "names": (), "final": True, "moves": ()}),
    Booked(**{**BOOKED, "fees": (), "cause": "order", "witness": ""}),
    Reversed(exec="e", version=1, at=AT, why="reorg"),
    Reversed(exec="f", version=1, at=AT, why="bust", key="j-1-1", qty=Decimal("1.50")),
    Finalised(exec="e", version=1),
    Linked(exec="e", key="k"),
    FeeBooked(id="f", exec="e", key="k", asset="ETH", amount=Decimal("0.021"), at=AT),
    FeeBooked(id="g", exec="e", key="k", asset="i", amount=Decimal("1"), at=AT, shifts=SHIFTS),
    FeeBooked(id="f", exec=None, key=None, asset="ETH", amount=Decimal("-1"), at=AT),
    CashBooked(id="c", asset="USD", amount=Decimal("5.00"), instrument="i", kind="funding", at=AT),
    CashBooked(
        id="s", asset="", amount=Decimal("5"), instrument="i", kind="split", at=AT, shifts=SHIFTS
    ),
    CashBooked(id="c", asset="USD", amount=Decimal("5"), instrument=None, kind="pnl", at=AT),
    Opened(
        instrument="i", bucket="net", qty=Decimal("-3"), price=Decimal("9.9"), at=AT, why="adopted"
    ),
    Opened(instrument="i", bucket="net", qty=Decimal("3"), price=None, at=AT),
    Opened(
        instrument="i", bucket="net", qty=Decimal("3"), price=None, at=AT, why="ignored", asset="B"
    ),
    OpeningCash(asset="USD", total=Decimal("1000.00"), at=AT),
    Baseline(at=AT),
    ReadTo(cursor='{"BTC":17}'),
    Planned(
        ticket=FULL, at=AT, epoch=2, group="k", parent="j-1-0", owner="trend", until=AT,
        how="emulated:legs",
    ),
    Planned(ticket=PLAIN, at=AT, epoch=2, group="k"),
    Triggered(key="k", at=AT, why="refused", limit=Decimal("9.90")),
    Triggered(key="k", at=AT, why="refused"),
    Trailed(key="k", trigger=Decimal("9.90"), at=AT),
    Withdrawn(key="k", at=AT, how="expired", why="its time was over"),
    Withdrawn(key="k", at=AT, how="canceled"),
    Paired(keys=("k", "j-1-1")),
)  # fmt: skip


def digits(value: Any) -> Any:
    """Return a value in which decimals that are equal and written otherwise differ."""
    return repr(value)


@pytest.mark.parametrize("record", RECORDS, ids=lambda one: type(one).__name__)
def test_a_record_comes_back_as_it_was_to_the_last_digit(record: Record) -> None:
    line = encode(record)
    assert "\n" not in line
    assert decode(line) == record
    assert digits(decode(line)) == digits(record)
    assert encode(decode(line)) == line


def test_every_kind_of_record_and_each_of_its_fields_is_tried() -> None:
    kinds = set(Record.__args__)
    assert {type(one) for one in RECORDS} == kinds
    for kind in kinds:
        tried = [one for one in RECORDS if type(one) is kind]
        for field in dataclasses.fields(kind):
            if field.default is not dataclasses.MISSING:
                assert any(getattr(one, field.name) != field.default for one in tried), field


def test_another_time_zone_is_the_same_moment() -> None:
    there = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    record = decode(encode(CancelAsked(key="k", at=there)))
    assert isinstance(record, CancelAsked)
    assert record.at == AT


def test_what_a_world_made_durable_comes_back() -> None:
    world = World().open()
    world.hear(world.filled(world.placed("id:1"), "e1", 4))
    assert [decode(encode(one)) for one in world.durable] == world.durable


GOOD: dict[str, Any] = {"is": "OpeningCash", "asset": "USD", "total": "1", "at": AT.isoformat()}
FILL = json.loads(encode(Booked(**BOOKED)))


@pytest.mark.parametrize(
    "line",
    [
        "", " ", "nonsense", "{", "[]", "null", "5", '"x"', "{}", '{"is":null}', '{"is":[]}',
        '{"is":"Ticket"}', '{"is":"Nothing"}', '{"is":"Started"}', '{"is":"Started","epoch":1}',
    ],
)  # fmt: skip
def test_what_is_no_record_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode(line)


@pytest.mark.parametrize(
    "changed",
    [
        {"total": "abc"}, {"total": ""}, {"total": None}, {"total": [1]}, {"total": {}},
        {"total": "NaN"}, {"total": "Infinity"}, {"total": 1.5},
        {"at": None}, {"at": "yesterday"}, {"at": 5}, {"at": "2024-01-01T00:00:00"},
        {"asset": None}, {"asset": 5}, {"asset": []}, {"more": 1}, {"is": "Opened"},
    ],
    ids=str,
)  # fmt: skip
def test_a_record_with_a_field_that_is_none_of_its_own_is_refused(changed: dict[str, Any]) -> None:
    assert decode(json.dumps(GOOD))
    with pytest.raises(ValueError, match="no record"):
        decode(json.dumps({**GOOD, **changed}))


@pytest.mark.parametrize(
    "changed",
    [
        {"side": 2}, {"side": "1"}, {"version": "x"}, {"version": 1.5}, {"version": True},
        {"final": "false"}, {"final": 1}, {"names": "abc"}, {"names": [5]}, {"names": None},
        {"fees": [{}]}, {"fees": [{"asset": "USD"}]}, {"fees": [5]}, {"fees": {}},
        {"moves": None}, {"key": 5},
    ],
    ids=str,
)  # fmt: skip
def test_an_execution_with_a_field_of_another_type_is_refused(changed: dict[str, Any]) -> None:
    assert decode(json.dumps(FILL))
    with pytest.raises(ValueError, match="no record"):
        decode(json.dumps({**FILL, **changed}))


@pytest.mark.parametrize(
    "line",
    [
        '{"is":"Answered","key":"k","outcome":"maybe","at":"2024-01-01T00:00:00+00:00"}',
        '{"is":"Closed","key":"k","how":"lost","at":"2024-01-01T00:00:00+00:00"}',
        '{"is":"Stood","key":"k","state":"gone","at":"2024-01-01T00:00:00+00:00"}',
        '{"is":"Answered","key":"k","outcome":"refused","at":"2024-01-01T00:00:00+00:00",'
        '"reason":"mood"}',
    ],
)
def test_a_word_that_is_none_of_ours_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode(line)


def test_a_payload_that_is_no_base64_is_refused() -> None:
    values = json.loads(encode(RECORDS[1]))
    with pytest.raises(ValueError, match="no record"):
        decode(json.dumps({**values, "payload": "%%%%"}))


def test_a_line_that_was_cut_anywhere_is_refused() -> None:
    line = encode(RECORDS[1])
    for end in range(len(line)):
        with pytest.raises(ValueError, match=r".*"):
            decode(line[:end])
