"""Bars from a query or from the ledger are the bars of the file, to the last bit."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

import atms
from atms.extras import install_hint
from atms.feeds.reading import read_raw
from atms.ledger import write_bars
from atms.ledger.bars import Series
from atms.model import Timeframe
from tests.postgres import execute
from tests.runner.test_auditing import assert_same

Cli = Callable[..., tuple[int, str, str]]
FILE = {"name": "x", "source": "bars.csv"}
ORDER = "SELECT * FROM bars ORDER BY moment"
COLUMNS = {"datetime": "moment"}
TYPES = {
    "numeric": "NUMERIC",
    "decimal": "NUMERIC(30, 12)",
    "double": "DOUBLE PRECISION",
    "text": "TEXT",
}


@pytest.fixture
def bars(frame: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """A hundred hours with ten decimals, in bars.csv too."""
    made = frame(100)
    for name in ("open", "high", "low", "close"):
        made[name] = np.round(made[name] * np.pi, 10)
    made.to_csv("bars.csv")
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind, elsewhere than the run's own ledger."""
    if request.param == "sqlite":
        return "sqlite:///bars.db"
    return str(request.getfixturevalue("postgres_url"))


def table(url: str, bars: pd.DataFrame, prices: str = "double", order: str = "rising") -> None:
    """Make a table called bars, with times in every form and prices in one type."""
    lite, kind = url.startswith("sqlite"), TYPES[prices]
    moment, wall = ("TEXT", "TEXT") if lite else ("TIMESTAMPTZ", "TIMESTAMP")
    columns = ("symbol", "moment", "wall", "ms", "open", "high", "low", "close", "volume")
    types = ("TEXT", moment, wall, "BIGINT", kind, kind, kind, kind, "DOUBLE PRECISION")
    made = ", ".join(f"{name} {kind}" for name, kind in zip(columns, types, strict=True))
    # SQLite reads decimals as floats, and not every version exactly.
    written = repr if kind == "TEXT" or not lite else float
    rows = []
    for at, bar in bars.iterrows():
        walls = at.tz_convert("America/New_York").tz_localize(None)  # type: ignore[attr-defined]
        cells = ["BTC:USD 100%", at.isoformat(), walls.isoformat(), at.value // 10**6]  # type: ignore[attr-defined]
        cells += [written(float(bar[name])) for name in ("open", "high", "low", "close")]
        rows.append(dict(zip(columns, [*cells, float(bar["volume"])], strict=True)))
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE bars ({made})"))
        places = ", ".join(f":{name}" for name in columns)
        rows = rows if order == "rising" else rows[::-1]
        connection.execute(text(f"INSERT INTO bars VALUES ({places})"), rows)
    engine.dispose()


def configured(*feeds: dict[str, Any], **sections: Any) -> dict[str, Any]:
    strategy = {"name": "ma_cross", "params": {"fast": 3, "slow": 8}}
    data = {"feeds": list(feeds)}
    return {"data": data, "strategy": strategy, "report": {"picture": False}, **sections}


def written(*feeds: dict[str, Any], **sections: Any) -> str:
    """Write a config (JSON is YAML) and return its path."""
    Path("c.yaml").write_text(json.dumps(configured(*feeds, **sections)))
    return "c.yaml"


def ran(*feeds: dict[str, Any], **sections: Any) -> atms.Result:
    return atms.backtest(configured(*feeds, **sections))


def sql(url: str, query: str = ORDER, **more: Any) -> dict[str, Any]:
    return {"name": "x", "sql": {"url": url, "query": query}, "columns": COLUMNS, **more}


PRICES = "open, high, low, close, volume"


# ---- a query -------------------------------------------------------------------------------------
@pytest.mark.parametrize("prices", TYPES)
def test_a_query_gives_the_run_of_the_file_whatever_type_prices_have(
    prices: str, url: str, bars: pd.DataFrame
) -> None:
    table(url, bars, prices)
    query = f"SELECT moment, {PRICES} FROM bars ORDER BY moment"
    found, expected = ran(sql(url, query)), ran(FILE)
    assert_same(found, expected)
    assert found.provenance.hashes["data"] == expected.provenance.hashes["data"]


@pytest.mark.parametrize(
    ("column", "more"),
    [("moment", {}), ("wall", {"timezone": "America/New_York"}), ("ms", {})],
)
def test_a_query_gives_the_run_of_the_file_whatever_form_times_have(
    column: str, more: dict[str, str], url: str, bars: pd.DataFrame
) -> None:
    table(url, bars)
    query = f"SELECT {column} AS datetime, {PRICES} FROM bars ORDER BY ms"
    assert_same(ran(sql(url, query, columns={}, **more)), ran(FILE))


def test_times_with_a_zone_are_the_same_whatever_zone_the_server_shows(
    postgres_url: str, frame: Callable[..., pd.DataFrame]
) -> None:
    bars = frame(200, start="2024-03-28")  # Berlin's clocks change on the 31st
    bars.to_csv("bars.csv")
    table(postgres_url, bars)
    name = make_url(postgres_url).database
    execute(postgres_url, f"ALTER DATABASE {name} SET timezone TO 'Europe/Berlin'")
    query = f"SELECT moment, {PRICES} FROM bars ORDER BY moment"
    assert_same(ran(sql(postgres_url, query)), ran(FILE))


def test_times_without_a_zone_need_one(url: str, bars: pd.DataFrame) -> None:
    table(url, bars)
    query = f"SELECT wall AS datetime, {PRICES} FROM bars ORDER BY ms"
    with pytest.raises(atms.DataError, match=r"x .*no time zone; say which: timezone: UTC"):
        ran(sql(url, query, columns={}))


def test_a_percent_sign_and_a_colon_in_a_query_are_themselves(url: str, bars: pd.DataFrame) -> None:
    table(url, bars)
    query = (
        f"SELECT moment, {PRICES}, ':name' AS note FROM bars "
        "WHERE symbol LIKE 'BTC:%' AND symbol = 'BTC:USD 100%' AND 7 % 4 = 3 AND '%s' <> '%(a)s' "
        "ORDER BY moment"
    )
    assert_same(ran(sql(url, query)), ran(FILE))


def test_a_cast_with_two_colons_is_itself(postgres_url: str, bars: pd.DataFrame) -> None:
    table(postgres_url, bars, "numeric")
    query = "SELECT moment, open::float8, high::text, low::float8, close, volume::int FROM bars"
    assert_same(ran(sql(postgres_url, f"{query} ORDER BY moment")), ran(FILE))


def test_columns_of_a_query_can_be_named(url: str, bars: pd.DataFrame) -> None:
    table(url, bars)
    query = "SELECT ms AS t, open AS o, high, low, close AS last, volume FROM bars ORDER BY ms"
    columns = {"datetime": "t", "open": "o", "close": "last"}
    assert_same(ran(sql(url, query, columns=columns)), ran(FILE))


def test_a_further_column_of_numbers_is_a_line(url: str, bars: pd.DataFrame) -> None:
    table(url, bars)

    class Look(bt.Strategy):
        def next(self) -> None:
            assert self.data.twice[0] == 2 * self.data.close[0]

    query = f"SELECT moment, {PRICES}, close * 2 AS twice FROM bars ORDER BY moment"
    assert len(atms.backtest(Look, data=[sql(url, query)]).bars["twice"]) == 100


def test_a_feeds_dict_with_a_query_is_one_feed(bars: pd.DataFrame) -> None:
    table("sqlite:///bars.db", bars)
    query = f"SELECT moment, {PRICES} FROM bars ORDER BY moment"
    assert len(atms.backtest(bt.Strategy, data=sql("sqlite:///bars.db", query)).bars) == 100


def test_a_query_without_a_volume_is_a_file_without_one(url: str, bars: pd.DataFrame) -> None:
    table(url, bars)
    bars.drop(columns="volume").to_csv("bars.csv")
    for volume in ("", ", NULL AS volume"):
        query = f"SELECT moment, open, high, low, close{volume} FROM bars ORDER BY moment"
        assert_same(ran(sql(url, query)), ran(FILE))


def test_a_missing_price_of_a_query_is_found_by_the_audit(url: str, bars: pd.DataFrame) -> None:
    table(url, bars, "numeric")
    query = "SELECT moment, open, high, low, NULLIF(close, close) AS close FROM bars ORDER BY ms"
    with pytest.raises(atms.DataError, match="missing_values: 100 of 100"):
        ran(sql(url, query))


def test_a_query_in_no_order_is_found_by_the_audit(url: str, bars: pd.DataFrame) -> None:
    table(url, bars, order="falling")
    query = f"SELECT moment, {PRICES} FROM bars"
    with pytest.raises(atms.DataError, match=r"unsorted: .*the newest bar stands first"):
        ran(sql(url, query))
    mended = atms.backtest(configured(sql(url, query)), data__audit="warn")
    assert_same(mended, ran(FILE))


def test_a_query_changes_nothing(url: str, bars: pd.DataFrame) -> None:
    table(url, bars)
    with pytest.raises(atms.DataError):
        ran(sql(url, "DELETE FROM bars RETURNING moment"))
    ran(sql(url, f"SELECT moment, {PRICES} FROM bars ORDER BY moment"))


def test_a_feed_beside_it_may_be_resampled_from_it(url: str, bars: pd.DataFrame) -> None:
    table(url, bars)
    query = f"SELECT moment, {PRICES} FROM bars ORDER BY moment"
    days = {"name": "day", "of": "x", "resample": "1d"}
    stamp = {"stamp": "start"}
    assert_same(ran(sql(url, query, **stamp), days), ran({**FILE, **stamp}, days))


def test_a_time_range_of_a_query_is_that_of_the_file(url: str, bars: pd.DataFrame) -> None:
    table(url, bars)
    query = f"SELECT moment, {PRICES} FROM bars ORDER BY moment"
    run = {"timerange": "2024-01-02..2024-01-03"}
    assert_same(ran(sql(url, query), run=run), ran(FILE, run=run))


# ---- what a query cannot give --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELEC * FROM bars", 'the query failed: .*SELEC"'),
        ("SELECT * FROM nowhere", "the query failed: .*nowhere"),
        ("SELECT moment, open FROM bars WHERE ms < 0", "holds no bars"),
        (f"SELECT {PRICES} FROM bars", "has no time column"),
        ("SELECT moment, open, high FROM bars", "has no column low and no close"),
        ("SELECT moment, close, close FROM bars", "has two columns called 'close'"),
        (f"SELECT moment, {PRICES.replace('open', 'symbol AS open')} FROM bars", "is no number"),
        ("CREATE TABLE more (a INTEGER)", "the query failed: .*(read-?only|not return rows)"),
    ],
)
def test_a_query_that_gives_no_bars_is_a_data_error(
    query: str, said: str, url: str, bars: pd.DataFrame, cli: Cli
) -> None:
    table(url, bars)
    columns = {} if "moment" not in query else COLUMNS
    code, out, err = cli("backtest", "-c", written(sql(url, query, columns=columns)))
    assert (code, out) == (3, "")
    assert re.search(f"error: x .*{said}", " ".join(err.split()))
    assert not Path("runs").exists()


def test_an_empty_query_is_a_mistake_in_the_config(cli: Cli) -> None:
    code, _, err = cli("backtest", "-c", written(sql("sqlite:///bars.db", "")))
    assert code == 2
    assert "sql.query" in err


def test_a_source_and_a_query_are_not_both_given(cli: Cli) -> None:
    code, _, err = cli("backtest", "-c", written({**FILE, **sql("sqlite:///bars.db")}))
    assert code == 2
    assert "give one of source, sql and of" in err


def test_a_url_that_is_none_is_a_mistake_in_the_config(cli: Cli) -> None:
    code, _, err = cli("backtest", "-c", written(sql("bars.db")))
    assert code == 2
    assert "sql.url: is no database URL" in " ".join(err.split())


def test_a_server_that_is_not_there_is_a_data_error(cli: Cli) -> None:
    config = written(sql("postgresql+psycopg2://me:s3cret@127.0.0.1:1/db"))
    code, _, err = cli("backtest", "-c", config)
    assert code == 3
    assert "x (sql postgresql+psycopg2://me:***@127.0.0.1:1/db): the query failed" in err
    assert "s3cret" not in err


def test_a_url_without_a_driver_is_told_which(cli: Cli) -> None:
    code, _, err = cli("backtest", "-c", written(sql("postgresql://me:s3cret@127.0.0.1:1/db")))
    assert code == 2
    assert "write postgresql+psycopg2://" in " ".join(err.split())
    assert "s3cret" not in err


def test_a_missing_driver_names_the_command_that_installs_it(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("psycopg2", "psycopg"):
        monkeypatch.setitem(sys.modules, name, None)
    url = "postgresql+psycopg2://me:s3cret@127.0.0.1:1/db"
    code, _, err = cli("backtest", "-c", written(sql(url)))
    assert code == 2
    said = " ".join(err.split())
    assert "needs its database driver" in said
    assert install_hint("postgres") in said
    assert "s3cret" not in said


def test_a_sqlite_file_that_is_not_there_is_not_made(cli: Cli) -> None:
    code, _, err = cli("backtest", "-c", written(sql("sqlite:///none.db")))
    assert code == 3
    assert "none.db" in err
    assert not Path("none.db").exists()


# ---- secrets -------------------------------------------------------------------------------------
def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_password_of_a_query_is_in_no_output_and_no_file(
    postgres_url: str, bars: pd.DataFrame, cli: Cli
) -> None:
    table(postgres_url, bars)
    password = make_url(postgres_url).password
    assert password
    query = f"SELECT moment, {PRICES} FROM bars ORDER BY moment"
    config = written(sql(postgres_url, query))
    said = ""
    for verb in (
        ("backtest", "--out", "r"),
        ("backtest", "--json"),
        ("backtest", "--set", "data.feeds.x.sql.query=no"),
        ("config", "explain"),
        ("config", "validate"),
        ("data", "check"),
    ):
        said += "".join(map(str, cli(*verb, "-c", config)))
    said += "".join(map(str, cli("runs", "show", "last", "--json")))
    assert said.count("postgresql+psycopg2://atms:***@") >= 2
    assert password not in said
    assert (Path("r") / "config.yaml").exists()
    Path("c.yaml").unlink()
    assert password.encode() not in everything(Path())


@pytest.mark.parametrize("password", ["s3cr3t@h0", "s3cr3t@x:h0", "s3cr3t/h0", "s3cr3t:h0"])
def test_a_password_that_should_have_been_escaped_is_not_printed_either(
    password: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"postgresql+psycopg2://me:{password}@127.0.0.1:1/db"
    monkeypatch.setenv("BARS_URL", url)
    for given in (url, "${BARS_URL}"):
        for verb in (("backtest",), ("config", "explain"), ("config", "validate")):
            _, out, err = cli(*verb, "-c", written(sql(given)))
            assert "h0" not in out + err
            assert "s3cr3t" not in out + err


def test_a_url_may_be_in_the_environment_and_the_runs_config_names_it(
    url: str, bars: pd.DataFrame, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    table(url, bars)
    monkeypatch.setenv("BARS_URL", url)
    query = f"SELECT moment, {PRICES} FROM bars ORDER BY moment"
    code, _, _ = cli("backtest", "-c", written(sql("${BARS_URL}", query)), "--out", "r")
    assert code == 0
    assert "url: ${BARS_URL}" in Path("r/config.yaml").read_text()
    assert_same(atms.backtest("r/config.yaml"), ran(FILE))
    monkeypatch.delenv("BARS_URL")
    assert atms.load_run("r").metrics["final_value"] == ran(FILE).metrics["final_value"]
    code, _, err = cli("backtest", "-c", "r/config.yaml")
    assert code == 2
    assert "${BARS_URL} is not set" in err


def test_a_config_with_a_query_is_valid(url: str, bars: pd.DataFrame, cli: Cli) -> None:
    table(url, bars)
    code, out, err = cli("config", "validate", "-c", written(sql(url)))
    assert (code, "valid" in out + err) == (0, True)


# ---- the ledger ----------------------------------------------------------------------------------
def kept(
    url: str, symbol: str = "BTC/USD", stamp: str | None = None, source: str = "bars.csv"
) -> dict[str, Any]:
    """Write a source's hours into the ledger and return the section of a feed that reads them."""
    series = Series("kraken", symbol, Timeframe.parse("1h"), stamp)
    write_bars(url, series, read_raw(source, name="x"))
    return {"name": "x", "source": str(series)}


def at(url: str, **more: Any) -> dict[str, Any]:
    return {"ledger": {"url": url, **more}}


@pytest.mark.parametrize("symbol", ["XBT", "BTC/USD", "BTC/USDT:USDT", "a b.c-1", "ÄÖ€"])
def test_a_series_of_the_ledger_gives_the_run_of_the_file(
    symbol: str, url: str, bars: pd.DataFrame
) -> None:
    found, expected = ran(kept(url, symbol), **at(url)), ran(FILE)
    assert_same(found, expected)
    assert found.provenance.hashes["data"] == expected.provenance.hashes["data"]
    assert [audit.as_dict() for audit in found.audit] == [a.as_dict() for a in expected.audit]


def test_further_columns_come_out_of_the_ledger_too(url: str, bars: pd.DataFrame) -> None:
    pd.read_parquet(Path(atms.__file__).parent / "samples/EURUSD_1h.parquet")[-200:].to_parquet(
        "bars.parquet", index=False
    )
    file = {"name": "x", "source": "bars.parquet"}
    found, expected = ran(kept(url, source="bars.parquet"), **at(url)), ran(file)
    assert {"ask_open", "ask_close"} <= set(found.bars)
    assert_same(found, expected)
    assert found.provenance.hashes["data"] == expected.provenance.hashes["data"]


def test_a_series_that_knows_its_stamps_are_starts_is_seen_at_its_ends(
    url: str, bars: pd.DataFrame
) -> None:
    class Clock(bt.Strategy):
        def next(self) -> None:
            if len(self) == 1:
                self.first = self.data.datetime.datetime(0)

    days = {"name": "day", "of": "x", "resample": "1d"}
    feed = kept(url, stamp="start")
    result = atms.backtest(Clock, data=feed, ledger__url=url)
    assert result.strategy.first == (bars.index[0] + pd.Timedelta("1h")).tz_localize(None)
    assert_same(ran(feed, days, **at(url)), ran({**FILE, "stamp": "start"}, days))


def test_what_the_config_says_of_stamps_goes_before_what_the_series_says(
    url: str, bars: pd.DataFrame
) -> None:
    feed = {**kept(url, stamp="start"), "stamp": "end"}
    days = {"name": "day", "of": "x", "resample": "1d"}
    assert_same(ran(feed, days, **at(url)), ran({**FILE, "stamp": "end"}, days))


def test_a_time_range_of_a_series_is_that_of_the_file(url: str, bars: pd.DataFrame) -> None:
    run = {"timerange": "2024-01-02T06:00..2024-01-03T18:00"}
    assert_same(ran(kept(url), run=run, **at(url)), ran(FILE, run=run))


def test_one_series_may_be_two_feeds(url: str, bars: pd.DataFrame) -> None:
    one = kept(url)
    other = {**one, "name": "y", "resample": "4h"}
    files = [FILE, {**FILE, "name": "y", "resample": "4h"}]
    assert_same(ran(one, other, **at(url)), ran(*files))


def test_a_ledger_that_gets_no_runs_still_gives_bars(url: str, bars: pd.DataFrame) -> None:
    result = ran(kept(url), **at(url, enabled=False))
    assert_same(result, ran(FILE))
    result.save()
    assert atms.runs(url).empty


def test_a_file_and_a_series_can_be_mixed(url: str, bars: pd.DataFrame) -> None:
    series = {**kept(url), "name": "y", "symbol": "x"}
    result = ran(FILE, series, **at(url))
    assert_same(result, ran(FILE, {**FILE, "name": "y", "symbol": "x"}))
    assert not [line for line in result.warnings if "disagree" in line]


def test_a_series_that_is_not_there_names_the_nearest(
    url: str, bars: pd.DataFrame, cli: Cli
) -> None:
    kept(url)
    config = written({"name": "x", "source": "ledger:kraken:BTC/USDT:1h"}, **at(url))
    code, out, err = cli("backtest", "-c", config)
    assert (code, out) == (3, "")
    said = " ".join(err.split())
    assert "ledger:kraken:BTC/USDT:1h: is not in the ledger" in said
    assert "did you mean 'ledger:kraken:BTC/USD:1h'?" in said
    assert "python -m atms data list" in said


def test_a_ledger_that_is_not_there_has_no_series_and_is_not_made(url: str, cli: Cli) -> None:
    config = written({"name": "x", "source": "ledger:kraken:BTC/USD:1h"}, **at(url))
    code, _, err = cli("backtest", "-c", config)
    assert code == 3
    assert "is not in the ledger" in " ".join(err.split())
    assert not Path("bars.db").exists()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("ledger:", "three parts are needed"),
        ("ledger:kraken:1h", "three parts are needed"),
        ("ledger:kraken::1h", "three parts are needed"),
        ("ledger::BTC/USD:1h", "three parts are needed"),
        ("ledger:kraken:BTC/USD:1x", "'1x' is no timeframe"),
        ("ledger:kraken:BTC/USD", "three parts are needed"),
    ],
)
def test_a_malformed_series_says_how_one_is_written(source: str, said: str, cli: Cli) -> None:
    code, _, err = cli("backtest", "-c", written({"name": "x", "source": source}))
    shown = " ".join(err.split())
    assert code == 3
    assert said in shown
    assert "write ledger:VENUE:SYMBOL:TIMEFRAME" in shown


def test_a_config_with_a_series_is_valid(url: str, bars: pd.DataFrame, cli: Cli) -> None:
    code, out, err = cli("config", "validate", "-c", written(kept(url), **at(url)))
    assert (code, "valid" in out + err) == (0, True)


def test_a_config_with_a_malformed_series_is_not_valid(cli: Cli) -> None:
    config = written({"name": "x", "source": "ledger:kraken:1h"})
    code, _, err = cli("config", "validate", "-c", config)
    assert code == 3
    assert "write ledger:VENUE:SYMBOL:TIMEFRAME" in " ".join(err.split())


def test_the_password_of_the_ledger_is_in_no_file_of_a_run(
    postgres_url: str, bars: pd.DataFrame, cli: Cli
) -> None:
    password = make_url(postgres_url).password
    assert password
    config = written(kept(postgres_url), **at(postgres_url))
    said = "".join(map(str, cli("backtest", "-c", config, "--out", "r")))
    said += "".join(map(str, cli("data", "check", "-c", config)))
    assert password not in said
    assert password.encode() not in everything(Path("r"))
    (stored,) = execute(postgres_url, "SELECT config::text FROM runs")
    assert password not in str(stored)


def test_bars_of_the_ledger_do_not_depend_on_the_order_in_which_they_came(
    url: str, bars: pd.DataFrame
) -> None:
    series = Series("kraken", "BTC/USD", Timeframe.parse("1h"))
    raw = read_raw("bars.csv", name="x")
    for rows in (range(60, 100), range(30), range(20, 70)):
        write_bars(url, series, raw.take(np.array(rows)))
    assert_same(ran({"name": "x", "source": str(series)}, **at(url)), ran(FILE))


def test_a_sqlite_ledger_stays_as_it_was_where_it_is_only_read(bars: pd.DataFrame) -> None:
    feed = kept("sqlite:///bars.db")
    with closing(sqlite3.connect("bars.db")) as connection:
        before = list(connection.iterdump())
    ran(feed, **at("sqlite:///bars.db"))
    with closing(sqlite3.connect("bars.db")) as connection:
        assert list(connection.iterdump()) == before
