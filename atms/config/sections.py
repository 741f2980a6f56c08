"""The sections of a config, in the order a person thinks; frozen, unknown keys forbidden."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    field_validator,
    model_validator,
)

from atms.config.broker import BrokerSection
from atms.config.execution import ExecutionSection
from atms.config.operations import OperationsSection
from atms.config.risk import RiskSection
from atms.config.secrets import DatabaseUrl
from atms.config.section import Section
from atms.config.stores import StoreSection
from atms.config.units import Fraction, TimeframeField, TimeRangeField, TimezoneField
from atms.errors import did_you_mean


def _component(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class Component(Section):
    """Something named and given parameters; a text alone is its name."""

    name: str = Field(
        min_length=1,
        description="A registered name, package.module:Class, or path/to/file.py:Class.",
    )
    params: dict[str, Any] = Field(default={}, description="Its parameters.")


ComponentField = Annotated[
    Component, BeforeValidator(_component, json_schema_input_type=Component | str)
]


class RunSection(Section):
    """What is run, and over which time."""

    name: str | None = Field(None, description="A label of your own; default: the strategy's name.")
    timerange: TimeRangeField | None = Field(
        None, description="2018-01-01..2018-06-30, UTC, the last day included; default: all bars."
    )
    timezone: TimezoneField = Field("UTC", description="The zone in which the strategy sees times.")
    seed: int = Field(1, ge=0, lt=2**32, description="Seeds random and numpy.random.")
    engine: Literal["fast", "dense", "verify", "stock"] = Field(
        "fast",
        description="fast: ours, equal to Backtrader's; dense: without a strategy's act_on; "
        "verify: both, compared; stock: Backtrader's own loops.",
    )
    cheat_on_open: bool = Field(
        False, description="Call next_open before the bar's orders are matched, at its open."
    )
    close_at_end: bool = Field(
        False, description="Close what is open at the last close, with commission."
    )
    out: Path = Field(Path("runs"), description="The folder under which each run gets a folder.")
    paper_trading: bool = Field(False, description="true forbids live trading with this config.")


class InstrumentSection(Section):
    """What the venue allows of a symbol; enforced with ``broker.rules: reject``."""

    tick: Decimal | None = Field(None, gt=0, description="Smallest price step.")
    step: Decimal | None = Field(None, gt=0, description="Smallest size step.")
    min_size: Decimal | None = Field(None, ge=0, description="Smallest size of an order.")
    min_notional: Decimal | None = Field(None, ge=0, description="Smallest size times price.")
    multiplier: Decimal = Field(Decimal(1), gt=0, description="Value of one unit at a price of 1.")
    max_leverage: Decimal | None = Field(
        None, ge=1, description="The most leverage that the venue gives; 1: none."
    )


class SqlSection(Section):
    """Bars by a query."""

    url: DatabaseUrl = Field(description="A SQLAlchemy URL, or ${ENV_NAME} holding one.")
    query: str = Field(min_length=1, description="SELECT time, open, high, low, close, volume ...")


class FeedSection(Section):
    """One stream of bars."""

    name: str = Field("", description="How the strategy and the results call it; default: symbol.")
    source: str | None = Field(
        None,
        description="Read by a backtest: a .csv or .parquet file, sample:NAME for bundled bars, or "
        "ledger:VENUE:SYMBOL:TIMEFRAME.",
    )
    sql: SqlSection | None = Field(None, description="Read by a backtest: a query, not a file.")
    store: str | None = Field(None, description="Read by paper and live: a name under stores.")
    history: Literal["store", "source"] = Field(
        "store",
        description="Where paper and live read what came before: store, or source, and from its "
        "end on the store.",
    )
    history_tolerance: Fraction = Field(
        0.01,
        gt=0,
        description="With history: source, by how much its closes may differ from the store's "
        "before that is told: 1%.",
    )
    of: str | None = Field(None, description="Resample or replay this other feed instead.")
    feed: str | None = Field(
        None, description="A Backtrader feed class of your own, given source as dataname."
    )
    params: dict[str, Any] = Field(default={}, description="Parameters of that feed class.")
    symbol: str | None = Field(None, description="What is traded; default: the feed's name.")
    venue: str = Field("sim", description="A label in the results.")
    currency: str = Field("USD", description="The currency of price, fee and profit.")
    timeframe: TimeframeField | None = Field(
        None, description="The length of the source's bars; default: the commonest step."
    )
    resample: TimeframeField | None = Field(None, description="Build longer bars of this length.")
    replay: TimeframeField | None = Field(
        None, description="Let longer bars of this length grow tick by tick."
    )
    timezone: TimezoneField | None = Field(
        None, description="The zone of stamps that carry none; without it they are refused."
    )
    stamp: Literal["start", "end"] | None = Field(
        None, description="Whether a bar's stamp is its start or its end; default: taken as it is."
    )
    calendar: str = Field(
        "auto",
        description="Against which gaps are looked for: 24/7, fx, or an exchange's code, as XNYS; "
        "auto: from the bars' own rhythm.",
    )
    adjust: Literal["adj_close"] | None = Field(
        None, description="Scale open, high, low and close to the adjusted close."
    )
    columns: dict[str, str] = Field(
        default={}, description="Our name: the source's name (datetime: Date, close: Last)."
    )
    lines: list[str] = Field(
        default=[],
        description="Lines besides a bar's own, which paper and live fill: bid, bid_size, ask, "
        "ask_size (and bid_2 ... of further levels), trades, buy_volume, sell_volume, vwap. A "
        "backtest takes columns of these names.",
    )
    instrument: InstrumentSection = InstrumentSection()

    @model_validator(mode="after")
    def _one_origin(self) -> FeedSection:
        if sum(bool(origin) for origin in (self.source, self.sql, self.of)) > 1:
            raise ValueError("give one of source, sql and of, not several")
        if self.resample and self.replay:
            raise ValueError("give either resample or replay, not both")
        if self.of and not (self.resample or self.replay):
            raise ValueError("of names another feed to resample or replay: say which, resample: 1d")
        if self.history == "source" and not ((self.source or self.sql) and self.store):
            raise ValueError("history: source needs a source (or sql) and a store")
        if self.history == "source" and self.timeframe is not None and self.timeframe.unit == "M":
            raise ValueError("history: source knows no months: they are of no one length")
        if not (self.source or self.sql or self.of or self.store):
            raise ValueError("needs a source (a file, or sample:BTCUSD_1h), sql, or a store")
        return self


def _warmup(value: Any) -> Any:
    if value == "auto" or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise ValueError("write auto, or a number of bars")


class DataSection(Section):
    """The bars."""

    warmup: Annotated[Literal["auto"] | int, BeforeValidator(_warmup)] = Field(
        "auto",
        description="Bars before run.timerange that only feed indicators; auto: the strategy's "
        "minimum period, ten times the period of recursive indicators.",
    )
    audit: Literal["fail", "warn"] = Field(
        "fail",
        description="What a failing audit of the bars does: stop the run, or warn; then the bars "
        "are sorted, of duplicates the last is taken, and bars without a price are left out.",
    )
    feeds: tuple[FeedSection, ...] = Field(min_length=1, description="One entry a stream of bars.")

    @field_validator("feeds", mode="after")
    @classmethod
    def _named(cls, feeds: tuple[FeedSection, ...]) -> tuple[FeedSection, ...]:
        named: list[FeedSection] = []
        for index, feed in enumerate(feeds):
            name = feed.name or feed.symbol or (f"data{index}" if len(feeds) > 1 else "data")
            if name in {other.name for other in named}:
                raise ValueError(f"two feeds are called {name!r}; give each a name of its own")
            if feed.of and feed.of not in {other.name for other in named}:
                raise ValueError(f"feed {name!r} is of {feed.of!r}, which must stand before it")
            symbol = feed.symbol or next((f.symbol for f in named if f.name == feed.of), None)
            named.append(feed.model_copy(update={"name": name, "symbol": symbol or name}))
        return tuple(named)


class LedgerSection(Section):
    """The database that knows every run."""

    enabled: bool = Field(True, description="false: write files only.")
    url: DatabaseUrl = Field(
        "sqlite:///atms.db",
        validate_default=True,
        description="SQLAlchemy URL, or ${ENV_NAME} holding one.",
    )


class ReportSection(Section):
    """What is computed and drawn after the run."""

    benchmark: str | None = Field(
        None, description="The feed that buy and hold is measured on; default: the first."
    )
    risk_free: Fraction = Field(0.0, description="Annual risk-free rate: 2% or 0.02.")
    periods_per_year: float | None = Field(
        None, gt=0, description="Return periods a year; default: from the data's calendar."
    )
    analyzers: tuple[ComponentField, ...] = Field(
        default=(), description="Backtrader analyzers; their results go to analyzers.json."
    )
    picture: bool = Field(True, description="Draw equity.png.")
    html: bool = Field(True, description="Write report.html, the run's page.")
    max_mb: float = Field(5.0, gt=1, description="How large the page may get, megabytes.")


class Config(Section):
    """One file for backtest, paper and live; the verb on the command line chooses which."""

    version: Literal[1] = 1
    run: RunSection = RunSection()
    stores: dict[str, StoreSection] = Field(default={}, description="Accounts, by your name.")
    data: DataSection
    strategy: ComponentField
    sizer: ComponentField | None = Field(None, description="Default: Backtrader's, one unit.")
    risk: RiskSection = RiskSection()
    broker: BrokerSection = BrokerSection()
    execution: ExecutionSection = ExecutionSection()
    operations: OperationsSection = OperationsSection()
    ledger: LedgerSection = LedgerSection()
    report: ReportSection = ReportSection()


def misfits(config: Config) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield (path, problem) for what is right by itself and does not fit together."""
    feeds = [feed.name for feed in config.data.feeds]
    for index, feed in enumerate(config.data.feeds):
        if feed.store and feed.store not in config.stores:
            near = did_you_mean(feed.store, config.stores)
            yield ("data", "feeds", index, "store"), f"there is no store {feed.store!r}{near}"
        if feed.store and not (feed.source or feed.sql):
            for key in _missing_for_live(feed, index):
                why = f"is needed where {feed.name} has a store and no source"
                yield ("data", "feeds", index, key), why
    if config.report.benchmark and config.report.benchmark not in feeds:
        near = did_you_mean(config.report.benchmark, feeds)
        yield ("report", "benchmark"), f"there is no feed {config.report.benchmark!r}{near}"
    limited = config.risk.max_position
    for name in limited if isinstance(limited, dict) else ():
        if name not in feeds:
            near = did_you_mean(name, feeds) or f"; there are: {', '.join(feeds)}"
            yield ("risk", "max_position", name), f"there is no feed {name!r}{near}"


def _missing_for_live(feed: FeedSection, index: int) -> Iterator[str]:
    if feed.symbol in ("data", f"data{index}"):  # no name of anybody's
        yield "symbol"
    if feed.timeframe is None:
        yield "timeframe"
