"""An asset that is traded, and that another instrument is paid in: BTC of BTC/USD and ETH/BTC."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from atms.execution.core.events import Connected, Instruction, TellBooks
from atms.execution.core.records import Opened
from atms.stores.facts import BalanceFact, Fee, FeeFact, Part
from atms.stores.market import Instrument
from tests.execution.core_world import BEGAN, World, dec, instrument

BTC_USD, ETH_BTC, SOL_USD = "sim:BTC-USD", "sim:ETH-BTC", "sim:SOL-USD"
SPOT = frozenset({Part.ORDERS, Part.BALANCES})  # which tells no positions


def listed(name: str) -> Instrument:
    """Return a pair."""
    base, _, quote = name.partition(":")[2].partition("-")
    return replace(instrument(name), base=base, quote=quote, settle=quote)


class Pairs(World):
    """An account that trades some of three pairs."""

    def __init__(self, *names: str, **others: Any) -> None:
        super().__init__(instruments=names or (BTC_USD, ETH_BTC), **others)

    def connect(self) -> list[Instruction]:
        """Let the venue answer, which lists all three."""
        found = tuple(listed(name) for name in (BTC_USD, ETH_BTC, SOL_USD))
        return self.feed(Connected(capabilities=self.capabilities, instruments=found))

    def snapshot(self, *facts: Any, parts: frozenset[Part] = SPOT) -> list[Instruction]:
        """Answer a snapshot without positions."""
        return super().snapshot(*facts, parts=parts)

    def trades(self, name: str, qty: float, price: float, side: int = 1, **others: Any) -> None:
        """Let an order fill whole."""
        key = self.placed(instrument=name, qty=dec(qty), side=side)
        execution = f"e{len(self.core.state.books.rows)}"
        fill = self.filled(
            key, execution, qty, price=dec(price), instrument=name, side=side, **others
        )
        self.hear(fill)

    def check(self, times: int = 5, **held: float) -> None:
        """Let the venue be compared with the books, often and for long."""
        for _ in range(times):
            self.wait(40)
            self.page()
            self.snapshot(*balances(**held))
            self.read_log()

    def held(self, name: str) -> object:
        """Return a position as the books have it."""
        return self.core.state.books.qty(name)


def balances(**held: float) -> list[BalanceFact]:
    """Return what the venue says of assets."""
    return [
        BalanceFact(at=BEGAN, asset=asset, total=dec(total), free=None)
        for asset, total in held.items()
    ]


@pytest.mark.parametrize("policy", ["halt", "adopt", "ignore"])
def test_what_is_there_to_pay_with_is_no_unknown_position(policy: str) -> None:
    world = Pairs(unknown_position=policy)
    world.open(*balances(BTC=2, USD=1000))
    assert not world.core.halted
    assert not [one for one in world.durable if isinstance(one, Opened)]
    assert world.held(BTC_USD) == 0
    assert world.core.state.books.balances() == {"BTC": dec(2), "USD": dec(1000)}


def test_what_another_pair_is_paid_with_moves_no_position_and_is_no_difference() -> None:
    world = Pairs()
    world.open(*balances(BTC=2, USD=1000))
    world.trades(ETH_BTC, 10, 0.05)
    assert world.held(BTC_USD) == 0
    assert world.held(ETH_BTC) == 10
    world.check(BTC=1.5, USD=1000, ETH=10)
    assert not world.core.halted
    assert not world.notices("cash_differs")
    assert not world.core.asking.differed


def test_a_fee_in_what_a_pair_is_paid_with_is_no_loss_of_the_other_pairs_position() -> None:
    world = Pairs()
    world.open(*balances(BTC=2, USD=1000))
    world.trades(ETH_BTC, 10, 0.05, fees=(Fee(asset="BTC", amount=dec("0.001")),))
    assert world.held(BTC_USD) == 0
    assert [one.instrument for one in world.every(TellBooks)[-1].positions] == [ETH_BTC]
    world.check(BTC=1.499, USD=1000, ETH=10)
    assert not world.core.halted


def test_a_late_fee_in_a_currency_moves_no_position() -> None:
    world = Pairs()
    world.open(*balances(BTC=2, USD=1000))
    world.trades(ETH_BTC, 10, 0.05, fees=None)
    fee = Fee(asset="BTC", amount=dec("0.001"))
    world.hear(FeeFact(at=world.now, id="f", exec="e0", key=None, fee=fee))
    assert world.held(BTC_USD) == 0
    assert world.core.state.books.cash["BTC"] == dec("1.499")


def test_a_fee_of_a_pair_that_is_not_asked_for_is_no_loss_of_another_position() -> None:
    world = Pairs(BTC_USD)
    world.open(*balances(USD=1000))
    world.trades(BTC_USD, 2, 100)
    world.hear(
        world.filled(
            None, "by hand", 1, price=dec("0.05"), instrument=ETH_BTC,
            fees=(Fee(asset="BTC", amount=dec("0.001")),),
        )
    )  # fmt: skip
    assert world.held(BTC_USD) == 2


def test_what_a_fill_brings_of_a_currency_is_a_position_and_its_own_fee_takes_of_it() -> None:
    world = Pairs()
    world.open(*balances(BTC=2, USD=1000))
    world.trades(BTC_USD, 1, 100, fees=(Fee(asset="BTC", amount=dec("0.01")),))
    assert world.held(BTC_USD) == dec("0.99")
    world.check(BTC=2.99, USD=900)
    assert not world.core.halted


def test_a_fee_in_an_asset_that_is_traded_and_pays_for_nothing_takes_of_its_position() -> None:
    world = Pairs(BTC_USD, SOL_USD)
    world.open(*balances(USD=1000))
    world.trades(SOL_USD, 10, 20)
    world.trades(BTC_USD, 1, 100, fees=(Fee(asset="SOL", amount=dec("0.5")),))
    assert world.held(SOL_USD) == dec("9.5")


def test_what_differs_of_a_currency_is_booked_as_cash_and_halts_nothing() -> None:
    world = Pairs()
    world.open(*balances(BTC=2, USD=1000))
    world.check(BTC=2.5, USD=1000)
    assert not world.core.halted
    assert len(world.notices("cash_differs")) == 1
    assert world.core.state.books.balances()["BTC"] == dec("2.5")
    assert world.held(BTC_USD) == 0


def test_what_is_held_of_an_asset_that_pays_for_nothing_here_is_an_unknown_position() -> None:
    world = Pairs(BTC_USD)
    world.open(*balances(BTC=2, USD=1000))
    assert set(world.core.halted) == {BTC_USD}
