"""A KuCoin venue without its wires: markets, the account, keys, limits and faults."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from atms.sandbox.kucoin.config import SECONDS, KucoinConfig
from atms.sandbox.kucoin.refusals import Refused, refused
from atms.sandbox.venue.ids import api_key
from atms.sandbox.venue.keys import ApiKey
from atms.sandbox.venue.market import Market
from atms.sandbox.venue.orders import Order
from atms.sandbox.venue.refusals import Why
from atms.sandbox.venue.spot import SpotVenue
from atms.sandbox.venue.throttle import Throttle

UID = 165_111_215  # of the one account


class KucoinVenue(SpotVenue):
    """The spot venue behind the wires; fees are paid in the quote currency.

    Attributes:
        pools: name of a rate limit -> who has spent what of it.
        rests: called with an order that stands on the book once it was matched.

    Raises:
        ConfigError, DataError: in what it is made of.
    """

    config: KucoinConfig
    fee_in_quote = True
    least = Decimal("0.1")

    def __init__(self, config: KucoinConfig) -> None:
        super().__init__(config)
        units = {
            "spot": config.spot, "public": config.public, "management": config.management,
        }  # fmt: skip
        self.pools = {
            name: Throttle(self.clock, SECONDS * 1000, limit) for name, limit in units.items()
        }
        self.rests: list[Callable[[Order], None]] = []

    def refuse(self, why: Why) -> Exception:
        """Return the error that this venue answers with."""
        return refused(why)

    def _make_keys(self) -> dict[str, ApiKey]:
        config, now = self.config, self.clock.now()
        first = ApiKey(
            config.key or api_key()[:24], config.secret or api_key()[:36], created=now,
            passphrase=config.passphrase or api_key()[:12],
        )  # fmt: skip
        keys = {first.key: first}
        if config.may_withdraw:
            spare = ApiKey(
                api_key()[:24], api_key()[:36], may_withdraw=True, created=now,
                passphrase=first.passphrase,
            )  # fmt: skip
            keys[spare.key] = spare
        return keys

    def dashed(self, written: str) -> Market:
        """Return the market of ``BTC-USDT``.

        Raises:
            Refused: there is none.
        """
        base, dash, quote = written.partition("-")
        if not dash:
            raise refused(Why.UNKNOWN_SYMBOL)
        return self.market(base + quote)

    def order(self, written: str, number: str | None, client: str | None) -> Order:
        """Return an order of a symbol that queries show.

        Raises:
            Refused: they show none of these names.
        """
        symbol = self.dashed(written).symbol.name
        found = self.desk.find(symbol, order_number(number) if number else None, client)
        if found is None or not self.visible(found):
            raise Refused("400100", "The order does not exist.")
        return found


def dashed_name(order: Order) -> str:
    """Return an order's symbol as the venue writes it."""
    return f"{order.symbol.base}-{order.symbol.quote}"


def order_id(order: Order) -> str:
    """Return an order's number as the venue writes one: 24 hexadecimal digits."""
    return f"{order.id:024x}"


def order_number(written: str) -> int:
    """Return the number that is written; -1: it is none."""
    try:
        return int(written, 16)
    except ValueError:
        return -1
