"""The ``risk`` section: limits that every order is held to, in a backtest as live."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    WithJsonSchema,
)

from atms.config.section import Section
from atms.risk import Limits, Loss

if TYPE_CHECKING:
    from atms.config.sections import Config, FeedSection

_LIVE = ("max_order_notional", "max_position", "max_orders_per_minute")


def _number(value: Any) -> Any:
    if isinstance(value, bool):  # else true is taken for 1
        raise ValueError("write a number")
    return value


def _loss(value: Any) -> Any:
    if isinstance(value, Loss):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError("write an amount, 500, or a share of the day's opening equity, 5%")
    return Loss.parse(str(value))


def _form(value: Any) -> str:
    return "[by feed]" if isinstance(value, Mapping) else "[number]"


Amount = Annotated[Decimal, Field(gt=0), BeforeValidator(_number)]
Count = Annotated[int, Field(ge=1), BeforeValidator(_number)]
LossField = Annotated[
    Loss,
    BeforeValidator(_loss),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": ["number", "string"], "examples": [500, "5%"]}),
]
PositionField = Annotated[
    Annotated[Amount, Tag("[number]")] | Annotated[dict[str, Amount], Tag("[by feed]")],
    Discriminator(_form),
]


class RiskSection(Section):
    """Each is off until it is given; live refuses to start without the first three."""

    max_order_notional: Amount | None = Field(
        None,
        description="The largest value of an order, size times price, in the feed's currency.",
    )
    max_position: PositionField | None = Field(
        None,
        description="The largest position, long or short, in units of what is traded: for every "
        "feed, or a number for each by the feed's name.",
    )
    max_orders_per_minute: Count | None = Field(None, description="Orders in any 60 seconds.")
    max_rejects: Count | None = Field(
        None, description="Refusals in a row after which nothing is opened until a restart."
    )
    max_daily_loss: LossField | None = Field(
        None,
        description="The largest loss of a day, of UTC, in account currency, or of the equity that "
        "it opened with: 5%.",
    )

    def limits(self, instruments: Mapping[str, str]) -> Limits:
        """Return what the gate is given.

        Args:
            instruments: feed's name -> what the gate calls its instrument; a feed that is missing:
                its name. Of several feeds of one instrument, the smallest number counts.
        """
        position = self.max_position
        if isinstance(position, Mapping):
            by_instrument: dict[str, Decimal] = {}
            for name, most in position.items():
                instrument = instruments.get(name, name)
                by_instrument[instrument] = min(most, by_instrument.get(instrument, most))
            position = by_instrument
        return Limits(
            max_order_notional=self.max_order_notional,
            max_position=position,
            max_orders_per_minute=self.max_orders_per_minute,
            max_rejects=self.max_rejects,
            max_daily_loss=self.max_daily_loss,
        )


def missing_limits(config: Config) -> tuple[str, ...]:
    """Return the keys without which live does not start; by feed, every feed needs its number."""
    given = config.risk.max_position
    missing = [f"risk.{key}" for key in _LIVE if getattr(config.risk, key) is None]
    if isinstance(given, Mapping):
        traded = instruments(config)
        covered = {traded[name] for name in given}
        missing += [f"risk.max_position.{name}" for name in traded if traded[name] not in covered]
    return tuple(missing)


def instruments(config: Config) -> dict[str, str]:
    """Return feed's name -> what it trades: feeds of one instrument have one position."""
    return {
        name: f"{base.store or base.venue}:{base.symbol}"
        for name, base in base_feeds(config).items()
    }


def base_feeds(config: Config) -> dict[str, FeedSection]:
    """Return feed's name -> the feed that its bars come from, itself or the one that it is of."""
    found: dict[str, FeedSection] = {}
    for feed in config.data.feeds:
        found[feed.name] = found[feed.of] if feed.of else feed
    return found
