"""What cannot be read is an error with file and row; nothing is dropped in silence."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from atms.errors import ConfigError, DataError
from atms.feeds.importing import open_import
from atms.model import Timeframe
from tests.feeds.importing.vendors import CASES, KRAKEN, START, frame, opened, read, text, written

HEADER = "time,open,high,low,close,volume"


def bars(*lines: str, folder: Path) -> Path:
    """Write plain bars, two hundred of them, with *lines* after the hundredth."""
    good = [f"{t:%Y-%m-%dT%H:%MZ},1,2,0.5,1.5,9"
            for t in pd.date_range("2024-01-01", periods=200, freq="1h")]  # fmt: skip
    path = folder / "x.csv"
    text(HEADER, *good[:100], *lines, *good[100:])(path)
    return path


@pytest.mark.parametrize("rows", [1, 7, 50, 1000])
@pytest.mark.parametrize(
    ("line", "flaw"),
    [
        ("2024-01-05T03:30Z,1,2,x,1,9", "row 102: low is 'x', which is no number; mend"),
        ("2024-01-05T03:30Z,1,2,1_0,1,9", "row 102: low is '1_0', which is no number"),
        ("2024-01-05T03:30Z,1,2,1,1", "row 102: has 5 fields instead of 6; mend the line"),
        ("2024-01-05T03:30Z,1,2,1,1,9,9", "row 102: has 7 fields instead of 6"),
        (HEADER, "row 102: the header stands there again"),
        ("yesterday,1,2,1,1,9", "row 102: 'yesterday' has no time zone"),
        ("tomorrowZ,1,2,1,1,9", "row 102: 'tomorrowZ' is no time"),
        (",1,2,1,1,9", "row 102: has no time"),
        ("2024-01-05T03:30,1,2,1,1,9", "row 102: '2024-01-05T03:30' has no time zone"),
        ("2024-01-05T03:00Z,1,2,1,1,9", "row 102: out of order: .* stands there twice"),
        ("2024-01-05T02:00Z,1,2,1,1,9", "row 102: out of order: .* comes after .*order: any"),
        ("2024-01-05T03:30Z,1,\xff,1,1,9", "row 102: high is 'ÿ', which is no number"),
    ],
)
def test_a_bad_line_is_named_wherever_the_chunks_are_cut(
    line: str, flaw: str, rows: int, tmp_path: Path
) -> None:
    path = bars(line, folder=tmp_path)
    with pytest.raises(DataError, match=rf"x\.csv: {flaw}") as error:
        read(path, rows=rows)
    assert "\n" not in str(error.value)


def test_a_bad_line_after_blank_ones_is_named_by_its_own_number(tmp_path: Path) -> None:
    path = bars("", "", "2024-01-05T03:30Z,1,2,1,1,9", "", "nonsense Z,1,2,1,1,9", folder=tmp_path)
    with pytest.raises(DataError, match="row 106: 'nonsense Z'"):
        read(path)


@pytest.mark.parametrize("rows", [1, 7, 50, 1000])
def test_a_duplicate_after_blank_lines_is_named_by_its_own_number(
    rows: int, tmp_path: Path
) -> None:
    path = bars("", "", "2024-01-05T03:00Z,1,2,1,1,9", folder=tmp_path)
    with pytest.raises(DataError, match="row 104: out of order"):
        read(path, rows=rows)


def test_blank_lines_are_passed_over(tmp_path: Path) -> None:
    path = bars("", "  "[:0], "", folder=tmp_path)
    path.write_text(path.read_text() + "\n\n\n")
    for rows in (1, 3, 1000):
        assert len(read(path, rows=rows).stamps) == 200


def test_a_blank_line_before_the_header_is_an_error(tmp_path: Path) -> None:
    path = bars(folder=tmp_path)
    path.write_text("\n" + path.read_text())
    with pytest.raises(DataError, match="row 1: begins with a blank line; drop it"):
        open_import(path)


def test_bars_may_stand_in_any_order_if_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    text(HEADER, *(f"2024-01-{day:02d},1,2,1,1,9" for day in range(9, 0, -1)))(path)
    with pytest.raises(DataError, match="row 3: out of order"):
        read(path)
    newest_first = read(path, order="any", rows=2)
    assert newest_first.times[0] == "2024-01-09 00:00"
    assert newest_first.stamps == sorted(newest_first.stamps, reverse=True)
    with pytest.raises(ConfigError, match="order: 'falling'"):
        open_import(path, order="falling")


def test_the_order_is_kept_over_a_break(tmp_path: Path) -> None:
    path = bars("2024-01-05T03:00Z,1,2,1,1,9", folder=tmp_path)
    found = open_import(path)
    with pytest.raises(DataError, match="row 102: out of order"):
        list(found.chunks(skip_rows=100))


def test_a_file_that_is_cut_short_is_an_error_on_its_last_line(tmp_path: Path) -> None:
    path = bars(folder=tmp_path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match="row 201: has 4 fields instead of 6; the file is cut"):
        read(path, rows=50)


def test_a_last_line_without_a_line_feed_is_whole(tmp_path: Path) -> None:
    path = bars(folder=tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    assert len(read(path, rows=50).stamps) == 200


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_windows_files_are_the_same_bars(end: bytes, mark: bytes, tmp_path: Path) -> None:
    path = bars(folder=tmp_path)
    expected = read(path).columns
    path.write_bytes(mark + path.read_bytes().replace(b"\n", end))
    assert read(path, rows=13).columns == expected
    path = written(CASES["kraken"], tmp_path)  # without a header
    expected = read(path).columns
    path.write_bytes(mark + path.read_bytes().replace(b"\n", end))
    assert read(path, rows=13).columns == expected


def test_an_extra_column_that_turns_to_words_says_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    lines = [f"{START + 60 * at},1,1,1,1,{at if at < 1500 else 'x'}" for at in range(1600)]
    text("time,open,high,low,close,kind", *lines)(path)
    with pytest.raises(DataError, match=r"row 1502: kind is 'x'.*extras: false"):
        read(path)
    assert len(read(path, extras=False).stamps) == 1600


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    for name, content in {"a.csv": b"", "b.csv": b"\n\n", "c.csv.gz": gzip.compress(b"")}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=r"the file is empty"):
            open_import(tmp_path / name)


@pytest.mark.parametrize("name", ["yahoo", "plain"])
def test_a_header_alone_is_an_error(name: str, tmp_path: Path) -> None:
    path = written(CASES[name], tmp_path)
    path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(DataError, match="no rows"):
        open_import(path)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(DataError, match="no such file"):
            open_import(path)


@pytest.mark.parametrize("ending", ["csv.gz", "zip", "parquet", "feather"])
def test_a_file_that_is_not_what_its_name_says_is_an_error(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{ending}"
    path.write_text("time,open,high,low,close\n2024-01-01,1,1,1,1\n")
    with pytest.raises(DataError, match=rf"is called \.{ending.split('.')[-1]} and is none"):
        open_import(path)


@pytest.mark.parametrize("ending", ["csv.gz", "zip", "parquet", "feather"])
def test_half_a_file_is_an_error(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{ending}"
    prices = pd.concat([frame().assign(date=frame()["date"] + pd.Timedelta(days=k))
                        for k in range(500)])  # fmt: skip
    if ending == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.csv", prices.to_csv(index=False))
    elif ending == "csv.gz":
        prices.to_csv(path, index=False)
    else:
        getattr(prices.reset_index(drop=True), f"to_{ending}")(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match="cannot be read"):
        read(path, timeframe=Timeframe(5, "m"))


def test_a_parquet_without_its_time_column_is_an_error(tmp_path: Path) -> None:
    frame().drop(columns="date").to_parquet(tmp_path / "x.parquet")
    with pytest.raises(DataError, match=r"x\.parquet: has no time column.*columns: \{datetime:"):
        open_import(tmp_path / "x.parquet")


def test_a_parquet_without_prices_is_an_error_that_lists_its_columns(tmp_path: Path) -> None:
    frame()[["date", "close"]].to_parquet(tmp_path / "x.parquet")
    with pytest.raises(DataError, match=r"not recognised \(columns: date, close\)"):
        open_import(tmp_path / "x.parquet")
    with pytest.raises(DataError, match="has no column open and no high and no low"):
        open_import(tmp_path / "x.parquet", preset="plain")


def test_words_in_a_parquets_prices_are_named_by_row(tmp_path: Path) -> None:
    prices = frame().astype({"high": str})
    prices.loc[40, "high"] = "high"
    prices.to_parquet(tmp_path / "x.parquet")
    with pytest.raises(DataError, match="row 40: high is 'high', which is no number"):
        read(tmp_path / "x.parquet", rows=15)


def test_feather_of_version_one_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "x.feather").write_bytes(b"FEA1" + bytes(64) + b"FEA1")
    with pytest.raises(DataError, match="feather of version 1; write it as version 2"):
        open_import(tmp_path / "x.feather")


def test_a_zip_without_a_text_is_an_error(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("readme.md", "nothing")
    with pytest.raises(DataError, match=r"there is no .csv or .txt or .tsv file in it"):
        open_import(tmp_path / "x.zip")


def test_a_member_of_no_zip_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no zip"):
        opened(CASES["plain"], tmp_path, member="x.csv")


def test_other_characters_than_utf_8_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("time,open\n1,2\n".encode("utf-16"))
    with pytest.raises(DataError, match="UTF-16; save it as UTF-8"):
        open_import(path)
    path.write_bytes(b"time\0,open")
    with pytest.raises(DataError, match="neither a text nor Parquet"):
        open_import(path)


def test_semicolons_in_plain_bars_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    text("time;open;high;low;close", "2024-01-01;1;1;1;1")(path)
    with pytest.raises(DataError, match="is separated by ';'; write it with commas"):
        open_import(path, preset="plain")


def test_two_columns_of_one_name_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    text("time,open,high,low,close,close", "2024-01-01,1,1,1,1,1")(path)
    with pytest.raises(DataError, match="two columns called 'close'"):
        open_import(path)


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        ("[[1700000000000,1,1,1,1,1],[1700000300000,1,1,1,1]]", "row 1: .* no list of 6 values"),
        ("[[1700000000000,1,1,1,1,1],[1700000300000,1,1,1,{},1]]", "row 1: close is {}"),
        ("[[1700000000000,1,1,1,1,1],[1700000", "is no JSON: .* fetch it again"),
        ("[]", "not recognised"),
    ],
)
def test_json_that_cannot_be_read_is_named_by_row(content: str, flaw: str, tmp_path: Path) -> None:
    path = tmp_path / "BTC_USDT-5m.json"
    path.write_text(content)
    with pytest.raises(DataError, match=flaw):
        read(path)


def test_an_encrypted_zip_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.csv", "\n".join(KRAKEN))
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the flag of a password, in the file's own header and in the list of files
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"cannot be read: .*password"):
        open_import(path)
