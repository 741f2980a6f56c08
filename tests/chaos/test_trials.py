"""A user's strategy in a trial: what is judged, what is compared, what it is told of."""

from __future__ import annotations

import random
import re
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from atms.chaos.campaign import Findings
from atms.chaos.plan import draw_plan
from atms.chaos.story import tell
from atms.chaos.tally import NOTHING, Tally
from atms.chaos.trial import run_seed
from atms.errors import StrategyError
from atms.execution.core import resolving
from atms.execution.core.events import Transmit
from atms.sandbox.simulation.lives import Killed
from atms.sandbox.simulation.loop import VirtualLoop
from atms.sandbox.simulation.mortal import MortalHost, Mortality
from tests.chaos.making import TRADER, config_of, setting_of

Write = Callable[..., str]
SEEDS = 4


def trader(write: Write, condition: str = "True", name: str = "Trader") -> str:
    return write(TRADER.format(name=name, condition=condition))


def findings_of(strategy: str, seeds: int = SEEDS, **more: Any) -> Findings:
    setting, found = setting_of(strategy, **more), Findings(seeds)
    for seed in range(seeds):
        found.add(run_seed(setting, seed))
    return found


def test_a_strategy_that_follows_its_bars_alone_comes_through(write_strategy: Write) -> None:
    found = findings_of(trader(write_strategy))
    assert (found.violations, found.differences, found.errors) == ([], [], Counter())
    assert found.intents > 20
    assert found.most == 1
    assert found.processes > SEEDS  # some died, and were started again
    assert len(found.ready) >= found.processes - 3
    assert max(found.resolved) >= min(found.ready) > 0
    assert found.shares["process_killed"].hits > 0


def test_a_strategy_that_never_returns_is_ended_and_named_with_its_line(
    write_strategy: Write,
) -> None:
    code = """
class Endless(bt.Strategy):
    def next(self):
        while self.data.live:
            try:
                self.getposition()
            except Exception:
                pass
"""
    setting = replace(setting_of(write_strategy(code)), hang=0.3)
    before = signal.setitimer(signal.ITIMER_REAL, 1000.0)  # a timer of who calls it
    try:
        with pytest.raises(StrategyError, match=r"does not return: .*mine.py:\d+, in next"):
            run_seed(setting, 0)
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 900
    finally:
        signal.setitimer(signal.ITIMER_REAL, *before)


@pytest.mark.parametrize(
    ("condition", "read"),
    [
        ("time.time_ns() % 3000 < 1500", "time.time_ns"),
        ("random.random() < 0.5", "random.random"),
        ("random.choice((True, False))", "random.choice"),
    ],
)
def test_the_first_decision_that_hangs_on_clock_or_chance_is_named(
    write_strategy: Write, condition: str, read: str
) -> None:
    from atms.cli.chaos_tables import differs

    setting = setting_of(trader(write_strategy, condition, f"Reader_{read.replace('.', '_')}"))
    found = next(
        trial.difference for seed in range(SEEDS) if (trial := run_seed(setting, seed)).difference
    )
    assert found.first != found.second
    lines = differs(setting, found).splitlines()
    assert re.fullmatch(
        r"run one: \d{4}-.*, on the bar of .*: order [0-9]+: (buy|sell) .*btc Market", lines[1]
    )
    assert f"mine.py:18: {read}" in lines[3]  # the line of the condition


def test_chance_of_the_strategys_own_is_no_read(write_strategy: Write) -> None:
    from atms.cli.chaos_tables import reads_of

    condition = "random.Random(len(self)).random() < 0.5"
    setting = setting_of(trader(write_strategy, condition, "Seeded"))
    assert run_seed(setting, 1).difference is None
    assert reads_of(setting, 1) == []


def test_what_a_module_keeps_is_gone_with_its_process(write_strategy: Write) -> None:
    condition = "MADE.append(1) or len(MADE) < 4"  # else the second run would see the first's
    setting = setting_of(trader(write_strategy, condition, "Keeping"))
    trial = run_seed(setting, 0)
    assert trial.difference is None
    assert trial.done["orders"] > 0


def test_an_error_ends_the_process_and_is_told_with_its_line(write_strategy: Write) -> None:
    path = trader(
        write_strategy, "1 / (len(self.data.datetime.date(0).isoformat()) - 10)", "Broken"
    )
    found = findings_of(path, 2)
    assert found.violations == []
    (text,) = found.errors
    assert text.startswith("ZeroDivisionError: division by zero\n")
    assert "mine.py:18 in next" in text
    assert found.done["errors"] == sum(found.errors.values()) >= 2
    assert found.done["orders"] == 0


def test_what_a_process_before_left_open_may_be_taken_back_by_what_is_heard_of_it(
    write_strategy: Write,
) -> None:
    path = write_strategy(
        """
class TakesBack(bt.Strategy):
    order = None

    def next(self):
        if self.data.live and self.order is None:
            self.order = self.buy(size=0.1, exectype=bt.Order.Limit, price=self.data.close[0] * 0.9)

    def notify_order(self, order):
        if order.info.get("adopted") and order.alive():
            self.cancel(order)
"""
    )
    found = findings_of(path)
    assert found.violations == []
    assert found.done["taken back"] > 0


def test_an_order_path_that_sends_again_is_found_out(
    write_strategy: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_seen(step: Any, order: Any, at: Any) -> None:
        step.then(Transmit(prepared=resolving._again(step, order)))

    monkeypatch.setattr(resolving, "_not_seen", not_seen)
    setting = setting_of(trader(write_strategy, name="Doubled"))
    for seed in range(60):
        trial = run_seed(setting, seed)
        if trial.most > 1:
            assert any(line.partition(": ")[2].startswith("I1:") for line in trial.found)
            return
    pytest.fail("60 seeds, and nobody noticed")


def test_a_story_tells_decisions_and_what_became_of_them_in_order(write_strategy: Write) -> None:
    story, trial = tell(setting_of(trader(write_strategy, name="Told")), 0)
    assert trial.found == []
    assert story == sorted(story, key=lambda line: line[:23])
    text = "\n".join(line[25:] for line in story)
    steps = (
        "process 0 starts", "  feed btc: LIVE", "  bar of btc",
        "    decides: order 1: buy 0.5 btc", "at binance: a request to place: taken",
        "at binance: bought", "    hears: order 1 Completed",
        "    decides: order 2: sell 0.5", "process 0 is over: ended",
    )  # fmt: skip
    places = [text.index(step) for step in steps]
    assert places == sorted(places)


def test_faults_share_what_was_done_in_their_bars_and_one_after() -> None:
    tally = Tally()
    hits, done = Counter[str](), Counter[str]()

    def bar(faults: dict[str, int], **did: int) -> None:
        hits.update(faults)
        done.update(did)
        tally.bar(hits, done)

    bar({}, orders=1)
    bar({"link_drops": 2}, fills=1)
    bar({}, orders=3)  # the bar after it
    bar({}, orders=5)
    share = tally.shares["link_drops"]
    assert (share.hits, share.bars, share.seeds) == (2, 2, 1)
    assert (share.done["orders"], share.done["fills"]) == (3, 1)
    nothing = tally.shares[NOTHING]
    assert (nothing.bars, nothing.done["orders"]) == (2, 6)


def test_a_process_dies_among_many_bars_of_the_past_as_often_as_among_the_usual_number(
    write_strategy: Write,
) -> None:
    trades = trader(write_strategy)
    data = config_of(trades)["data"]
    bars = 8_760  # hours of a year: there are no more
    for warmup, rush in ((500, 1.0), (2_000, 0.25), (20_000, 500 / bars)):
        setting = setting_of(trades, data={**data, "warmup": warmup})
        assert draw_plan(setting, 1).rush == rush


def test_a_wait_of_no_time_kills_less_often_than_one_that_waits() -> None:
    loop = VirtualLoop(datetime(2024, 1, 1, tzinfo=UTC))
    with closing(loop):
        mortality = Mortality(random.Random(1), rate=1000.0)
        host = MortalHost(loop, mortality, rush=0.0)
        host.wait(0.0)
        with pytest.raises(Killed):
            host.wait(1.0)
