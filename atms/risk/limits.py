"""What an account may risk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation

_TWELVE_DIGITS = Context(prec=12)


def exact(value: float) -> Decimal:
    """Return a float as the decimal of twelve digits that it stands for: 0.1 + 0.2 is 0.3."""
    return _TWELVE_DIGITS.create_decimal_from_float(float(value))


def plain(value: Decimal) -> str:
    """Return a decimal in words: without exponent, and without zeros at its end."""
    return f"{value.normalize():f}"


@dataclass(frozen=True)
class Loss:
    """An amount, or a share of the equity that the day opened with.

    Attributes:
        amount: in account currency, or the share.
        is_share: which of the two.
    """

    amount: Decimal
    is_share: bool = False

    @classmethod
    def parse(cls, text: str) -> Loss:
        """Read ``500``, or ``5%``.

        Raises:
            ValueError: it is neither, or not above 0, or more than 100%.
        """
        is_share = text.strip().endswith("%")
        try:
            amount = Decimal(text.strip().removesuffix("%").strip())
        except InvalidOperation:
            raise ValueError(f"{text!r} is no amount; write 500, or 5%") from None
        if not amount.is_finite() or amount <= 0 or (is_share and amount > 100):
            raise ValueError(f"{text!r} must be above 0" + ", and at most 100%" * is_share)
        return cls(amount / 100 if is_share else amount, is_share)

    def of(self, opening: Decimal) -> Decimal:
        """Return the amount, for a day that opened with *opening*."""
        return self.amount * opening if self.is_share else self.amount

    def __str__(self) -> str:
        return f"{plain(self.amount * 100)}%" if self.is_share else plain(self.amount)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What an account may risk; None: there is no such limit.

    Attributes:
        max_order_notional: an order's quantity times price times multiplier.
        max_position: units of an instrument, long or short, for every instrument, or by its name;
            one that is not named has none.
        max_orders_per_minute: in any 60 seconds.
        max_rejects: refusals in a row after which nothing is opened any more.
        max_daily_loss: against the equity that the day, of UTC, opened with.
    """

    max_order_notional: Decimal | None = None
    max_position: Decimal | Mapping[str, Decimal] | None = None
    max_orders_per_minute: int | None = None
    max_rejects: int | None = None
    max_daily_loss: Loss | None = None

    @property
    def given(self) -> bool:
        """Whether there is any."""
        return self != Limits()

    def position(self, instrument: str) -> Decimal | None:
        """Return the largest position in an instrument."""
        if isinstance(self.max_position, Mapping):
            return self.max_position.get(instrument)
        return self.max_position
