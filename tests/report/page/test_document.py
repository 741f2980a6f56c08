"""The page as text: what stands in it without a script, what it may fetch, and what is escaped."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from atms.report.page import assets
from atms.report.page.blocks import (
    Badge,
    Block,
    Chart,
    Code,
    Column,
    Contents,
    Figure,
    Section,
    Table,
    Text,
)
from atms.report.page.document import document
from atms.report.page.packing import unpack
from atms.report.page.series import Series

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


def table(**changes: Any) -> Table:
    columns = (Column("name", "Name"), Column("net", "Net", "money", "USD"))
    return Table(
        **{"id": "t", "title": "A table", "columns": columns, "rows": [["a", 1234.5]]} | changes
    )


def contents(*blocks: Block, **changes: Any) -> Contents:
    values = {
        "title": "A run",
        "about": [("Venue", "nowhere")],
        "badges": [Badge("data", "Data OK", "good", "Nothing was found.")],
        "strip": [Figure("total_return", "Total return", "percent", 0.1 + 0.2)],
        "sections": [Section("one", "One", blocks)],
        "metrics": {},
    }
    return Contents(**values | changes)


class Reader(HTMLParser):
    """The page as a browser's parser sees it: tags, and what stands in each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.words: list[str] = []
        self.inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.scripts[-1] += data
        elif self.inside != "style":
            self.words.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def script(self, ident: str) -> str:
        at = [one.get("id") for one in self.named("script")].index(ident)
        return self.scripts[at]


def page(*blocks: Block, series: dict[str, Any] | None = None, **changes: Any) -> Reader:
    return Reader(document(contents(*blocks, **changes), series or {}))


def described(reader: Reader) -> dict[str, Any]:
    packed = json.loads(reader.script("atms-contents"))["packed"]
    found: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return found


def test_a_figure_stands_in_the_markup_with_every_digit_beside_what_people_read() -> None:
    text = document(contents(), {})
    assert 'data-value="0.30000000000000004">30.00%</dd>' in text


def test_an_undefined_figure_is_a_dash_and_has_no_value() -> None:
    text = document(contents(strip=[Figure("sharpe", "Sharpe", "number", None)]), {})
    assert 'data-value="">–</dd>' in text


def test_an_infinite_figure_is_no_undefined_one() -> None:
    text = document(contents(strip=[Figure("pf", "Profit factor", "number", float("inf"))]), {})
    assert 'data-value="Infinity">∞</dd>' in text


def test_a_short_table_stands_in_the_markup() -> None:
    text = document(contents(table()), {})
    assert '<td class="kind-text">a</td>' in text
    assert '<td class="kind-money" data-value="1234.5">1,234.50</td>' in text
    assert "<caption>A table</caption>" in text
    assert "Net (USD)" in text


def test_a_long_table_stands_packed_with_its_rows() -> None:
    reader = page(table(tall=True, rows=[["a", 1.5], ["b", float("nan")], ["c", float("-inf")]]))
    (found,) = described(reader)["tables"]
    assert found["rows"] == [["a", 1.5], ["b", None], ["c", "-Infinity"]]


def test_a_table_that_nothing_draws_and_that_is_short_stands_once() -> None:
    assert described(page(table()))["tables"] == []


def test_a_chart_has_a_name_and_its_table_behind_it() -> None:
    chart = Chart("c", "heatmap", "Months", "t", x="name", y=("net",))
    text = document(contents(chart, table()), {})
    assert 'role="figure" aria-label="Months"' in text
    # folded into the chart, and not once more after it
    assert text.index('<details class="behind">') < text.index('id="t"') < text.index("</figure>")
    assert text.count('id="t"') == 1
    assert [one["id"] for one in described(Reader(text))["tables"]] == ["t"]


def test_a_table_that_says_more_than_its_bars_stands_open_beside_them() -> None:
    columns = [Column(key, key) for key in ("name", "net", "trades", "won")]
    rows = [["a", "1", "2", "3"]]
    chart = Chart("c", "bars", "By name", "t", x="name", y=("net",))
    text = document(contents(chart, table(columns=columns, rows=rows)), {})
    assert '<div class="pair">' in text
    assert '<a href="#t">' in text


def test_the_series_come_back_from_the_page_as_they_went_in() -> None:
    series = {"equity": {"time": np.array([1.0, 2.0]), "value": np.array([0.1, np.nan])}}
    data = json.loads(page(series=series).script("atms-series"))["data"]
    found = unpack(data)["equity"]
    np.testing.assert_array_equal(found["value"], series["equity"]["value"])


EVERYWHERE: dict[str, Any] = {
    "title": EVIL,
    "about": [(EVIL, EVIL)],
    "badges": [Badge("data", EVIL, "bad", EVIL)],
    "strip": [Figure("f", EVIL, "text", EVIL, against=EVIL)],
    "sections": [
        Section(
            "one",
            EVIL,
            [
                Text(EVIL, "warn"),
                Code("config", EVIL, EVIL),
                table(title=EVIL, rows=[[EVIL, 1.0]], note=EVIL, columns=(
                    Column("a", EVIL), Column("b", "B", "money", EVIL))),
                table(id="long", title=EVIL, rows=[[EVIL, 1.0]], tall=True),
                Chart("c", "bars", EVIL, "t", x="a", y=("b",), options={EVIL: EVIL}),
                Chart("price", "price", EVIL, "none"),
            ],
        )
    ],
}  # fmt: skip


def test_text_from_outside_stays_text_everywhere() -> None:
    series = Series({EVIL: {EVIL: [EVIL, None]}}, {"feeds": [{"name": EVIL}]})
    clean, reader = page(), page(series=series, **EVERYWHERE)
    assert len(reader.named("script")) == len(clean.named("script"))
    assert not reader.named("img")
    assert all(not name.startswith("on") for _, one in reader.tags for name in one)
    assert EVIL in "".join(reader.words)


def test_the_policy_lets_nothing_be_fetched_and_runs_only_the_pages_own_scripts() -> None:
    reader = page()
    (policy,) = [
        one["content"] or ""
        for one in reader.named("meta")
        if one.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    run = [text for one, text in zip(reader.named("script"), reader.scripts, strict=True)
           if "type" not in one]  # fmt: skip
    bokeh = zlib.decompress(base64.b64decode(reader.script("atms-bokeh")))
    wanted = {hashed(text.encode()) for text in run} | {hashed(bokeh)}
    assert set(rules["script-src"].split()) == wanted


def hashed(script: bytes) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"


def test_nothing_in_the_page_points_to_a_network() -> None:
    reader = page(table(tall=True), Chart("c", "equity", "Equity", "none"))
    for _, one in reader.tags:
        for name in ("src", "href", "srcset", "action", "poster"):
            target = one.get(name)
            assert target is None or target.startswith(("#", "data:")), target
    own = assets.script().text + assets.style().text
    assert not re.search(r"https?://|@import|url\(", own)


def test_a_page_without_series_has_little_more_than_bokeh() -> None:
    text = document(contents(), {})
    assert len(text.encode()) < len(assets.bokeh().text) + 150_000


def test_the_page_says_what_to_do_where_scripts_do_not_run() -> None:
    reader = page()
    assert reader.named("noscript")
    words = "".join(reader.words)
    assert "Scripts are off" in words
    assert "metrics.json" in words


def test_every_asset_stands_in_the_page() -> None:
    there = {path.name for path in assets.FOLDER.iterdir()}
    assert there == {*assets.SCRIPTS, *assets.STYLES}


@pytest.mark.parametrize("name", assets.SCRIPTS)
def test_no_script_can_end_its_element(name: str) -> None:
    text = (assets.FOLDER / name).read_text("utf-8").lower()
    assert "</script" not in text
    assert "<!--" not in text
    assert text.count("\n") <= 300


def test_sections_are_reached_from_the_navigation() -> None:
    reader = page()
    assert {"href": "#one"} in reader.named("a")
    assert any(one.get("id") == "one" for one in reader.named("section"))
