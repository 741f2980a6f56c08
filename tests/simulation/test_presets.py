"""Presets: no number without a source, no key that the broker does not know."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from atms.config.units import parse_fraction
from atms.errors import UnknownName
from atms.simulation import presets as package
from atms.simulation.fees import FeePart, MakerTaker, PerShare, Tier, Tiered
from atms.simulation.presets import Preset, presets, read_preset

# Keys under `broker:` in docs/simulation.md, and what may stand below them.
KEYS: dict[str, set[str]] = {
    "commission": {
        "maker", "taker", "per_share", "minimum", "maximum", "per_contract", "tiers", "days",
        "currency", "conversion",
    },
    "slippage": {"percent", "fixed", "ticks", "half_spread"},
    "impact": {"coefficient", "window"},
    "margin": {
        "initial", "maintenance", "per_contract", "maintenance_per_contract", "liquidation_fee",
    },
    "funding": {"rate", "at"},
    "interest": {"credit", "debit"},
    "leverage": set(),
    "borrow": set(),
    "participation": set(),
    "intrabar": set(),
    "latency": set(),
    "rules": set(),
}  # fmt: skip
EVERY = pytest.mark.parametrize("name", presets())


def leaves(tree: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted path and value; a list is one value."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{above}{key}.")
        else:
            yield above + key, value


def is_known(path: str) -> bool:
    key, _, inner = path.partition(".")
    return key in KEYS and (not inner or inner in KEYS[key])


def numbers(preset: Preset) -> set[str]:
    paths = {path for path, _ in leaves(preset.broker)}
    return paths if preset.max_leverage is None else paths | {"max_leverage"}


def rates(name: str) -> dict[str, float]:
    commission = read_preset(name).broker["commission"]
    return {key: parse_fraction(value) for key, value in commission.items()}


# ---- what holds of every preset -----------------------------------------------------------------
@EVERY
def test_every_number_is_named_by_a_source(name: str) -> None:
    preset = read_preset(name)
    covered = {key for source in preset.sources for key in source.what}
    assert numbers(preset) - covered == set()


@EVERY
def test_no_source_is_of_a_number_that_is_not_there(name: str) -> None:
    preset = read_preset(name)
    assert {key for source in preset.sources for key in source.what} - numbers(preset) == set()


@EVERY
def test_every_source_has_an_address_a_version_and_its_words(name: str) -> None:
    for source in read_preset(name).sources:
        assert source.url.startswith("https://")
        assert source.at.strip()
        assert source.says.strip()


@EVERY
def test_a_source_in_a_repository_names_the_commit_of_its_address(name: str) -> None:
    for source in read_preset(name).sources:
        if source.url.startswith("https://github.com/"):
            commit = source.url.partition("/blob/")[2].partition("/")[0]
            assert len(commit) == 40
            assert commit in source.at


@EVERY
def test_every_key_is_one_of_the_broker(name: str) -> None:
    preset = read_preset(name)
    paths = [path for path, _ in leaves(preset.broker)] + list(preset.required)
    assert [path for path in paths if not is_known(path)] == []


@EVERY
def test_what_is_required_is_not_given_and_says_what_to_give(name: str) -> None:
    preset = read_preset(name)
    given = {path for path, _ in leaves(preset.broker)} | set(preset.broker)
    assert set(preset.required) & given == set()
    assert all("give " in reason for reason in preset.required.values())


@EVERY
def test_every_value_is_a_number_or_a_percentage(name: str) -> None:
    for path, value in leaves(read_preset(name).broker):
        rows = value if path == "commission.tiers" else [{"value": value}]
        for cell in (cell for row in rows for cell in row.values()):
            assert isinstance(parse_fraction(cell), int | float), path


@EVERY
def test_a_preset_says_when_it_was_read_and_what_it_leaves_out(name: str) -> None:
    preset = read_preset(name)
    assert preset.name == name
    assert preset.venue.strip()
    assert type(preset.read) is datetime.date
    assert preset.not_modelled
    assert preset.max_leverage is None or preset.max_leverage >= 1


@EVERY
def test_a_file_has_the_keys_of_a_preset_and_no_others(name: str) -> None:
    file = Path(package.__path__[0]) / f"{name}.yaml"
    keys = set(yaml.safe_load(file.read_text(encoding="utf-8")))
    assert keys == set(Preset.__dataclass_fields__) - {"name"}


# ---- the reader ---------------------------------------------------------------------------------
def test_there_is_a_preset_for_each_of_six_venues() -> None:
    assert presets() == (
        "alpaca", "binance_spot", "binance_usdm", "ibkr_us_stocks", "kraken", "oanda",
    )  # fmt: skip


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"^broker\.preset: .*did you mean 'binance_spot'\?"):
        read_preset("binance-spot")


def test_an_unknown_preset_that_is_like_none_names_them_all() -> None:
    with pytest.raises(UnknownName, match=r"there is no 'zzz'; there are: alpaca, .*, oanda$"):
        read_preset("zzz")


def test_a_path_is_no_name_of_a_preset() -> None:
    with pytest.raises(UnknownName):
        read_preset("../presets/kraken")


def test_changing_a_preset_does_not_change_the_next_reading() -> None:
    read_preset("kraken").broker["commission"]["days"] = 1
    assert read_preset("kraken").broker["commission"]["days"] == 30


# ---- the numbers, as the broker's own schedules take them ---------------------------------------
@pytest.mark.parametrize(
    ("shares", "price", "fee"), [(100, 25, 1.00), (1000, 25, 5.00), (1000, 0.25, 2.50)]
)
def test_interactive_brokers_own_examples_come_out(shares: int, price: float, fee: float) -> None:
    schedule = PerShare(**rates("ibkr_us_stocks"))
    assert schedule.fee(FeePart(shares, shares * price)) == pytest.approx(fee)


@pytest.mark.parametrize(
    ("name", "maker", "taker"), [("binance_spot", 1.0, 1.0), ("binance_usdm", 0.2, 0.5)]
)
def test_binance_charges_a_thousand_by_who_was_there_first(
    name: str, maker: float, taker: float
) -> None:
    schedule = MakerTaker(**rates(name))
    assert schedule.fee(FeePart(1, 1000, maker=True)) == pytest.approx(maker)
    assert schedule.fee(FeePart(1, 1000)) == pytest.approx(taker)


@pytest.mark.parametrize(
    ("traded", "maker", "taker"),
    [(0, 2.5, 4.0), (9_999, 2.5, 4.0), (10_000, 2.0, 3.5), (2_500_000, 0.4, 1.4), (2e7, 0.0, 1.0)],
)
def test_kraken_charges_a_thousand_by_what_was_traded(
    traded: float, maker: float, taker: float
) -> None:
    commission = read_preset("kraken").broker["commission"]
    rows = [{key: parse_fraction(cell) for key, cell in row.items()} for row in commission["tiers"]]
    schedule = Tiered(tuple(Tier(**row) for row in rows), days=commission["days"])
    assert schedule.fee(FeePart(1, 1000, maker=True, traded=traded)) == pytest.approx(maker)
    assert schedule.fee(FeePart(1, 1000, traded=traded)) == pytest.approx(taker)


def test_kraken_never_charges_more_for_more_volume() -> None:
    rows = read_preset("kraken").broker["commission"]["tiers"]
    for share in ("maker", "taker"):
        falling = [parse_fraction(row[share]) for row in rows]
        assert falling == sorted(falling, reverse=True)


@pytest.mark.parametrize("name", ["alpaca", "oanda"])
def test_venues_without_a_commission_charge_none(name: str) -> None:
    assert parse_fraction(read_preset(name).broker["commission"]) == 0


def test_what_no_public_source_tells_is_required() -> None:
    required = {name: set(read_preset(name).required) for name in presets()}
    assert {name: keys for name, keys in required.items() if keys} == {
        "binance_usdm": {"margin.maintenance", "funding"},
        "oanda": {"slippage"},
    }
