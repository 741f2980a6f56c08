"""The page of a packaged strategy, as somebody uses it in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import atms
from atms.report.page.series import series
from atms.reporting import write_page
from atms.result import Result

pytest.importorskip("playwright")
from playwright.sync_api import Browser

from tests.browser.looking import Seen, looking

DESK = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@dataclass(frozen=True)
class Shown:
    """A run that was saved, and its page."""

    result: Result
    page: Path

    @property
    def metrics(self) -> dict[str, Any]:
        return dict(json.loads((self.page.parent / "metrics.json").read_text()))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """Breakout on a year of hours, as it comes: signals, refusals, stops and targets."""
    result = atms.backtest("breakout", ledger__enabled=False, report__html=False)
    folder = result.save(tmp_path_factory.mktemp("run") / "breakout")
    return Shown(result, write_page(result, folder / "report.html"))


@pytest.fixture
def seen(browser: Browser, run: Shown) -> Iterator[Seen]:
    with looking(browser, run.page, **DESK) as found:
        yield found


@pytest.fixture(scope="module")
def still(browser: Browser, run: Shown) -> Iterator[Seen]:
    """The page, for those who only read it."""
    with looking(browser, run.page, **DESK) as found:
        yield found


def micros(moment: pd.Timestamp) -> int:
    return int(moment.value) // 1000


# ---- what it says --------------------------------------------------------------------------------
def test_the_numbers_of_the_strip_are_those_of_metrics_json(still: Seen, run: Shown) -> None:
    figures = still.ask(
        "Object.fromEntries([...document.querySelectorAll('.strip > [id^=figure-]')].map("
        "(one) => [one.id.slice(7), one.querySelector('.value').dataset.value]))"
    )
    assert len(figures) == 8
    assert {name: float(text) for name, text in figures.items()} == {
        name: run.metrics[name] for name in figures
    }


def test_the_table_of_figures_has_every_one_of_metrics_json_exactly(
    still: Seen, run: Shown
) -> None:
    rows = still.ask(
        "[...document.querySelectorAll('#figures tbody tr')].map((row) => "
        "[...row.cells].slice(0, 2).map((cell) => cell.textContent))"
    )
    wanted = {name: "–" if value is None else str(value) for name, value in run.metrics.items()}
    assert dict(rows) == wanted


def test_every_mark_of_the_run_is_drawn(still: Seen, run: Shown) -> None:
    drawn, found = still.drawn, series(run.result)
    assert drawn["fills"] == len(run.result.fills) > 100
    assert drawn["signals"] == len(run.result.decisions) > 50
    assert drawn["trades"] == len(run.result.trades) > 50
    assert drawn["levels"] == len(found["levels"]["time"]) > 100
    assert 300 < drawn["candles"] <= 1200


def test_signals_and_fills_are_different_marks(still: Seen) -> None:
    marks = still.ask(
        "Object.fromEntries(Object.entries(ATMS.price.marks.layers).filter(([, one]) => "
        "one[0].glyph.marker).map(([name, one]) => [name, one[0].glyph.marker.value]))"
    )
    fills = {marks["buys"], marks["sells"]}
    assert len(fills) == 2
    assert not fills & {marks["long"], marks["short"], marks["exit"], marks["refused"]}


def test_series_in_the_page_are_the_runs_bit_by_bit(still: Seen, run: Shown) -> None:
    for name, column in (("bars:0", "close"), ("equity", "value"), ("fills", "price")):
        values = still.ask(f"[...ATMS.series[{name!r}].{column}]")
        assert values == series(run.result)[name][column].tolist(), (name, column)


def test_each_chart_has_a_name_and_a_table_behind_it(still: Seen) -> None:
    snapshot = still.page.locator("main").aria_snapshot()
    figures = still.ask(
        "[...document.querySelectorAll('figure')].map((one) => one.getAttribute('aria-label'))"
    )
    assert len(figures) > 9
    assert len(set(figures)) == len(figures)
    told = re.findall(r'figure "(.*?)"', snapshot)
    assert set(figures) <= set(told)
    behind = still.ask(
        """[...document.querySelectorAll('figure')].map((one) => {
            const more = one.querySelector('details.behind');
            if (more) {
                const before = more.open;
                more.open = true;
                if (more.dataset.rows && one.id) ATMS.charts[one.id].frame.fillRows();
                const rows = more.querySelectorAll('tbody tr').length;
                more.open = before;
                return [one.id, rows];
            }
            const target = document.querySelector(one.querySelector('.behind a').hash);
            return [one.id, target.querySelectorAll('tbody tr').length];
        })"""
    )
    assert [name for name, rows in behind if not rows] == []


def test_headings_and_controls_have_names(still: Seen) -> None:
    snapshot = still.page.locator("body").aria_snapshot()
    assert re.findall(r"- (?:button|searchbox|combobox|link)(?::|$)", snapshot, re.M) == []
    for section in ("Equity", "Price", "Trades", "Costs", "Orders", "Funnel", "Drawdowns"):
        assert f'heading "{section}" [level=2]' in snapshot


# ---- colours -------------------------------------------------------------------------------------
LIGHTNESS = """(() => {
    const numbers = getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).map(Number);
    return (numbers[0] + numbers[1] + numbers[2]) / 3;
})()"""
CANVAS = "ATMS.price.main.background_fill_color"


def test_the_theme_can_be_switched_and_charts_follow(seen: Seen) -> None:
    assert seen.ask(LIGHTNESS) > 200
    before = seen.ask(CANVAS)
    seen.page.get_by_role("button", name="Colours: dark").click()
    seen.settled()
    assert seen.ask(LIGHTNESS) < 60
    assert seen.ask(CANVAS) != before
    seen.page.get_by_role("button", name="Colours: light").click()
    seen.settled()
    assert seen.ask(CANVAS) == before


def test_the_page_follows_a_dark_system_until_it_is_told_otherwise(
    browser: Browser, run: Shown
) -> None:
    with looking(browser, run.page, color_scheme="dark", **DESK) as seen:
        assert seen.ask(LIGHTNESS) < 60
        seen.page.get_by_role("button", name="Colours: light").click()
        assert seen.ask(LIGHTNESS) > 200


# ---- tables --------------------------------------------------------------------------------------
def column(seen: Seen, title: str) -> list[str]:
    """Return what stands in a column of the rows of trades that are shown."""
    return list(
        seen.page.evaluate(
            """(title) => {
            const place = document.getElementById('trades').querySelector('table');
            const heads = [...place.tHead.rows[0].cells];
            const at = heads.findIndex((one) => one.textContent.startsWith(title));
            return [...place.tBodies[0].rows].map(
                (row) => row.cells[at].dataset.value || row.cells[at].textContent);
        }""",
            title,
        )
    )


def test_trades_are_sorted_by_a_click_and_the_other_way_by_the_next(seen: Seen, run: Shown) -> None:
    profits = run.result.trades["net_pnl"]
    table = seen.page.locator("div#trades")
    button = table.get_by_role("button", name=re.compile("^Net profit"))
    heading = table.get_by_role("columnheader", name=re.compile("^Net profit"))
    found = {}
    for _ in range(2):
        button.click()
        order = heading.get_attribute("aria-sort")
        found[order] = [float(text) for text in column(seen, "Net profit")]
    assert found["ascending"] == sorted(profits)[:50]
    assert found["descending"] == sorted(profits, reverse=True)[:50]


def test_a_filter_leaves_the_rows_that_match_and_says_how_many(seen: Seen, run: Shown) -> None:
    wins = run.result.trades["exit_reason"].str.startswith("target")
    assert 0 < wins.sum() < len(wins)
    table = seen.page.locator("div#trades")
    table.get_by_role("searchbox").fill("target")
    seen.page.wait_for_function("document.querySelectorAll('#trades tbody tr').length < 50")
    assert set(column(seen, "Exit reason")) == {"target, 5 ATR away"}
    assert f"{wins.sum()} of {len(wins)} rows" in table.get_by_role("status").inner_text()


def test_the_next_page_shows_the_rest(seen: Seen, run: Shown) -> None:
    table = seen.page.locator("div#trades")
    table.get_by_role("button", name=re.compile("^Rows after")).click()
    assert len(column(seen, "Trade")) == len(run.result.trades) - 50


# ---- the chart of prices -------------------------------------------------------------------------
def test_a_click_on_a_trade_shows_it_in_the_chart(seen: Seen, run: Shown) -> None:
    trade = run.result.trades.iloc[20]
    whole = seen.view
    row = seen.page.locator("#trades tbody tr").nth(20)
    row.locator("td").nth(1).click()
    seen.page.wait_for_function("ATMS.drawn.candles < 600 && ATMS.price.marks.selected === 20")
    seen.settled()
    first, last = seen.view
    assert first <= micros(trade["entry_ts"]) <= micros(trade["exit_ts"]) <= last
    assert last - first < (whole[1] - whole[0]) / 10
    assert "marked" in (row.get_attribute("class") or "")
    assert seen.drawn["trades"] >= 1
    top, height = seen.ask(
        "(({ top, height }) => [top, height])(ATMS.price.frame.figure.getBoundingClientRect())"
    )
    assert top < 900
    assert top + height > 0


def test_zooming_in_ends_at_single_bars(seen: Seen) -> None:
    zoom = seen.page.get_by_role("button", name=re.compile("^Zoom in: .*[Pp]rice"))
    for _ in range(9):  # a year of hours, halved nine times, is 17 hours
        zoom.click()
        seen.settled()
    bars = seen.ask(
        "ATMS.series['bars:0'].time.filter((at) => at / 1000 >= ATMS.price.view.range.start "
        "&& at / 1000 <= ATMS.price.view.range.end).length"
    )
    assert 8 <= bars <= 40
    assert bars <= seen.drawn["candles"] <= bars + 2  # and those at the edges
    seen.page.get_by_role("button", name=re.compile("^Show everything: .*[Pp]rice")).click()
    seen.settled()
    assert seen.drawn["candles"] > 300


def test_the_legend_hides_and_shows(seen: Seen) -> None:
    button = seen.page.locator("figure.price .legend").get_by_role("button", name="buy fill")
    visible = "ATMS.price.marks.layers.buys[0].visible"
    assert (seen.ask(visible), button.get_attribute("aria-pressed")) == (True, "true")
    button.click()
    assert (seen.ask(visible), button.get_attribute("aria-pressed")) == (False, "false")
    button.click()
    assert seen.ask(visible) is True


# ---- paper, phone, keys --------------------------------------------------------------------------
def test_it_prints_to_pdf_and_is_afterwards_as_before(seen: Seen) -> None:
    controls = seen.page.locator("#theme button").first
    printed = seen.page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") >= 3
    seen.page.emulate_media(media="print")
    assert not controls.is_visible()
    wide = seen.ask("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    seen.page.emulate_media(media="screen")
    assert controls.is_visible()


def test_what_follows_a_page_that_lies_on_its_side_is_no_wider_than_its_own(seen: Seen) -> None:
    # Chromium lays a grid out for the first of its pages, and cuts off what later ones lack.
    seen.page.emulate_media(media="print")
    shown = seen.ask(
        "[...document.querySelectorAll('.many')].map((one) => "
        "getComputedStyle(one).page + ' in ' + getComputedStyle(one.parentElement).display)"
    )
    heading = seen.ask("getComputedStyle(document.querySelector('#trades-section > h2')).page")
    seen.page.emulate_media(media="screen")
    assert heading == "lying"  # with the table that it stands above, not alone on the page before
    assert shown
    assert set(shown) == {"lying in block"}


def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Browser, run: Shown) -> None:
    with looking(browser, run.page, **PHONE) as seen:
        assert seen.ask("document.documentElement.scrollWidth") <= 390
        over = seen.ask(
            "[...document.querySelectorAll('figure, .strip > *, header *')].filter((one) => "
            "one.getBoundingClientRect().right > 391 && one.offsetParent && "
            "!one.closest('.scroll')).map((one) => one.id || one.className)"
        )
        assert over == []
        rows = "[...document.querySelectorAll('#figures tbody tr')].map((one) => one.offsetHeight)"
        assert max(seen.ask(rows)) < 36  # of one line each: what is squeezed breaks its figures


def test_tab_reaches_every_control(seen: Seen) -> None:
    seen.ask(
        """(() => {
            const all = [...document.querySelectorAll('a[href], button, input, select, summary, '
                + '[tabindex="0"]')].filter((one) => one.checkVisibility() && !one.disabled);
            globalThis.reached = new Set();
            globalThis.wanted = new Set(all);
            document.addEventListener('focusin', (event) => reached.add(event.target));
            document.body.focus();
        })()"""
    )
    count = seen.ask("wanted.size")
    assert count > 50
    for _ in range(count + 20):
        seen.page.keyboard.press("Tab")
    missed = seen.ask(
        "[...wanted].filter((one) => !reached.has(one)).map((one) => "
        "`${one.tagName} ${one.id} ${one.className} ${one.textContent.slice(0, 40)}`)"
    )
    assert missed == []


def test_without_scripts_the_numbers_are_there_and_the_page_says_what_is_not(
    browser: Browser, run: Shown
) -> None:
    with browser.new_context(java_script_enabled=False, **DESK) as place:
        page = place.new_page()
        page.goto(run.page.resolve().as_uri())
        value = page.locator("#figure-total_return .value")
        assert float(value.get_attribute("data-value") or "") == run.metrics["total_return"]
        assert "Scripts are off" in page.locator("body").inner_text()
