"""``atms data import`` on both databases: every bar once and exact, whatever happens on the way."""

from __future__ import annotations

import gzip
import json
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pytest

from atms.feeds.importing import Import
from atms.ledger import read_bars
from atms.ledger.bars import Series
from atms.model import Timeframe
from tests.ledger import raw

OURS = ("open", "high", "low", "close", "volume")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CHUNK = 200_000  # rows, as long as nothing else is said
MINUTE = 60_000_000  # microseconds
Cli = Callable[..., tuple[int, str, str]]
Frame = Callable[..., pd.DataFrame]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database of each kind, that the command line works with."""
    file = f"sqlite:///{workdir}/atms.db"
    found: str = file if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    monkeypatch.setenv("DATABASE_URL", found)
    return found


@pytest.fixture
def file_url(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty SQLite file, where the database does not matter."""
    found = f"sqlite:///{workdir}/atms.db"
    monkeypatch.setenv("DATABASE_URL", found)
    return found


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> int:
    """Chunks of 500 rows, so that a small file has several."""
    defaults: Any = Import.chunks.__kwdefaults__
    monkeypatch.setitem(defaults, "rows", 500)
    return 500


def imported(cli: Cli, *args: str) -> list[dict[str, Any]]:
    """Import; return what --json prints."""
    code, out, err = cli("data", "import", *args, "--json")
    assert (code, err) == (0, "")
    found: list[dict[str, Any]] = json.loads(out)
    return found


def refused(cli: Cli, code: int, *args: str) -> str:
    """Return the error of an import that comes to nothing, or to less than the file."""
    found, out, err = cli("data", "import", *args)
    assert (found, out) == (code, ""), err
    assert "Traceback" not in err
    assert "bug in atms" not in err
    return err


def stored(url: str, series: str = "ledger:v:X:1m") -> list[tuple[Any, ...]]:
    """Return a series' rows by SQL: microseconds, prices, volume, further columns."""
    _, venue, rest = series.split(":", 2)
    symbol, _, timeframe = rest.rpartition(":")
    found = raw.stored(
        url,
        f"SELECT ts, {', '.join(OURS)}, extra FROM bars JOIN series ON id = series_id "
        f"WHERE venue = '{venue}' AND symbol = '{symbol}' AND timeframe = '{timeframe}' ORDER BY 1",
    )
    if raw.is_sqlite(url):
        return found
    return [((row[0] - EPOCH) // timedelta(microseconds=1), *row[1:]) for row in found]


def rows_of(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Return what :func:`stored` should find for bars without further columns."""
    columns = [[None if v != v else v for v in frame[name].tolist()] for name in OURS]
    stamps = frame.index.as_unit("us").asi8.tolist()
    return list(zip(stamps, *columns, [None] * len(frame), strict=True))


def write(frame: pd.DataFrame, name: str = "X_1m.csv") -> str:
    frame.to_csv(name)
    return name


def all_of(url: str, *tables: str) -> dict[str, list[tuple[Any, ...]]]:
    return {table: sorted(raw.stored(url, f"SELECT * FROM {table}")) for table in tables}


@pytest.fixture
def minutes(frame: Frame) -> pd.DataFrame:
    """Minute bars, some without a volume."""
    made = frame(730, step="1min")
    made.loc[made.index[::7], "volume"] = np.nan
    return made


# ---- what is imported ----------------------------------------------------------------------------
def test_every_bar_of_a_csv_file_is_in_the_ledger_exactly(
    url: str, minutes: pd.DataFrame, cli: Cli
) -> None:
    code, out, err = cli("data", "import", write(minutes), "--venue", "v")
    assert (code, out) == (0, "")
    assert err.splitlines() == [
        "X_1m.csv: plain: 730 bars added to ledger:v:X:1m, 0 were there already",
        "look them over: python -m atms data check 'ledger:v:X:1m'",
    ]
    assert stored(url) == rows_of(minutes)
    (mark,) = raw.stored(url, "SELECT rows, finished FROM imports")
    assert mark == (730, True)


def test_the_command_that_is_named_at_the_end_works(
    file_url: str, minutes: pd.DataFrame, cli: Cli
) -> None:
    _, _, err = cli("data", "import", write(minutes), "--venue", "v", "--symbol", "A B/C:D")
    command = err.splitlines()[-1].partition("python -m atms ")[2]
    verb, noun, source = command.split(maxsplit=2)
    code, out, _ = cli(verb, noun, source.strip("'"))
    assert code == 0
    assert "A B/C:D" in out


def test_a_binance_zip_needs_no_word_and_keeps_its_further_columns(url: str, cli: Cli) -> None:
    start = 1_704_067_200_000
    rows = [
        f"{start + 60_000 * n},{100 + n}.10,{101 + n}.20,{99 + n}.30,{100 + n}.40,{n}.5,"
        f"{start + 60_000 * n + 59_999},{n}000.25,{n + 3},{n}.125,{n}00.75,0"
        for n in range(90)
    ]
    with zipfile.ZipFile("BTCUSDT-1m-2024-01.zip", "w") as archive:
        archive.writestr("BTCUSDT-1m-2024-01.csv", "\n".join(rows) + "\n")
    (found,) = imported(cli, "BTCUSDT-1m-2024-01.zip")
    assert (found["preset"], found["series"]) == ("binance", "ledger:binance:BTCUSDT:1m")
    assert (found["added"], found["known"], found["different"]) == (90, 0, 0)
    bars = stored(url, found["series"])
    assert len(bars) == 90
    *prices, extra = bars[7]
    assert prices == [(start + 420_000) * 1000, 107.1, 108.2, 106.3, 107.4, 7.5]
    assert json.loads(extra) == {
        "quote_volume": 7000.25, "trades": 10, "taker_buy_volume": 7.125,
        "taker_buy_quote_volume": 700.75,
    }  # fmt: skip


def test_several_files_become_one_series_in_whatever_order_they_come(
    url: str, minutes: pd.DataFrame, cli: Cli
) -> None:
    parts = [minutes[300:], minutes[:200], minutes[150:400]]  # the last lies over both
    names = [write(part, f"{n}.csv") for n, part in enumerate(parts)]
    found = imported(cli, *names, "--venue", "v", "--symbol", "X")
    assert [entry["file"] for entry in found] == names
    assert [(entry["added"], entry["known"]) for entry in found] == [(430, 0), (200, 0), (100, 150)]
    assert stored(url) == rows_of(minutes)
    assert raw.count(url, "series") == 1
    assert raw.stored(url, "SELECT sum(count) FROM bar_blocks") == [(730,)]


def test_trades_become_the_bars_that_their_exchange_made(
    url: str, shared_data: Path, cli: Cli
) -> None:
    ticks = str(shared_data / "ticks/XRPETH_trades_2019-10.parquet")
    bars = str(shared_data / "crypto_spot/XRPETH_1m_2019-10.parquet")
    names = ("--venue", "v", "--symbol", "X")
    (made,) = imported(cli, ticks, *names, "--timeframe", "1m")
    assert (made["preset"], made["added"]) == ("trades", 2469)
    frame = pd.read_parquet(bars).set_index("datetime")
    assert stored(url) == rows_of(frame)
    (again,) = imported(cli, bars, *names)
    assert (again["added"], again["known"], again["different"]) == (0, 2469, 0)


def test_a_backtest_on_the_ledger_is_the_one_on_the_file_bit_for_bit(
    url: str, frame: Frame, cli: Cli
) -> None:
    write(frame(900, step="5min").assign(spread=np.arange(900) / 7), "X_5m.csv")
    imported(cli, "X_5m.csv", "--venue", "v")
    folders = []
    for source in ("X_5m.csv", "ledger:v:X:5m"):
        config = f"feeds: [{{source: '{source}', name: x, symbol: X, venue: v, timeframe: 5m}}]"
        Path("c.yaml").write_text(
            f"data: {{{config}}}\nstrategy: {{name: ma_cross, params: {{fast: 3, slow: 8}}}}\n"
            "report: {picture: false}\n"
        )
        code, out, err = cli("backtest", "-c", "c.yaml", "--json")
        assert code == 0, err
        assert json.loads(out)["trades"] > 10
        folders.append(Path(json.loads(out)["folder"]))
    figures = [json.loads((folder / "metrics.json").read_text()) for folder in folders]
    for found in figures:
        assert found.pop("seconds") > 0
    assert figures[0] == figures[1]
    for name in ("trades.csv", "fills.csv", "fill_trades.csv", "cash_flows.csv"):
        one, other = (
            folder.joinpath(name).read_text().replace(folder.name, "ID") for folder in folders
        )
        assert one == other, name
    for name in ("equity.parquet", "bars.parquet", "orders.parquet", "lines.parquet"):
        first, second = (pd.read_parquet(folder / name) for folder in folders)
        same = first.drop(columns=["run_id", "account"], errors="ignore")
        pd.testing.assert_frame_equal(same, second[same.columns], check_exact=True, obj=name)
        assert len(first)


# ---- again, and other figures --------------------------------------------------------------------
def test_a_second_import_adds_nothing(url: str, minutes: pd.DataFrame, cli: Cli) -> None:
    name = write(minutes)
    imported(cli, name, "--venue", "v")
    before = all_of(url, "series", "bars", "bar_blocks")
    (found,) = imported(cli, name, "--venue", "v")
    assert (found["added"], found["known"], found["different"], found["resumed"]) == (0, 730, 0, 0)
    assert all_of(url, "series", "bars", "bar_blocks") == before
    assert raw.count(url, "imports") == 1


def test_a_file_that_grew_adds_its_new_bars(url: str, minutes: pd.DataFrame, cli: Cli) -> None:
    imported(cli, write(minutes[:500]), "--venue", "v")
    (found,) = imported(cli, write(minutes), "--venue", "v")
    assert (found["added"], found["known"]) == (230, 500)
    assert stored(url) == rows_of(minutes)


@pytest.fixture
def corrected(minutes: pd.DataFrame) -> pd.DataFrame:
    """The same bars, three of them with other figures: a price, a volume, and one more volume."""
    found = minutes.copy()
    found.iloc[10, 3] += 0.01
    found.iloc[20, 4] += 1
    found.iloc[21, 4] = 5.0  # it had none
    return found


def test_bars_with_other_figures_stay_and_are_told(
    url: str, minutes: pd.DataFrame, corrected: pd.DataFrame, cli: Cli
) -> None:
    imported(cli, write(minutes), "--venue", "v")
    code, _, err = cli("data", "import", write(corrected), "--venue", "v")
    assert code == 0
    assert "0 bars added to ledger:v:X:1m, 727 were there already" in err
    assert "3 bars are there with other figures, and stay; --replace takes the file's" in err
    assert stored(url) == rows_of(minutes)


def test_replace_takes_the_files_figures_and_says_so(
    url: str, minutes: pd.DataFrame, corrected: pd.DataFrame, cli: Cli
) -> None:
    imported(cli, write(minutes), "--venue", "v")
    code, _, err = cli("data", "import", write(corrected), "--venue", "v", "--replace")
    assert code == 0
    assert stored(url) == rows_of(corrected)
    assert raw.stored(url, "SELECT sum(count) FROM bar_blocks") == [(730,)]
    (again,) = imported(cli, "X_1m.csv", "--venue", "v")
    assert (again["added"], again["known"], again["different"]) == (0, 730, 0)
    assert "3 bars" in err
    assert "stay" not in err


def test_replace_after_an_import_that_was_cut_off_at_its_end_replaces(
    url: str, minutes: pd.DataFrame, corrected: pd.DataFrame, cli: Cli
) -> None:
    # Killed after the last chunk, before the mark that ends it; meanwhile another file came.
    imported(cli, write(minutes), "--venue", "v")
    false = "0" if raw.is_sqlite(url) else "false"
    raw.execute(url, f"UPDATE imports SET finished = {false}")
    imported(cli, write(corrected, "corrected.csv"), "--venue", "v", "--symbol", "X", "--replace")
    assert stored(url) == rows_of(corrected)
    imported(cli, "X_1m.csv", "--venue", "v")
    imported(cli, "X_1m.csv", "--venue", "v", "--replace")
    assert stored(url) == rows_of(minutes)


def test_replace_counts_from_the_first_row_of_an_import_that_was_killed_without_it(
    url: str, frame: Frame, cli: Cli, small_chunks: int
) -> None:
    bars = frame(1200, step="1min")
    imported(cli, write(bars - 1, "old.csv"), "--venue", "v", "--symbol", "X")
    imported(cli, write(bars), "--venue", "v")
    false = "0" if raw.is_sqlite(url) else "false"
    raw.execute(url, f"UPDATE imports SET finished = {false}, rows = 500 WHERE rows = 1200")
    imported(cli, "X_1m.csv", "--venue", "v", "--replace")
    assert stored(url) == rows_of(bars)


# ---- what is said of the file --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("X_1m.csv", [], "--venue NAME"),
        ("bars.csv", ["--venue", "v"], "--symbol BTC/USD"),
        ("bars.csv", [], "--venue NAME"),
        ("X_1m.csv", ["--venue", "a:b"], "no colon"),
        ("X_1m.csv", ["--venue", "v", "--preset", "plian"], "did you mean 'plain'"),
        ("X_1m.csv", ["--venue", "v", "--timeframe", "7x"], "--timeframe: '7x'"),
        ("X_1m.csv", ["--venue", "v", "--timeframe", ""], "--timeframe"),
        ("X_1m.csv", ["--venue", "v", "--columns", "close"], "--columns: 'close': write"),
        ("X_1m.csv", ["--venue", "v", "--columns", "=Last"], "--columns: '=Last': write"),
        ("X_1m.csv", ["--venue", "v", "--order", "falling"], "rising, or any"),
        ("X_1m.csv", ["--venue", "v", "--timezone", "Mars/Base"], "'Mars/Base'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_an_option_that_is_missing_or_wrong_is_refused_with_the_way_out(
    name: str, options: list[str], words: str, file_url: str, minutes: pd.DataFrame, cli: Cli
) -> None:
    err = refused(cli, 2, write(minutes, name), *options)
    assert words in err
    assert not Path("atms.db").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--preset", "kraken"], "it looks like plain"),
        (["--preset", "binance"], "Binance"),
        (["--timeframe", "1h"], "its bars are 1m apart"),
        (["--columns", "close=Last"], "'Last', which is not there"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_file_that_is_not_as_it_is_said_to_be_is_refused(
    options: list[str], words: str, file_url: str, minutes: pd.DataFrame, cli: Cli
) -> None:
    err = refused(cli, 3, write(minutes), "--venue", "v", *options)
    assert "X_1m.csv: " in err
    assert words in err
    assert not Path("atms.db").exists()


@pytest.mark.parametrize(
    "content", [None, "", "\n", "datetime,open,high,low,close\n", "a,b\n1,2\n"]
)
def test_a_file_without_bars_is_refused_by_its_name(
    content: str | None, file_url: str, cli: Cli
) -> None:
    if content is not None:
        Path("X_1m.csv").write_text(content)
    assert "X_1m.csv: " in refused(cli, 3, "X_1m.csv", "--venue", "v")
    assert not Path("atms.db").exists()


def test_columns_are_named(file_url: str, minutes: pd.DataFrame, cli: Cli) -> None:
    write(minutes.rename(columns={"close": "Last", "volume": "Lots"}))
    renamed = ("--columns", "close=Last", "--columns", "volume=Lots")
    assert imported(cli, "X_1m.csv", "--venue", "v", *renamed)[0]["added"] == 730
    assert stored(file_url) == rows_of(minutes)


def test_times_without_a_zone_are_those_of_the_zone_that_is_said(
    url: str, minutes: pd.DataFrame, cli: Cli
) -> None:
    # Clocks in New York went back on 2024-11-03, at 06:00 UTC: 01:00 to 01:59 came twice.
    autumn = minutes.set_axis(minutes.index + pd.Timedelta("307 days"))
    assert str(autumn.index[0]) == "2024-11-03 00:00:00+00:00"
    local = autumn.set_axis(autumn.index.tz_convert("America/New_York").tz_localize(None))
    assert local.index.duplicated().sum() == 60
    write(local.rename_axis("datetime"))
    zone = ("--timezone", "America/New_York")
    assert imported(cli, "X_1m.csv", "--venue", "v", *zone)[0]["added"] == 730
    assert stored(url) == rows_of(autumn)


def test_bars_from_the_newest_to_the_oldest_need_a_word(
    url: str, minutes: pd.DataFrame, cli: Cli, small_chunks: int
) -> None:
    write(minutes[::-1])
    err = refused(cli, 3, "X_1m.csv", "--venue", "v")
    assert "row 3: out of order" in err
    assert "order: any" in err
    assert imported(cli, "X_1m.csv", "--venue", "v", "--order", "any")[0]["added"] == 730
    assert stored(url) == rows_of(minutes)


# ---- --json --------------------------------------------------------------------------------------
def test_json_stands_alone_on_standard_output_with_an_entry_a_file(
    url: str, minutes: pd.DataFrame, cli: Cli
) -> None:
    names = [write(minutes[:400], "A_1m.csv"), write(minutes, "B_1m.csv")]
    first, second = imported(cli, *names, "--venue", "v")
    assert first == {
        "file": "A_1m.csv", "preset": "plain", "series": "ledger:v:A:1m", "resumed": 0,
        "added": 400, "known": 0, "different": 0, "notes": [],
    }  # fmt: skip
    assert (second["file"], second["added"]) == ("B_1m.csv", 730)


# ---- broken off ----------------------------------------------------------------------------------
def test_a_file_that_cannot_be_read_to_its_end_keeps_the_chunks_before_and_says_so(
    url: str, frame: Frame, cli: Cli, small_chunks: int
) -> None:
    bars = frame(2500, step="1min")  # the first thousand rows are looked at before
    lines = Path(write(bars)).read_text().splitlines()
    good, lines[1800] = lines[1800], "rubbish"
    Path("X_1m.csv").write_text("\n".join(lines) + "\n")
    first = refused(cli, 3, "X_1m.csv", "--venue", "v")
    again = refused(cli, 3, "X_1m.csv", "--venue", "v")
    for err in (first, again):
        assert "X_1m.csv: row 1801: " in err
    assert stored(url) == rows_of(bars[:1500])
    assert raw.stored(url, "SELECT rows, finished FROM imports") == [(1500, False)]
    lines[1800] = good
    Path("X_1m.csv").write_text("\n".join(lines) + "\n")
    (found,) = imported(cli, "X_1m.csv", "--venue", "v")
    assert (found["added"], found["known"]) == (1000, 1500)
    assert stored(url) == rows_of(bars)
    assert "1,500" in first


def test_a_packed_file_that_is_cut_short_keeps_the_chunks_before(
    url: str, frame: Frame, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What cannot be unpacked is missed from the last whole MiB on.
    defaults: Any = Import.chunks.__kwdefaults__
    monkeypatch.setitem(defaults, "rows", 5000)
    bars = frame(40_000, step="1min")
    packed = gzip.compress(Path(write(bars)).read_bytes(), 1)
    Path("X_1m.csv.gz").write_bytes(packed[: len(packed) * 4 // 5])
    err = refused(cli, 3, "X_1m.csv.gz", "--venue", "v")
    assert "X_1m.csv.gz: cannot be read" in err
    kept = stored(url)
    assert 0 < len(kept) < 40_000
    assert kept == rows_of(bars[: len(kept)])
    Path("X_1m.csv.gz").write_bytes(packed)
    (found,) = imported(cli, "X_1m.csv.gz", "--venue", "v")
    assert found["added"] == 40_000 - len(kept)
    assert stored(url) == rows_of(bars)


def test_files_before_one_that_fails_are_kept_and_told(
    url: str, minutes: pd.DataFrame, cli: Cli
) -> None:
    write(minutes)
    err = refused(cli, 3, "X_1m.csv", "nowhere.csv", "--venue", "v", "--symbol", "X")
    assert "nowhere.csv: no such file" in err
    assert stored(url) == rows_of(minutes)
    assert "730 bars added" in err


def test_a_server_that_does_not_answer_is_told_with_a_hint_and_without_the_password(
    minutes: pd.DataFrame, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("DATABASE_URL", f"postgresql+psycopg2://me:hu5h@127.0.0.1:{port}/atms")
    err = refused(cli, 4, write(minutes), "--venue", "v")
    assert "is the server running, at that host and port?" in err
    assert "hu5h" not in err


def test_bars_that_are_stamped_at_their_end_do_not_mix_with_others(
    url: str, minutes: pd.DataFrame, cli: Cli
) -> None:
    imported(cli, write(minutes), "--venue", "v")
    before = all_of(url, "series", "bars", "bar_blocks", "imports")
    Path("X.Last.txt").write_text("20240105 120000;1;2;0.5;1.5;7\n20240105 120100;1;2;0.5;1.5;7\n")
    err = refused(cli, 3, "X.Last.txt", "--venue", "v")
    assert "stamped at their" in err
    assert all_of(url, "series", "bars", "bar_blocks", "imports") == before


def millions(rows: int) -> str:
    """Write minute bars quickly; return the file's name."""
    close = np.round(100 + np.cumsum(np.random.default_rng(rows).normal(0, 0.01, rows)), 4)
    start = pa.scalar(1_577_836_800)
    seconds = pa.compute.add(start, pa.array(np.arange(rows) * 60))
    columns = {"open": close, "high": close + 0.5, "low": close - 0.5, "close": close}
    table = pa.table({"timestamp": seconds, **columns, "volume": np.arange(rows) % 97 / 4})
    pyarrow.csv.write_csv(table, f"X{rows}_1m.csv")
    return f"X{rows}_1m.csv"


@pytest.fixture
def python_atms() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start ``python -m atms`` in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def start(*args: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "atms", *args]
        started.append(
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def rows_done(url: str) -> int:
    """Return how far the one import is; 0 before it has begun."""
    if raw.is_sqlite(url) and not Path(raw.file_of(url)).exists():
        return 0
    if "imports" not in raw.tables(url):
        return 0
    return int(raw.stored(url, "SELECT coalesce(max(rows), 0) FROM imports")[0][0])


def test_after_ctrl_c_what_was_done_is_kept_and_goes_on(
    url: str, cli: Cli, python_atms: Callable[..., subprocess.Popen[str]]
) -> None:
    rows = 3 * CHUNK
    name = millions(rows)
    process = python_atms("data", "import", name, "--venue", "v", "--symbol", "X")
    deadline = time.monotonic() + 120
    while not rows_done(url) and process.poll() is None:
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, ""), err
    assert "Traceback" not in err
    done = rows_done(url)
    assert done in (CHUNK, 2 * CHUNK)
    assert raw.count(url, "bars") == done
    (found,) = imported(cli, name, "--venue", "v", "--symbol", "X")
    assert (found["resumed"], found["added"], found["known"]) == (done, rows - done, 0)
    assert raw.count(url, "bars") == rows
    back = read_bars(url, Series("v", "X", Timeframe(1, "m")))
    np.testing.assert_array_equal(back.stamps, 1_577_836_800_000_000 + MINUTE * np.arange(rows))
    np.testing.assert_array_equal(back.columns["volume"], np.arange(rows) % 97 / 4)
    assert "interrupted" in err
    # bug: it says so where Ctrl-C comes between a first chunk's commit and the next statement.
    assert "nothing was written" not in err


# A process takes over its parent's peak, where the system starts it by vfork; this parent is small.
LAUNCH = """\
import resource, subprocess, sys
assert subprocess.call([sys.executable, "-m", "atms", *sys.argv[1:]]) == 0
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
SMALL, LARGE = 120_000, 1_200_000
FLAT = 150 * 1024  # KiB; held in memory whole, the larger file takes 550 MiB more than the smaller


def peak_of(*args: str) -> int:
    """Run an import; return the most memory that it had, KiB."""
    command = [sys.executable, "-c", LAUNCH, "data", "import", *args]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout) // (1024 if sys.platform == "darwin" else 1)


def test_memory_stays_flat_over_bars(url: str) -> None:
    small, large = (peak_of(millions(rows), "--venue", "v") for rows in (SMALL, LARGE))
    assert raw.count(url, "bars") == SMALL + LARGE
    assert large < small + FLAT


def test_memory_stays_flat_over_trades(file_url: str) -> None:
    peaks = []
    for rows in (SMALL, LARGE):
        path = Path(millions(rows))
        path.write_text(path.read_text().replace("open", "price", 1))
        options = ("--venue", "v", "--preset", "trades", "--timeframe", "1h")
        peaks.append(peak_of(str(path), *options))
    assert raw.count(file_url, "bars") == (SMALL + LARGE) // 60
    assert peaks[1] < peaks[0] + FLAT
