"""The ``broker`` section: what the simulated broker charges, and how it fills."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from atms.config.section import Section
from atms.config.units import DurationField, Fraction
from atms.errors import UnknownName

if TYPE_CHECKING:
    from atms.simulation.presets import Preset

_FORMS = ("maker", "per_share", "per_contract", "tiers")


class TierSection(Section):
    """Shares of the value from a traded value on."""

    volume: float = Field(ge=0, description="The value traded from which it counts.")
    maker: Fraction = Field(description="A maker's share; negative: a rebate.")
    taker: Fraction = Field(description="A taker's share.")


class CommissionSection(Section):
    """One of: maker and taker; per_share; per_contract; tiers."""

    maker: Fraction | None = Field(None, description="A maker's share; negative: a rebate.")
    taker: Fraction | None = Field(None, description="A taker's share.")
    per_share: float | None = Field(None, description="An amount a share.")
    minimum: float = Field(0.0, description="The least that an order costs, with per_share.")
    maximum: Fraction | None = Field(
        None, description="The most, as a share of the order's value, with per_share."
    )
    per_contract: float | None = Field(None, description="An amount a contract.")
    tiers: tuple[TierSection, ...] | None = Field(
        None, description="Shares by the value that the account has traded."
    )
    days: float = Field(30.0, gt=0, description="The days over which tiers look back.")
    currency: str | None = Field(
        None, description="The currency of the amounts; default: the account's."
    )
    conversion: str | float | None = Field(
        None, description="The price of that currency: a feed's name, or a number."
    )

    @model_validator(mode="after")
    def _one_form(self) -> CommissionSection:
        given = [name for name in _FORMS if getattr(self, name) is not None]
        if (self.maker is None) != (self.taker is None):
            raise ValueError("maker and taker belong together: give both")
        if len(given) != 1:
            raise ValueError(
                "give one of: maker and taker, per_share, per_contract, tiers"
                + (f"; not {' and '.join(given)}" if given else "")
            )
        if given != ["per_share"] and (self.minimum or self.maximum is not None):
            raise ValueError("minimum and maximum belong to per_share")
        if (self.currency is None) != (self.conversion is None):
            raise ValueError("currency and conversion belong together: give both")
        if self.currency is not None and given[0] in ("maker", "tiers"):
            raise ValueError("a share of the value needs no conversion: remove currency")
        return self


def _form(value: Any) -> str:
    return "schedule" if isinstance(value, dict | CommissionSection) else "share"


CommissionField = Annotated[
    Annotated[Fraction, Field(ge=0, lt=1), Tag("share")]
    | Annotated[CommissionSection, Tag("schedule")],
    Discriminator(_form),
]


class SlippageSection(Section):
    """One of percent, fixed and ticks; half_spread alone or beside it."""

    percent: Fraction = Field(0.0, ge=0, lt=1, description="A share of the price.")
    fixed: float = Field(0.0, ge=0, description="An amount a unit.")
    ticks: float = Field(0.0, ge=0, description="So many of the instrument's ticks.")
    half_spread: bool = Field(False, description="Half of ask minus bid, two columns of the feed.")

    @model_validator(mode="after")
    def _one_kind(self) -> SlippageSection:
        given = [name for name in ("percent", "fixed", "ticks") if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"give one of {' and '.join(given)}, not both")
        return self


class ImpactSection(Section):
    """The square-root law."""

    coefficient: float = Field(1.0, ge=0, description="Without unit, about 1.")
    window: int = Field(20, ge=2, description="Bars for volatility and volume.")


class MarginSection(Section):
    """What a position ties up, and when the account is liquidated."""

    initial: Fraction | None = Field(
        None, gt=0, le=1, description="A share of the entry value; the same as 1 / leverage."
    )
    maintenance: Fraction = Field(0.0, ge=0, lt=1, description="A share of the value at mark.")
    per_contract: float | None = Field(
        None, gt=0, description="A future's: what a contract ties up."
    )
    maintenance_per_contract: float = Field(
        0.0, ge=0, description="A future's: what must be left a contract."
    )
    liquidation_fee: Fraction = Field(
        0.0, ge=0, lt=1, description="A share of the value that is liquidated."
    )

    @model_validator(mode="after")
    def _fit(self) -> MarginSection:
        if self.per_contract is not None and (self.initial or self.maintenance):
            raise ValueError("per_contract is an amount: initial and maintenance are shares of it")
        if self.maintenance_per_contract and self.per_contract is None:
            raise ValueError("maintenance_per_contract needs per_contract")
        if self.per_contract and self.maintenance_per_contract > self.per_contract:
            raise ValueError("maintenance_per_contract is above per_contract")
        if self.initial and self.maintenance >= self.initial:
            raise ValueError("maintenance must be below initial, else nothing could be opened")
        return self


class FundingSection(Section):
    """A perpetual future's funding."""

    rate: str = Field("funding_rate", description="The column of the rate.")
    at: Literal["start", "end"] = Field(
        "start", description="Whether a bar's rate is paid at its start or at its end."
    )


class InterestSection(Section):
    """Annual rates on cash."""

    credit: Fraction = Field(0.0, description="Paid to the account, on cash of its own.")
    debit: Fraction = Field(0.0, ge=0, description="Paid by it, on what is lent to it.")


def _percent(value: Any) -> Any:
    return {"percent": value} if isinstance(value, str | int | float) else value


def _rate(value: Any) -> Any:
    return {"rate": value} if isinstance(value, str) else value


class BrokerSection(Section):
    """The simulated broker; with nothing said, stock Backtrader's fills."""

    cash: float = Field(10_000.0, gt=0, allow_inf_nan=False, description="Starting cash.")
    preset: str | None = Field(
        None, description="A venue's costs, under what is given here: binance_spot, kraken ..."
    )
    commission: CommissionField = Field(
        0.0,
        description="A share of each fill's value, 0.1% or 0.001, or a schedule: maker and taker, "
        "per_share, per_contract, tiers.",
    )
    slippage: Annotated[
        SlippageSection | None, BeforeValidator(_percent, json_schema_input_type=Any)
    ] = Field(None, description="How much worse takers fill; a plain share is percent.")
    participation: Fraction | None = Field(
        None, gt=0, le=1, description="The most of a bar's volume that fills."
    )
    impact: ImpactSection | None = Field(None, description="Market impact by the square-root law.")
    intrabar: bool | dict[str, str] = Field(
        False,
        description="Match on finer bars: true, those that a resampled feed is made of, or a "
        "source for each feed.",
    )
    latency: DurationField = Field(
        timedelta(0), description="From an order's making to the first finer bar: 250ms."
    )
    rules: Literal["ignore", "reject"] = Field(
        "ignore", description="What becomes of orders that do not fit their feed's instrument."
    )
    leverage: float = Field(
        1.0, ge=1, allow_inf_nan=False, description="A position costs its value over this."
    )
    margin: MarginSection | None = Field(None, description="Margin and liquidation.")
    funding: Annotated[
        FundingSection | None, BeforeValidator(_rate, json_schema_input_type=Any)
    ] = Field(None, description="A perpetual's funding; a text is the rate's column.")
    borrow: Fraction = Field(0.0, ge=0, description="Annual rate on short positions.")
    interest: InterestSection | None = Field(None, description="Annual rates on cash.")

    @model_validator(mode="before")
    @classmethod
    def _under_what_is_given(cls, values: Any) -> Any:
        if not isinstance(values, dict) or not values.get("preset"):
            return values
        return _laid_over(_preset(values["preset"]).broker, values)

    @model_validator(mode="after")
    def _fit(self) -> BrokerSection:
        if self.preset:
            self._check_preset(_preset(self.preset))
        if self.latency and not self.intrabar:
            raise ValueError("latency needs intrabar: finer bars to be measured against")
        margin = self.margin
        if margin is None:
            return self
        if self.leverage != 1 and margin.per_contract is not None:
            raise ValueError("leverage and margin.per_contract contradict each other")
        if self.leverage != 1 and margin.initial and abs(self.leverage * margin.initial - 1) > 1e-9:
            raise ValueError(
                f"leverage of {self.leverage:g} and margin.initial of {margin.initial:g} "
                "contradict each other: give one of them"
            )
        if margin.per_contract is None and margin.maintenance >= 1 / self.borrowing:
            raise ValueError("margin.maintenance must be below 1 / leverage")
        return self

    def _check_preset(self, preset: Preset) -> None:
        for key, why in preset.required.items():
            here: Any = self
            for part in key.split("."):
                here = getattr(here, part, None)
            if not here or (isinstance(here, Section) and not any(here.model_dump().values())):
                raise ValueError(f"preset {preset.name} needs {key}: {why}")
        most = preset.max_leverage
        if most is not None and self.borrowing > most * (1 + 1e-9):
            none = "no leverage" if most == 1 else f"leverage of {most:g} at most"
            raise ValueError(
                f"leverage of {self.borrowing:g}: preset {preset.name} ({preset.venue}) has {none}"
            )

    @property
    def from_preset(self) -> frozenset[str]:
        """The keys that the preset has values for."""
        return frozenset(_preset(self.preset).broker) if self.preset else frozenset()

    @property
    def overridden(self) -> tuple[str, ...]:
        """The keys for which the preset has another value than the one that counts."""
        preset = _preset(self.preset).broker if self.preset else {}
        return tuple(
            key
            for key, value in preset.items()
            if getattr(BrokerSection.model_validate({key: value}), key) != getattr(self, key)
        )

    @property
    def borrowing(self) -> float:
        """The leverage, whichever key it was given by."""
        if self.margin is not None and self.margin.initial:
            return 1 / self.margin.initial
        return self.leverage


def _preset(name: str) -> Preset:
    from atms.simulation.presets import read_preset  # Backtrader with it: only where one is named

    try:
        return read_preset(str(name))
    except UnknownName as error:
        raise ValueError(str(error).removeprefix("broker.preset: ")) from error


def _laid_over(under: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return *given* with what it does not say from *under*; a commission is one thing."""
    merged = {**under, **given}
    for key, value in given.items():
        if isinstance(value, dict) and isinstance(under.get(key), dict) and key != "commission":
            merged[key] = {**under[key], **value}
        elif value is None and key in under:
            merged[key] = under[key]
    return merged
