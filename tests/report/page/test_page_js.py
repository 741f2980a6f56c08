"""The page's scripts that know no document, run by node: formats, levels of detail, rows, files."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import numpy as np
import pytest

from atms.report.page import assets
from atms.report.page.formats import formatted

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    NODE is None, reason="node is not installed; the browser tests run the same scripts"
)
PURE = ("namespace.js", "format.js", "bins.js", "csv.js", "table.js")

TABLE = """
const table = {columns: [{key: "id", kind: "count", title: "Id"}, {key: "side", kind: "text"},
    {key: "net", kind: "money"}, {key: "when", kind: "time"}],
  rows: [[1, "long", 2, 0], [2, "short", null, 60e6], [3, "long", -1, 6e6],
    [4, "a,\\"b\\"", 10, null]]};
const column = () => -1;
const reader = {length: 4, cell: (row, place) => table.rows[row][place], column};
const rows = new ATMS.Rows(table, reader);
"""


def run(body: str, **values: Any) -> Any:
    """Return what *body*, the inside of a function, returns, with *values* as its names."""
    names = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in values.items())
    files = "".join(
        "(() => {" + (assets.FOLDER / name).read_text("utf-8") + "})();" for name in PURE
    )
    script = f"{files}\nconst f = () => {{ {names}{body} }};\nconsole.log(JSON.stringify(f()));"
    assert NODE is not None
    done = subprocess.run([NODE, "-"], input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


VALUES: list[tuple[Any, str]] = [
    *((value, kind)
      for kind in ("number", "count", "money", "price", "percent", "days")
      for value in (0, 1, -1, 0.1 + 0.2, 1234.567, -98765.4321, 1e-7 * 3, 12_345_678.9, 9.96)),
    *((value, "time") for value in (0, 1_514_862_245_000_006, 1_514_862_240_000_000, -86_400e6)),
    (None, "money"), ("Infinity", "number"), ("-Infinity", "money"), ("a <b>", "text"),
    ("", "text"),
]  # fmt: skip


def test_the_page_writes_values_as_the_markup_does() -> None:
    said = run("return values.map(([value, kind]) => ATMS.format(value, kind));", values=VALUES)
    assert said == [formatted(value, kind) for value, kind in VALUES]  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1, 4, 64, 256])
def test_a_bin_has_the_least_and_the_most_of_its_bars(size: int) -> None:
    values = np.random.default_rng(7).normal(size=5000).round(3)
    values[1000:1100] = np.nan
    start = 512
    found = run(
        "const all = Float64Array.from(values, (one) => one === null ? NaN : one);"
        f"const {{low, high}} = ATMS.extremes(all, {start}, 5000, {size});"
        "return [[...low], [...high]];",
        values=[None if np.isnan(one) else one for one in values.tolist()],
    )
    bins = [values[place : place + size] for place in range(start, 5000, size)]
    least = [None if np.isnan(one).all() else float(np.nanmin(one)) for one in bins]
    most = [None if np.isnan(one).all() else float(np.nanmax(one)) for one in bins]
    assert found == [least, most]


def test_a_view_has_at_most_so_many_bins_and_begins_on_an_edge() -> None:
    found = run(
        "const time = Float64Array.from({length: 100000}, (_, at) => at * 60);"
        "return ATMS.visible(time, 60 * 12345, 60 * 92345, 1200);"
    )
    assert found["size"] == 128  # 80 003 bars: in bins of 64 they were 1 251
    assert found["from"] % 128 == 0
    assert found["from"] <= 12344
    assert found["to"] == 92346


def test_a_line_in_bins_ends_with_its_last_value() -> None:
    found = run(
        "const time = Float64Array.from({length: 5000}, (_, at) => at * 1000);"
        "const value = Float64Array.from(time, (_, at) => Math.sin(at));"
        "const {x, y} = ATMS.linePoints(time, value, ATMS.visible(time, 0, 5e6, 100));"
        "return [x[x.length - 1], y[y.length - 1], value[4999], y.length];"
    )
    assert found[0] == 4999
    assert found[1] == found[2]
    assert found[3] <= 200


def test_rows_sort_by_number_and_what_is_undefined_stands_last_either_way() -> None:
    found = run(
        TABLE + "rows.sortBy(2); const up = rows.places; rows.sortBy(2); const down = rows.places;"
        "rows.sortBy(2); return [up, down, rows.places];"
    )
    assert found == [[2, 0, 3, 1], [3, 0, 2, 1], [0, 1, 2, 3]]


def test_a_filter_finds_texts_times_and_numbers() -> None:
    found = run(
        TABLE + 'return ["SHORT", "00:01", "10", "nowhere"].map((text) => '
        "{ rows.search(text); return rows.places; });"
    )
    # 10 stands in row 3's profit, and in no time: all of them are of 1970-01-01 00:0x
    assert found == [[1], [1], [3], []]


def test_a_menu_has_the_texts_of_a_column_and_chooses_its_rows() -> None:
    found = run(
        TABLE
        + 'rows.choose(1, "long"); return [rows.menus().map((one) => one.values), rows.places];'
    )
    assert found == [[['a,"b"', "long", "short"]], [0, 2]]


def test_a_file_has_every_digit_and_its_texts_in_quotes_where_they_need_them() -> None:
    found = run(TABLE + "return ATMS.csv(table, reader, [3, 2, 1]);")
    assert found.split("\r\n") == [
        "id,side,net,when",
        '4,"a,""b""",10,',
        "3,long,-1,1970-01-01T00:00:06Z",
        "2,short,,1970-01-01T00:01:00Z",
        "",
    ]


def test_a_tick_is_written_with_as_many_decimals_as_tell_it_from_the_next() -> None:
    found = run(
        "return [[12500, 500], [0.00012, 0.00002], [2500000, 500000], [1.5, 0.25], [3, 0]]"
        ".map(([value, step]) => ATMS.compact(value, step));"
    )
    assert found == ["12,500", "0.00012", "2.5M", "1.50", "3"]


@pytest.mark.parametrize("size", [1, 8])
def test_a_candles_volume_is_that_of_its_bars_together(size: int) -> None:
    found = run(
        "const all = Float64Array.from([1, 2, NaN, 4, 5, 6, 7, 8, 9, 10, 11]);"
        f"return [...ATMS.sums(all, 0, 11, {size})];"
    )
    assert found == ([1, 2, None, 4, 5, 6, 7, 8, 9, 10, 11] if size == 1 else [33, 30])
