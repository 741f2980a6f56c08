"""What a live run's strategies say: recorded as it comes, in the ledger once, never in the way."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import backtrader as bt
import pandas as pd
import pytest

import atms
from atms.cli.why import bars_of
from atms.execution.broker.gating import LiveWatch
from atms.execution.core.records import encode
from atms.execution.disk.journal import Journal
from atms.execution.disk.recorder import NAME, Recorder
from atms.execution.disk.recording import Decided, read_recording
from atms.explain import Explain
from atms.ledger import list_runs
from atms.ledger.said import Said
from atms.risk import Gate, Limits
from atms.running.live_ledger import LedgerWriter
from atms.running.live_notes import Notes
from atms.running.live_result import live_result
from atms.running.live_sync import sync_live
from atms.running.noting import LiveNotes, NotedBroker
from atms.running.saying import Saying
from atms.running.trading import Trading
from tests.execution import live_bench
from tests.execution.live_bench import SPOT, Bench, Told, does, nothing
from tests.ledger.live_making import (
    ACCOUNT,
    BTC,
    STATE,
    append,
    at,
    booked,
    bought,
    claim,
    closed,
    folder_of,
    intended,
    run_row,
    started,
)
from tests.ledger.raw import count, execute, rows
from tests.runner.live.ledger_work import until

SQLITE = "sqlite:///atms.db"
RECORDING = Path("runs/run-1") / NAME
NOW = datetime.fromisoformat("2026-01-02T12:00:00+00:00")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """A database that nobody has used."""
    if request.param == "sqlite":
        return SQLITE
    empty: str = request.getfixturevalue("postgres_url")
    return empty


# ---- from the strategy to the recorder ----------------------------------------------------------
class NotedTrading(Trading):
    """Trading whose broker is the one of a paper or live run."""

    def broker(self, base: str, **others: Any) -> Any:
        return super().broker(base, **{**others, "kind": NotedBroker})


class Explaining(Explain, Told):
    """Says something on every bar, those of the past too."""

    def next(self) -> None:
        super().next()
        self.signal("long", confidence=0.5, level=self.data.close[0])
        self.gate("even", len(self) % 2 == 0, len(self), 2)


def trade(monkeypatch: pytest.MonkeyPatch, *steps: Any, bars: int = 4, **limits: Any) -> Any:
    """Run steps on live bars; return what was recorded, and the strategy."""
    monkeypatch.setattr(live_bench, "Trading", NotedTrading)
    bench = Bench([100.0] * bars, SPOT)
    RECORDING.parent.mkdir(parents=True)
    recorder = Recorder(RECORDING, now=bench.loop.now)
    account, _, symbol = bench.instrument.partition(":")

    def watch(trading: Trading) -> LiveWatch:
        return LiveWatch(Gate(Limits(**limits)), trading.host.now, {})

    def setup(cerebro: bt.Cerebro) -> None:
        datas = {data._name: (account, "sim", symbol) for data in cerebro.datas}
        saying = Saying(recorder, None, datas, bench.loop.now)
        cerebro.addanalyzer(LiveNotes, recorder=recorder, saying=saying)

    kind = does(*steps, base=Explaining)
    ran = bench.run(kind, watch=watch if limits else None, setup=setup)
    recorder.close()
    said = [
        (e.what, e.about)
        for e in read_recording(RECORDING)
        if isinstance(e, Decided) and e.what in ("signal", "words", "refusal")
    ]
    return said, ran.strategy


def about(said: list[Said], what: str) -> list[dict[str, Any]]:
    return [dict(values) for kind, values in said if kind == what]


def test_what_is_said_on_live_bars_is_recorded_and_nothing_is_kept_in_memory(monkeypatch) -> None:
    said, strategy = trade(monkeypatch, nothing, bars=4)
    signals = about(said, "signal")
    assert strategy.explained == []
    assert len(strategy) > len(signals) == 4  # the bars before are history
    assert [one["ts"] for one in signals] == sorted(one["ts"] for one in signals)
    assert len({one["number"] for one in signals}) == 4
    first = signals[0]
    assert (first["signal"], first["confidence"], first["numbers"]) == ("long", 0.5, {"level": 100})
    assert first["gates"] == [["even", len(strategy) % 2 == 1, len(strategy) - 3, 2]]


def test_the_words_at_an_order_are_recorded_once_with_its_key(monkeypatch) -> None:
    buy = lambda s: s.buy(size=1, reason="above\0it", tag=7)  # noqa: E731
    said, strategy = trade(monkeypatch, buy, nothing, lambda s: s.close())
    words, later = about(said, "words")
    bars = [one["ts"] for one in about(said, "signal")]
    key = strategy.made[0].info.key
    assert words == {"key": key, "ts": bars[0], "why": "aboveit", "tag": "7"}
    assert (later["ts"], later["why"], later["tag"]) == (bars[2], None, None)


def test_an_order_that_never_went_is_recorded_whole(monkeypatch) -> None:
    big = lambda s: s.buy(size=3, reason="greed", tag="t")  # noqa: E731
    said, _ = trade(monkeypatch, big, max_order_notional=Decimal(250))
    (refusal,) = about(said, "refusal")
    assert refusal.pop("order_id").startswith("refused:")
    assert refusal.pop("at") > 0
    assert refusal.pop("ts") == about(said, "signal")[0]["ts"]
    assert refusal.pop("symbol")
    assert refusal.pop("account")
    assert refusal == {
        "venue": "sim", "side": "buy", "type": "market", "size": 3.0, "price": None,
        "limit_price": None, "status": "rejected", "why": "greed", "tag": "t",
        "reason": "MAX_ORDER_NOTIONAL: an order's value of 300 is above 250",
        "code": "MAX_ORDER_NOTIONAL", "risk_limit": 250.0, "risk_value": 300.0,
    }  # fmt: skip


def test_an_order_on_a_bar_of_the_past_is_no_news(monkeypatch) -> None:
    class Early(Told):
        def next(self) -> None:
            super().next()
            self.buy(size=1)

    monkeypatch.setattr("tests.runner.live.test_live_said.Explaining", Early)
    said, strategy = trade(monkeypatch, bars=2)
    assert ["Rejected"] in strategy.statuses.values()
    assert about(said, "refusal") == []


# ---- into the ledger ----------------------------------------------------------------------------
BAR = 1767355200000000
SIGNAL: Said = (
    "signal",
    {
        "number": 1767355200000001, "ts": BAR,
        "feed": "btc", "symbol": "BTC", "signal": "long", "confidence": 0.1 + 0.2,
        "numbers": {"level": 1.5, "word": "ü"}, "gates": [["trend", True, 3.0, None],
                                                         ["cooldown", False, 2.0, 5.0]],
    },
)  # fmt: skip
WORDS: Said = ("words", {"key": "j-1-1", "ts": BAR, "why": "above", "tag": "breakout"})
REFUSAL: Said = (
    "refusal",
    {
        "order_id": "refused:9", "account": ACCOUNT, "venue": "sim", "symbol": "BTC", "side": "buy",
        "type": "market", "size": 0.1, "price": None, "limit_price": None,
        "at": 1767355200000001, "ts": BAR, "status": "rejected", "why": "greed", "tag": None,
        "reason": "MAX_POSITION: too much", "code": "MAX_POSITION", "risk_limit": 1.0,
        "risk_value": 1.1,
    },
)  # fmt: skip
ALL = (SIGNAL, WORDS, REFUSAL)


def kept(url: str) -> dict[str, Any]:
    """Return what the ledger has of what was said."""
    return {
        "decisions": rows(url, "SELECT number, signal, confidence FROM decisions"),
        "gates": rows(url, "SELECT place, name, value, limit_value FROM gates ORDER BY place"),
        "orders": rows(
            url, "SELECT order_id, status, why, tag, code, risk_value FROM orders ORDER BY order_id"
        ),
        "trades": rows(url, "SELECT reason, tag, exit_reason FROM trades"),
    }


WHOLE = {
    "decisions": [{"number": 1767355200000001, "signal": "long", "confidence": 0.1 + 0.2}],
    "gates": [
        {"place": 1, "name": "trend", "value": 3, "limit_value": None},
        {"place": 2, "name": "cooldown", "value": 2, "limit_value": 5},
    ],
    "orders": [
        {"order_id": "j-1-1", "status": "completed", "why": "above", "tag": "breakout",
         "code": None, "risk_value": None},
        {"order_id": "refused:9", "status": "rejected", "why": "greed", "tag": None,
         "code": "MAX_POSITION", "risk_value": Decimal("1.1")},
    ],
    "trades": [{"reason": "above", "tag": "breakout", "exit_reason": None}],
}  # fmt: skip


def test_what_is_said_is_in_the_ledger_while_the_run_goes_on(url: str) -> None:
    writer = LedgerWriter(url, run_row(), began=NOW, every=0.01, longest=0.2)
    for entry in ALL:
        writer.said(*entry)  # before there is an account, or the order
    writer.start()
    with Journal.open(folder_of(), ACCOUNT) as journal:
        writer.take(folder_of(), "sim")
        until(lambda: list_runs(url) and count(url, "decisions"))
        journal.begin(at(0))
        journal.append([encode(record) for record in bought()[:3]])
        until(lambda: writer.state.lag == 0 and writer.state.written is not None)
        until(lambda: rows(url, "SELECT tag FROM orders WHERE tag IS NOT NULL"))
        journal.append([encode(record) for record in bought()[3:]])  # its row is written again
    assert writer.close(20, status="finished", at=at(99))
    assert writer.state.last_error == ""
    assert kept(url) == WHOLE


def record(*entries: Said) -> None:
    RECORDING.parent.mkdir(parents=True, exist_ok=True)
    recorder = Recorder(RECORDING, now=lambda: at(0))
    recorder.began({"run": "run-1", "datas": [{"name": "btc", "instrument": BTC}]})
    for what, values in entries:
        recorder.decided(what, values)
    recorder.close()


def test_what_the_ledger_missed_is_written_from_the_recording_and_once(url: str) -> None:
    append(bought())
    claim(run_row())
    record(*ALL)
    for _ in range(2):
        sync_live(STATE, url)
        assert kept(url) == WHOLE


def test_a_result_of_a_live_run_has_what_was_said() -> None:
    append([*bought(), intended("j-1-2", side=-1, seconds=4), booked("t2", key="j-1-2", side=-1),
            closed("j-1-2", seconds=5)])  # fmt: skip
    claim(run_row(config=atms.load_config().config.model_dump(mode="json")))
    record(*ALL, ("words", {"key": "j-1-2", "ts": BAR, "why": "enough", "tag": None}))
    sync_live(STATE, SQLITE)
    result = live_result(SQLITE, "run-1")
    assert result.decisions["signal"].tolist() == ["long"]
    assert result.gates["name"].tolist() == ["trend", "cooldown"]
    assert (result.funnel.signals, result.funnel.passed, result.funnel.orders) == (1, 0, 3)
    assert {one.name for one in result.funnel.refusals} == {"cooldown", "MAX_POSITION"}
    (trade,) = result.trades[["reason", "tag", "exit_reason"]].to_numpy().tolist()
    assert trade == ["above", "breakout", "enough"]
    shown = result.orders.set_index("order_id")
    assert shown.loc["refused:9", "risk_limit"] == 1.0
    assert shown.loc["j-1-1", "why"] == "above"
    onto = bars_of(result, "BTC").at(pd.Timestamp(BAR, unit="us", tz="UTC"))
    assert [order["order_id"] for order in onto.orders] == ["j-1-1", "j-1-2", "refused:9"]
    assert [said.signal for said in onto.said] == ["long"]


def test_an_order_of_an_earlier_run_has_no_words_in_this_one() -> None:
    append(bought())
    claim(run_row())
    claim(run_row("run-2", config=atms.load_config().config.model_dump(mode="json")), epoch=2)
    append([started(2, 50), booked("t2", key="j-1-1", side=-1, at=at(51))])
    sync_live(STATE, SQLITE)
    (trade,) = live_result(SQLITE, "run-2").trades.to_dict("records")
    assert (trade["status"], trade["exit_reason"] == trade["exit_reason"]) == ("closed", False)


def test_a_database_that_stays_away_costs_a_bounded_queue() -> None:
    notes = Notes("run-1", "paper")
    for number in range(25_000):
        notes.said("signal", {"number": number})
    assert len(notes._said) == 10_000
    assert notes._said[-1][1] == {"number": 24_999}


def test_a_refusal_is_written_though_its_account_has_no_row_yet(url: str) -> None:
    notes = Notes("run-1", "paper")
    writer = LedgerWriter(url, run_row(), began=NOW, every=0.01, longest=0.2)
    writer.start()
    assert writer.close(20, status="finished", at=at(9))
    execute(url, "UPDATE runs SET status = 'running'")
    notes.said(*REFUSAL)
    notes.write(url)
    notes.write(url)
    assert (count(url, "orders"), count(url, "accounts")) == (1, 1)
