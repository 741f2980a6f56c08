"""What a hand does to the charts: wheel, drag, point, tap, switch of scale; and what paper gets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import atms
from atms.reporting import write_page

pytest.importorskip("playwright")
from playwright.sync_api import Browser

from tests.browser.looking import Seen, looking

DESK = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    result = atms.backtest("breakout", ledger__enabled=False, report__html=False)
    return write_page(result, tmp_path_factory.mktemp("run") / "report.html")


@pytest.fixture(scope="module")
def shown(browser: Browser, file: Path) -> Iterator[Seen]:
    with looking(browser, file, **DESK) as found:
        yield found


@pytest.fixture
def seen(shown: Seen) -> Seen:
    """The page, with the whole run in view again."""
    shown.ask("ATMS.price.view.all()")
    shown.page.locator("#price-chart").scroll_into_view_if_needed()
    shown.settled()
    return shown


def frame(seen: Seen) -> tuple[float, float, float, float]:
    """Return where the candles are on the screen: left, top, width, height."""
    left, top, width, height = seen.ask(
        "(() => { const view = ATMS.price.frame.shown.views()[0]; const {bbox} = view.frame;"
        "const at = view.el.getBoundingClientRect();"
        "return [at.x + bbox.left, at.y + bbox.top, bbox.width, bbox.height]; })()"
    )
    return left, top, width, height


def test_the_wheel_zooms_to_where_it_turns_and_leaves_the_page_where_it_is(seen: Seen) -> None:
    before, height = seen.view, seen.ask("scrollY")
    left, top, width, tall = frame(seen)
    seen.page.mouse.move(left + width / 4, top + tall / 2)
    seen.page.mouse.wheel(0, -400)
    seen.page.wait_for_function(f"ATMS.price.view.range.start * 1000 > {before[0]}")
    seen.settled()
    at = before[0] + (before[1] - before[0]) / 4
    assert seen.view[0] < at < seen.view[1]
    assert seen.ask("scrollY") == height


def test_dragging_moves_the_view_and_keeps_its_width(seen: Seen) -> None:
    seen.ask("ATMS.price.view.zoom(0.25)")
    before = seen.view
    left, top, width, tall = frame(seen)
    seen.page.mouse.move(left + width / 2, top + tall / 2)
    seen.page.mouse.down()
    seen.page.mouse.move(left + width / 2 + 200, top + tall / 2, steps=4)
    seen.page.mouse.up()
    seen.page.wait_for_function(f"ATMS.price.view.range.start * 1000 < {before[0]}")
    seen.settled()
    after = seen.view
    assert after[1] - after[0] == pytest.approx(before[1] - before[0])


def test_pointing_at_a_bar_reads_its_exact_prices_and_its_fill(seen: Seen) -> None:
    fill, bar = seen.ask(
        "(async () => { const {time, price, bar} = ATMS.series.fills; const hours = 40 * 3600e3;"
        "await ATMS.price.view.show(time[4] / 1000 - hours, time[4] / 1000 + hours);"
        "const bars = ATMS.price.bars;"
        "return [price[4], ['open', 'high', 'low', 'close'].map((one) => bars[one][bar[4]])]; })()"
    )
    seen.settled()
    left, top, width, tall = frame(seen)
    seen.page.mouse.move(left + width / 2, top + tall / 2)
    readout = seen.page.locator("#price-chart .readout")
    readout.get_by_text("buy").wait_for()
    said = readout.inner_text().replace(",", "")
    assert f" at {fill!r}" in said
    for letter, value in zip("OHLC", bar, strict=True):
        assert f"{letter} {value:g}" in said or f"{letter} {value!r}" in said


def test_a_tap_on_a_point_shows_that_trade(seen: Seen) -> None:
    seen.page.locator("#mae-chart").scroll_into_view_if_needed()
    across, up = seen.ask(
        "(() => { const view = ATMS.charts['mae-chart'].frame.shown.views()[0];"
        "const at = view.el.getBoundingClientRect();"
        "const {mae_pct, net_pnl_pct} = ATMS.series.trades;"
        "return [at.x + view.frame.x_scale.compute(mae_pct[7]),"
        " at.y + view.frame.y_scale.compute(net_pnl_pct[7])]; })()"
    )
    seen.page.mouse.click(across, up)
    seen.page.wait_for_function("ATMS.price.marks.selected === 7")
    entry, leaving = seen.ask("[ATMS.series.trades.time[7], ATMS.series.trades.exit_time[7]]")
    seen.page.wait_for_function(f"ATMS.price.view.range.start * 1000 > {entry} - 30 * 86400e6")
    assert seen.view[0] < entry < leaving < seen.view[1]


def test_the_scale_of_equity_is_switched_and_back(seen: Seen) -> None:
    scale = "ATMS.charts['equity-chart'].frame.plots[0].y_scale.type"
    button = seen.page.locator("#equity-chart").get_by_role("button", name="Logarithmic scale")
    for pressed, kind in (("true", "LogScale"), ("false", "LinearScale")):
        button.click()
        seen.page.wait_for_function(f"{scale} === '{kind}'")
        assert button.get_attribute("aria-pressed") == pressed
        seen.settled()


def printed(seen: Seen) -> list[str]:
    """Return the pictures that paper gets, one a chart."""
    found: list[str] = seen.ask(
        "(() => { dispatchEvent(new Event('beforeprint')); try {"
        "return [...document.querySelectorAll('canvas.printed')].map((one) => one.toDataURL());"
        "} finally { dispatchEvent(new Event('afterprint')); } })()"
    )
    return found


def test_paper_gets_the_same_pictures_from_a_dark_screen_as_from_a_light_one(
    browser: Browser, file: Path
) -> None:
    pictures = []
    for scheme in ("dark", "light"):
        with looking(browser, file, **DESK | {"color_scheme": scheme}) as seen:
            pictures.append(printed(seen))
            assert seen.page.locator("canvas.printed").count() == 0
            charts = seen.ask("Object.values(ATMS.charts).filter((one) => one.frame.shown).length")
    assert len(pictures[0]) == charts
    assert pictures[0] == pictures[1]


def test_a_browser_that_cannot_unpack_says_what_it_lacks(browser: Browser, file: Path) -> None:
    with browser.new_context(**DESK) as place:
        page = place.new_page()
        page.add_init_script("delete window.DecompressionStream")
        page.goto(file.as_uri())
        assert "DecompressionStream" in page.locator("#old").inner_text()
        assert page.locator("#figure-total_return .value").inner_text().endswith("%")
