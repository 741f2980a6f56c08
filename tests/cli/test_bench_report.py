"""``bench report``: what it measures of a page, with a browser and without."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from atms.bench import page as paging
from atms.bench.browser import executable, missing

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "missing", lambda: "none here")
    monkeypatch.setattr("atms.cli.bench_report.missing", lambda: "none here")


def test_the_parts_of_a_page_are_all_of_it() -> None:
    text = (
        "<html><style>s</style>"
        '<script type="application/json" id="atms-contents">12</script>'
        '<script type="application/json" id="atms-series">ü</script>'
        '<script type="text/plain" id="atms-bokeh">b</script><script>run</script></html>'
    )
    parts = paging.sizes_of(text)
    assert sum(parts.values()) == len(text.encode())
    assert parts["series"] == len('<script type="application/json" id="atms-series"></script>') + 2
    assert parts["scripts and styles"] == len("<style>s</style><script>run</script>")
    assert parts["markup"] == len("<html></html>")


def test_without_a_browser_sizes_are_measured_and_it_is_said_what_is_missing(
    no_browser: None, cli: Cli
) -> None:
    code, out, err = cli("bench", "report", "--bars", "3000", "--json", "figures.json")
    assert code == 0, err
    assert "3,000" in out
    assert "none here" in err
    (found,) = json.loads(Path("figures.json").read_text())["report"]
    assert found["size"] == sum(found["parts"].values())
    assert found["watched"] is None
    assert 3000 / 40 < found["fills"] < 3000 / 15  # about one in 24 bars


def test_what_it_cannot_be_combined_with_is_refused(cli: Cli) -> None:
    for more in (("--profile",), ("--full",), ("cross",)):
        code, _, err = cli("bench", "report", *more)
        assert code == 2, more
        assert "report" in err


@pytest.mark.parametrize(
    ("playwright", "chromium", "word"),
    [(False, True, "Playwright"), (True, False, "Chromium"), (True, True, "")],
)
def test_what_is_missing_for_a_browser_is_named_with_how_to_get_it(
    playwright: bool, chromium: bool, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object() if playwright else None)
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}" if chromium else None)
    said = missing()
    assert said == "" if not word else word in said and "install" in said
    assert (executable() == "/bin/chromium") == chromium
