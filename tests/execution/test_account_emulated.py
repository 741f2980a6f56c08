"""Brackets and stops that stand here, with the driver and a simulated venue, in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from decimal import Decimal

from atms.execution.core.events import TellAccount, TellOrder, Wish, Wishes
from atms.sandbox.simulation.venue.exchange import ExchangeStore
from atms.stores.base import Unreachable
from atms.stores.capabilities import Capabilities
from atms.stores.facts import State
from atms.stores.market import Quote
from atms.stores.requests import Kind, Ticket
from tests.execution.account_bench import Bench, bench, make

__all__ = ["bench", "make"]  # fixtures


class NoStops(ExchangeStore):
    """A venue that holds no stops."""

    async def connect(self) -> Capabilities:
        found = await super().connect()
        return replace(found, kinds=found.kinds - {Kind.STOP, Kind.STOP_LIMIT})


class BrokenPrices(NoStops):
    """A venue whose prices break once."""

    breaks = True

    def quotes(self, instrument: str, qty: Decimal | None = None) -> AsyncIterator[Quote]:
        if self.breaks:
            self.breaks = False
            raise Unreachable("no prices")
        return super().quotes(instrument, qty)


def wish(bench: Bench, *tickets: Ticket, link: str = "single") -> None:
    tags = tuple(range(1, 1 + len(tickets)))
    bench.account.feed(Wishes(wishes=(Wish(tickets=tickets, tags=tags, link=link),)))


def ticket(bench: Bench, side: int, kind: Kind, **others: Decimal) -> Ticket:
    return Ticket(
        key="", instrument=bench.instrument, side=side, qty=Decimal(1), kind=kind,  # type: ignore[arg-type]
        reduces=side < 0, **others,  # type: ignore[arg-type]
    )  # fmt: skip


def bracket(bench: Bench) -> None:
    """Want one unit at the market, a stop at 90 and a limit at 110."""
    entry = ticket(bench, 1, Kind.MARKET)
    stop = ticket(bench, -1, Kind.STOP, trigger=Decimal(90))
    limit = ticket(bench, -1, Kind.LIMIT, limit=Decimal(110))
    wish(bench, entry, stop, limit, link="bracket")


def ends(bench: Bench) -> list[str]:
    """Return the last status of each order, in the order of their tags."""
    last = {one.tag: one.status for one in bench.told if isinstance(one, TellOrder)}
    return [last[tag] for tag in sorted(tag for tag in last if tag)]


def working(bench: Bench) -> list[Kind]:
    """Return the kinds of what stands at the venue."""
    orders = [one for each in bench.venue.by_key.values() for one in each]
    return sorted(
        (one.ticket.kind for one in orders if one.state is State.WORKING),
        key=lambda kind: kind.value,
    )


def notices(bench: Bench, what: str) -> int:
    return sum(isinstance(one, TellAccount) and one.what == what for one in bench.told)


def test_a_bracket_is_protected_by_the_venues_own_pair_within_two_seconds(bench: Bench) -> None:
    bracket(bench)
    bench.wait(2)
    assert working(bench) == [Kind.LIMIT, Kind.STOP]
    assert ends(bench) == ["completed", "accepted", "accepted"]


def test_the_stop_closes_what_the_entry_opened(bench: Bench) -> None:
    bracket(bench)
    bench.wait(2)
    bench.venue.trade(bench.instrument, Decimal(89), Decimal(10))
    bench.wait(10)
    assert ends(bench) == ["completed", "completed", "canceled"]
    assert working(bench) == []
    step = Decimal("0.001")
    assert abs(bench.core.state.books.qty(bench.instrument)) < step


def test_a_stop_that_would_trigger_at_once_has_the_position_closed(bench: Bench) -> None:
    entry = ticket(bench, 1, Kind.MARKET)
    wish(bench, entry, ticket(bench, -1, Kind.STOP, trigger=Decimal(150)), link="bracket")
    bench.wait(3)
    assert ends(bench) == ["completed", "completed"]
    assert abs(bench.core.state.books.qty(bench.instrument)) < Decimal("0.001")


def test_a_stop_that_stands_here_is_triggered_by_the_venues_prices(
    make: Callable[..., Bench],
) -> None:
    bench = make(NoStops)
    bench.core.terms = replace(bench.core.terms, emulated_protection=True)
    wish(bench, ticket(bench, 1, Kind.STOP, trigger=Decimal(105)))
    bench.wait(2)
    assert working(bench) == []
    bench.venue.trade(bench.instrument, Decimal(104), Decimal(10))
    bench.wait(1)
    assert ends(bench) == ["accepted"]
    bench.venue.trade(bench.instrument, Decimal(106), Decimal(10))
    bench.wait(5)
    assert ends(bench) == ["completed"]


def test_prices_whose_stream_breaks_are_told_and_followed_again(
    make: Callable[..., Bench],
) -> None:
    bench = make(BrokenPrices)
    bench.core.terms = replace(bench.core.terms, emulated_protection=True)
    wish(bench, ticket(bench, 1, Kind.STOP, trigger=Decimal(105)))
    bench.wait(0.5)
    assert notices(bench, "quotes") == 1
    bench.wait(5)
    assert notices(bench, "quotes") == 2
    bench.venue.trade(bench.instrument, Decimal(106), Decimal(10))
    bench.wait(40)
    assert ends(bench) == ["completed"]
