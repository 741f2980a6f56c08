"""Each format: its columns, units, zone, stamp and scale, and what its files' names say."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

import pytest

from atms.errors import ConfigError, DataError, UnknownName
from atms.feeds.importing import PRESETS, Import, open_import
from atms.model import Timeframe
from tests.feeds.importing.vendors import (
    CASES,
    EVERY,
    KRAKEN,
    MT5_HEADER,
    START,
    YAHOO,
    YAHOO_HEADER,
    Case,
    N,
    frame,
    opened,
    price,
    read,
    text,
    written,
    zipped,
)

PRICES = ("open", "high", "low", "close")


def facts(found: Import) -> tuple[object, ...]:
    """What an import says of its file."""
    length = str(found.timeframe)
    return found.preset, found.stamp, length, found.symbol_hint, found.venue_hint


def variant(name: str, folder: Path) -> Import:
    return opened(EVERY[name][1], folder)


@pytest.mark.parametrize("name", EVERY)
def test_a_file_is_recognised_by_what_is_in_it(name: str, tmp_path: Path) -> None:
    preset, case = EVERY[name]
    assert opened(case, tmp_path).preset == preset
    assert opened(case, tmp_path, preset=preset).preset == preset


@pytest.mark.parametrize("name", EVERY)
def test_every_preset_has_a_line_of_its_own(name: str) -> None:
    assert PRESETS[EVERY[name][0]]
    assert set(PRESETS) == set(CASES)


def test_plain_bars_are_those_that_reading_reads(tmp_path: Path) -> None:
    found = opened(CASES["plain"], tmp_path)
    bars = read(found)
    assert facts(found) == ("plain", None, "1m", "ABC", None)
    assert bars.stamps == [(START + 60 * at) * 1_000_000 for at in range(N)]
    assert list(bars.columns) == [*PRICES, "volume", "spread"]
    assert [bars.columns[n][3] for n in PRICES] == [float(value) for value in price(3)]


def test_plain_columns_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    text("When,O,H,L,C", "2024-01-01T00:00:00Z,1,3,0,2", "2024-01-01T01:00:00Z,2,4,1,3")(path)
    names = dict(datetime="When", open="O", high="H", low="L", close="C")
    bars = read(path, columns=names)
    assert bars.columns["high"] == [3, 4]
    assert math.isnan(bars.columns["volume"][0])


def test_a_plain_column_of_words_is_left_out_and_said(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    text("time,open,high,low,close,note", "2024-01-01,1,1,1,1,a", "2024-01-02,1,1,1,1,b")(path)
    found = open_import(path)
    assert list(read(found).columns) == [*PRICES, "volume"]
    assert "'note' holds no numbers" in found.notes[0]


def test_extras_can_be_left_away(tmp_path: Path) -> None:
    assert list(read(opened(CASES["plain"], tmp_path, extras=False)).columns) == [*PRICES, "volume"]


def test_a_frames_index_in_parquet_is_its_time(tmp_path: Path) -> None:
    bars = frame().set_index("date").rename_axis(None)
    bars.to_parquet(tmp_path / "x.parquet")
    assert read(tmp_path / "x.parquet").times[:2] == ["2024-01-01 00:00", "2024-01-01 00:05"]


def test_date_and_time_in_two_columns_are_one_time(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    text("time,date,open,high,low,close", "09:30,20240102,1,1,1,1", "09:31,20240102,1,1,1,1")(path)
    assert read(path, timezone="America/New_York").times == ["2024-01-02 14:30", "2024-01-02 14:31"]


def test_yahoo_rows_of_null_are_left_out_and_counted(tmp_path: Path) -> None:
    found = opened(CASES["yahoo"], tmp_path)
    bars = read(found, rows=20)
    assert facts(found) == ("yahoo", "start", "1d", "SPY", "yahoo")
    empty = sum("null" in line for line in YAHOO)
    assert len(bars.stamps) == N - empty
    assert bars.times[2:4] == ["2024-01-03 00:00", "2024-01-05 00:00"]
    assert list(bars.columns) == [*PRICES, "volume", "adj_close"]
    counts = [int(c.raw.notes[0].split()[1]) for c in bars.chunks]
    assert sum(counts) == empty
    assert bars.chunks[-1].rows == N


def test_a_yahoo_chunk_may_be_without_bars(tmp_path: Path) -> None:
    bars = read(opened(CASES["yahoo"], tmp_path), rows=1)
    assert [len(c.raw) for c in bars.chunks[:5]] == [1, 1, 1, 0, 1]
    assert bars.chunks[3].raw.notes == ("SPY: 1 rows without a price are left out",)


def test_a_yahoo_row_with_one_price_missing_stays(tmp_path: Path) -> None:
    path = tmp_path / "SPY.csv"
    text(YAHOO_HEADER, "2024-01-02,1,2,null,1,1,5", "2024-01-03,1,2,1,1,1,5")(path)
    assert math.isnan(read(path).columns["low"][0])


def test_binance_klines_are_stamped_at_their_start_in_milliseconds(tmp_path: Path) -> None:
    found = opened(CASES["binance"], tmp_path)
    bars = read(found)
    assert facts(found) == ("binance", "start", "1m", "BTCUSDT", "binance")
    assert bars.stamps[:2] == [START * 1_000_000, (START + 60) * 1_000_000]
    assert list(bars.columns)[5:] == [
        "quote_volume", "trades", "taker_buy_volume", "taker_buy_quote_volume",
    ]  # fmt: skip
    assert bars.columns["trades"][:2] == [3, 4]


@pytest.mark.parametrize("name", ["binance, microseconds", "binance, with a header"])
def test_binance_klines_are_the_same_bars_in_each_shape(name: str, tmp_path: Path) -> None:
    first, other = read(opened(CASES["binance"], tmp_path)), read(variant(name, tmp_path))
    assert other.stamps == first.stamps
    assert other.columns == first.columns


def test_a_binance_file_that_changes_its_unit_is_read_row_by_row(tmp_path: Path) -> None:
    old = written(CASES["binance"], tmp_path).read_text().splitlines()[:30]
    new = written(EVERY["binance, microseconds"][1], tmp_path).read_text().splitlines()[30:]
    text(*old, *new)(tmp_path / "BTCUSDT-1m-2024-12.csv")
    expected = read(opened(CASES["binance"], tmp_path)).stamps
    for rows in (7, 30, 1000):
        assert read(tmp_path / "BTCUSDT-1m-2024-12.csv", rows=rows).stamps == expected


def test_the_length_of_a_binance_kline_is_told_by_its_own_two_times(tmp_path: Path) -> None:
    path = tmp_path / "klines.csv"
    text("1601510400000,1,1,1,1,5,1604188799999,1,1,1,1,0")(path)
    assert str(open_import(path).timeframe) == "1M"
    text("1601510400000,1,1,1,1,5,1601524799999,1,1,1,1,0")(path)
    assert str(open_import(path).timeframe) == "4h"


def test_binance_trades_become_bars(tmp_path: Path) -> None:
    found = opened(CASES["binance_trades"], tmp_path)
    bars = read(found)
    assert facts(found) == ("binance_trades", "start", "1m", "BTCUSDT", "binance")
    assert bars.times == [f"2024-01-01 00:0{minute}" for minute in range(7)]
    assert list(bars.columns) == [*PRICES, "volume"]


@pytest.mark.parametrize(
    "name",
    ["binance_aggtrades", "binance trades, futures", "binance aggtrades, futures", "kraken_trades",
     "freqtrade_trades", "freqtrade trades, JSON", "trades", "trades, parquet"],
)  # fmt: skip
def test_the_same_trades_are_the_same_bars_in_every_format(name: str, tmp_path: Path) -> None:
    first, other = read(opened(CASES["binance_trades"], tmp_path)), read(variant(name, tmp_path))
    assert other.stamps == first.stamps
    for column in PRICES:
        assert other.columns[column] == first.columns[column]
    assert other.columns["volume"] == pytest.approx(first.columns["volume"], rel=1e-12)


def test_kraken_bars_take_their_length_from_the_name(tmp_path: Path) -> None:
    found = opened(CASES["kraken"], tmp_path)
    assert facts(found) == ("kraken", "start", "1m", "XBTUSD", "kraken")
    assert read(found).columns["trades"][:3] == [1, 2, 3]
    path = tmp_path / "XBTUSD_720.csv"
    text(KRAKEN[0])(path)
    assert str(open_import(path).timeframe) == "12h"


def test_a_name_that_contradicts_the_bars_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "XBTUSD_60.csv"
    text(*KRAKEN)(path)
    with pytest.raises(DataError, match="timeframe is 1h, and its bars are 1m apart"):
        open_import(path)
    assert str(open_import(path, timeframe=Timeframe(1, "m")).timeframe) == "1m"


def test_metatrader_times_are_those_of_the_server(tmp_path: Path) -> None:
    found = opened(CASES["metatrader5"], tmp_path)
    bars = read(found)
    assert facts(found) == ("metatrader5", "start", "1m", "XAUUSD", None)
    assert bars.times[:2] == ["2023-12-31 22:00", "2023-12-31 22:01"]
    assert bars.columns["volume"][:2] == [5, 6]
    assert (bars.columns["real_volume"][0], bars.columns["spread_points"][0]) == (0, 12)


def test_a_server_may_be_ahead_of_a_zone(tmp_path: Path) -> None:
    path = tmp_path / "XAUUSD_H1.csv"
    times = ["2024.03.08 23:00:00", "2024.03.11 01:00:00"]  # clocks are changed between them
    text(MT5_HEADER, *("\t".join([*t.split(), "1", "1", "1", "1", "5", "0", "1"]) for t in times))(
        path
    )
    bars = read(path, timezone="America/New_York+7h")
    assert bars.times == ["2024-03-08 21:00", "2024-03-10 22:00"]


def test_metatrader_without_a_zone_is_an_error_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"broker's server.*timezone: UTC"):
        opened(CASES["metatrader5"], tmp_path, timezone=None)


def test_days_of_metatrader_are_dates_whatever_the_zone(tmp_path: Path) -> None:
    found = opened(EVERY["metatrader5, days"][1], tmp_path, timezone="Europe/Athens")
    assert facts(found) == ("metatrader5", "start", "1d", "XAUUSD", None)
    assert read(found).times[:2] == ["2024-01-01 00:00", "2024-01-02 00:00"]


def test_ninjatrader_minutes_are_stamped_at_their_end_in_utc(tmp_path: Path) -> None:
    found = opened(CASES["ninjatrader"], tmp_path)
    assert facts(found) == ("ninjatrader", "end", "1m", "ES 12-06", None)
    assert read(found).times[:2] == ["2024-01-01 00:00", "2024-01-01 00:01"]
    assert next(found.chunks()).raw.stamp == "end"


def test_ninjatrader_files_of_others_may_be_in_another_zone(tmp_path: Path) -> None:
    found = opened(CASES["ninjatrader"], tmp_path, timezone="Etc/GMT+5")
    assert read(found).times[0] == "2024-01-01 05:00"


def test_days_of_ninjatrader_are_dates_at_which_the_day_begins(tmp_path: Path) -> None:
    found = variant("ninjatrader, days", tmp_path)
    assert facts(found) == ("ninjatrader", "start", "1d", "MSFT", None)
    assert read(found).times[1] == "2024-01-02 00:00"


@pytest.mark.parametrize("name", ["freqtrade", "freqtrade, JSON"])
def test_freqtrade_candles_are_what_was_stored(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "user_data" / "data" / "binance"
    found = variant(name, folder)
    bars = read(found)
    assert facts(found) == ("freqtrade", "start", "5m", "BTC/USDT", "binance")
    assert bars.times[:2] == ["2024-01-01 00:00", "2024-01-01 00:05"]
    assert bars.columns["low"] == frame()["low"].tolist()


def test_freqtrade_futures_have_a_symbol_with_their_settlement(tmp_path: Path) -> None:
    path = tmp_path / "data" / "okx" / "futures" / "XRP_USDT_USDT-1h-mark.feather"
    path.parent.mkdir(parents=True)
    hours = frame().iloc[::12]
    hours.to_feather(path)
    found = open_import(path)
    assert facts(found) == ("freqtrade", "start", "1h", "XRP/USDT:USDT", "okx")
    assert "mark prices" in found.notes[0]


def test_freqtrade_funding_rates_are_no_bars(tmp_path: Path) -> None:
    path = tmp_path / "XRP_USDT_USDT-8h-funding_rate.feather"
    frame().to_feather(path)
    with pytest.raises(DataError, match="holds funding rates, no bars"):
        open_import(path)


def test_lean_equities_are_scaled_and_their_days_are_dates(tmp_path: Path) -> None:
    found = variant("lean, equity by the day", tmp_path)
    bars = read(found)
    assert facts(found) == ("lean", "start", "1d", "AAPL", "usa")
    assert bars.times[:2] == ["2024-01-01 00:00", "2024-01-02 00:00"]
    for at in range(N):
        assert [bars.columns[n][at] for n in PRICES] == [float(value) for value in price(at)]
    assert bars.columns["volume"][0] == 90


def test_lean_equities_by_the_hour_are_in_new_york(tmp_path: Path) -> None:
    found = variant("lean, equity by the hour", tmp_path)
    assert facts(found)[2] == "1h"
    assert read(found).times[0] == "2024-01-01 05:00"


def test_lean_quotes_are_the_bid_with_the_ask_beside_it(tmp_path: Path) -> None:
    found = opened(CASES["lean"], tmp_path)
    bars = read(found)
    assert facts(found) == ("lean", "start", "1m", "EURUSD", "oanda")
    assert list(bars.columns)[5:] == [
        "bid_size", "ask_open", "ask_high", "ask_low", "ask_close", "ask_size",
    ]  # fmt: skip
    assert bars.columns["open"][0] == float(price(0)[0])
    assert bars.columns["ask_open"][0] == float(f"{float(price(0)[0]) + 0.02:.2f}")
    assert math.isnan(bars.columns["volume"][0])
    assert bars.times[:2] == ["2024-01-01 00:00", "2024-01-01 00:01"]


def test_lean_fxcm_is_five_hours_behind_utc_all_year(tmp_path: Path) -> None:
    found = opened(CASES["lean"], tmp_path, market="forex/fxcm")
    assert read(found).times[0] == "2024-01-01 05:00"


def test_lean_crypto_is_unscaled_and_in_utc(tmp_path: Path) -> None:
    found = variant("lean, crypto", tmp_path)
    bars = read(found)
    assert facts(found) == ("lean", "start", "1m", "BTCUSD", "coinbase")
    assert bars.columns["open"][0] == float(price(0)[0])
    assert bars.times[1] == "2024-01-01 00:01"


def test_a_lean_zip_outside_its_folders_needs_its_market(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="market: equity/usa"):
        opened(CASES["lean"], tmp_path, market=None)
    with pytest.raises(ConfigError, match="market: 'usa'"):
        opened(CASES["lean"], tmp_path, market="usa")


def test_a_lean_market_of_unknown_zone_needs_one(tmp_path: Path) -> None:
    case = Case(
        "equity/india/hour/reliance.zip", zipped("reliance.csv", "20240102 09:00,1,1,1,1,5")
    )
    with pytest.raises(DataError, match="time zone of equity/india is not known"):
        opened(case, tmp_path)
    found = opened(case, tmp_path, timezone="Asia/Kolkata")
    assert read(found).times == ["2024-01-02 03:30"]


def test_a_zip_of_several_files_needs_one_of_them_named(tmp_path: Path) -> None:
    path = tmp_path / "Kraken_OHLCVT.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("XBTUSD_1.csv", "\n".join(KRAKEN))
        archive.writestr("ETHUSD_1.csv", "\n".join(KRAKEN[:5]))
    with pytest.raises(DataError, match=r"holds 2 files: XBTUSD_1.csv, ETHUSD_1.csv; say which"):
        open_import(path)
    found = open_import(path, member="ETHUSD_1.csv")
    assert (found.symbol_hint, len(read(found).stamps)) == ("ETHUSD", 5)
    assert found.plan.source.where.endswith("Kraken_OHLCVT.zip#ETHUSD_1.csv")
    with pytest.raises(DataError, match=r"did you mean 'ETHUSD_1\.csv'"):
        open_import(path, member="ETHUSD_2.csv")


def test_another_format_than_stated_is_an_error_that_names_the_right_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is not as binance has it.*looks like kraken$"):
        opened(CASES["kraken"], tmp_path, preset="binance")


def test_an_unknown_preset_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean 'kraken'"):
        opened(CASES["kraken"], tmp_path, preset="krakken")


def test_a_file_of_unknown_format_is_an_error_that_names_the_presets(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    text("1,2,3,4", "1,2,3,4")(path)
    with pytest.raises(DataError, match=r"not recognised; say which: preset: plain.*kraken"):
        open_import(path)


def test_a_file_that_may_be_two_things_is_an_error_that_names_both(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    text("time,open,high,low,close,volume,price", "2024-01-01,1,1,1,1,1,1")(path)
    with pytest.raises(DataError, match="may be plain or trades; say which: preset: plain"):
        open_import(path)
    assert open_import(path, preset="plain", timeframe=Timeframe(1, "d")).preset == "plain"


def test_fixed_columns_cannot_be_renamed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="columns of kraken are fixed"):
        opened(CASES["kraken"], tmp_path, columns={"open": "close"})


def test_trades_need_the_length_of_the_bars(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds trades; say the bars to be made: timeframe: 1m"):
        opened(CASES["trades"], tmp_path, timeframe=None)


def test_one_bar_does_not_say_how_long_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    text("time,open,high,low,close", "2024-01-01,1,1,1,1")(path)
    with pytest.raises(DataError, match="one bar does not say how long it is"):
        open_import(path)


def test_months_are_told_from_their_steps(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    text("time,open,high,low,close", *(f"2024-{m:02d}-01,1,1,1,1" for m in range(1, 8)))(path)
    assert str(open_import(path).timeframe) == "1M"


def test_a_symbol_that_is_stated_names_the_bars(tmp_path: Path) -> None:
    found = opened(CASES["kraken"], tmp_path, symbol="BTC/USD")
    assert (found.name, found.symbol_hint) == ("BTC/USD", "XBTUSD")
    assert next(found.chunks()).raw.name == "BTC/USD"
