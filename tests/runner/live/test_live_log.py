"""A live run's log: lines of JSON, a bounded number of files, no secret, nobody held up."""

from __future__ import annotations

import json
import logging
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atms.config import Config, load_config
from atms.running.events import tell
from atms.running.live_log import NAME, SCREEN, logging_to

SECRET = 'q"W/3+ +%é' + "z" * 20
OURS = logging.getLogger("atms.somewhere")
CONFIG = {
    "stores": {"main": {"venue": "binance", "key": "${LOG_KEY}", "secret": "file:secret"}},
    "data": {"feeds": [{"name": "btc", "store": "main", "symbol": "BTC/USDT", "timeframe": "1h"}]},
    "strategy": "ma_cross",
    "ledger": {"url": "postgresql+psycopg2://me:dbpassword@127.0.0.1/atms"},
}


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Config]:
    """A config with two secrets and a password, and *operations* as given."""
    monkeypatch.setenv("LOG_KEY", SECRET)
    Path("secret").write_text("another-secret\n")
    logging.getLogger("atms").setLevel(logging.NOTSET)
    return lambda **operations: load_config({**CONFIG, "operations": operations}).config


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let no handlers be set up, as in a program of its own: pytest has, by the time of a test."""
    return lambda: monkeypatch.setattr(logging.getLogger(), "handlers", [])


def lines(path: str | Path = NAME) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def test_an_event_is_a_line_with_its_words_and_the_same_as_data(config: Any) -> None:
    with logging_to(Path(), "run-1", config()):
        tell("order Accepted: buy 1 btc", {"order": "k-1-1", "price": None, "size": 1.5})
    (line,) = lines()
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "info", "logger": "atms.running.events", "run": "run-1",
        "text": "order Accepted: buy 1 btc",
        "about": {"order": "k-1-1", "price": None, "size": 1.5},
    }  # fmt: skip
    assert stat.S_IMODE(Path(NAME).stat().st_mode) == 0o600


def test_what_is_no_number_in_json_is_null(config: Any) -> None:
    with logging_to(Path(), "run-1", config()):
        tell("x", {"a": float("nan"), "b": float("inf"), "c": {1: [float("-inf"), object]}})
    (line,) = lines()
    assert line["about"] == {"a": None, "b": None, "c": {"1": [None, "<class 'object'>"]}}


def test_the_screen_has_warnings_and_the_file_everything(
    config: Any, alone: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    alone()
    with logging_to(Path(), "run-1", config()):
        OURS.info("quiet")
        OURS.warning("loud")
        OURS.warning("for people", extra={"only": SCREEN})
        tell("for the file", {}, logging.WARNING)
        logging.getLogger("aiohttp").warning("theirs")
        logging.getLogger("aiohttp").info("not let through by its own logger")
    err = [line[9:] for line in capsys.readouterr().err.splitlines()]
    assert err == ["warning: loud", "warning: for people", "warning: theirs"]
    assert [line["text"] for line in lines()] == ["quiet", "loud", "for the file", "theirs"]


def test_a_programs_own_handlers_get_what_they_got_before(
    config: Any, alone: Callable[[], None]
) -> None:
    alone()
    heard: list[str] = []

    class Theirs(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    logging.getLogger().addHandler(Theirs())
    with logging_to(Path(), "run-1", config()):
        OURS.info("quiet")
        OURS.warning("loud")
        tell("for the file", {}, logging.ERROR)
    OURS.warning("afterwards")
    assert heard == ["loud", "afterwards"]
    assert logging.getLogger("atms").handlers == []
    assert logging.getLogger("atms").propagate


def test_a_level_leaves_out_what_is_below_it(config: Any) -> None:
    with logging_to(Path(), "run-1", config(log_level="warning")):
        tell("quiet", {})
        tell("loud", {}, logging.WARNING)
    assert [line["text"] for line in lines()] == ["loud"]


def test_without_a_log_there_is_no_file(config: Any) -> None:
    with logging_to(Path(), "run-1", config(log=False)):
        tell("loud", {}, logging.WARNING)
    assert not Path(NAME).exists()


def test_no_text_of_a_line_holds_a_secret(
    config: Any, alone: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    alone()
    from urllib.parse import quote, quote_plus

    with logging_to(Path(), "run-1", config()):
        for text in (SECRET, quote(SECRET, safe=""), quote_plus(SECRET)):
            OURS.warning("sent %s with another-secret to me:dbpassword@host", text)
        tell("x", {SECRET: [SECRET, {"deep": f"a {SECRET} b"}]})
        try:
            raise ValueError(f"the key {SECRET}")
        except ValueError:
            tell("failed", {}, logging.ERROR, error=True)
    texts = Path(NAME).read_text(), capsys.readouterr().err
    for text in texts:
        assert "sent *** with *** to me:***@host" in text
        for part in ("z" * 20, "another-secret", "dbpassword"):
            assert part not in text
    assert "ValueError: the key ***" in lines()[-1]["error"]


@pytest.mark.parametrize("files", [1, 3])
def test_so_many_files_of_that_size_are_kept_and_no_more(config: Any, files: int) -> None:
    with logging_to(Path(), "run-1", config(log_max_mb=0.002, log_files=files)):
        for number in range(100):
            tell(f"event {number}", {})
    names = sorted(path.name for path in Path().glob(f"{NAME}*"))
    assert names == [NAME, *(f"{NAME}.{n}" for n in range(1, files))]
    assert all(path.stat().st_size <= 2000 for path in Path().glob(f"{NAME}*"))
    kept = [line["text"] for name in reversed(names) for line in lines(name)]
    assert kept == [f"event {number}" for number in range(100 - len(kept), 100)]
    assert len(kept) > 5 * files


def test_a_disk_that_takes_nothing_is_told_once_and_ends_nothing(
    config: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("folder", NAME).mkdir(parents=True)  # nothing can be written there
    with logging_to(Path("folder"), "run-1", config()):
        for _ in range(3):
            tell("lost", {})
    err = capsys.readouterr().err
    assert err.count("the run goes on without its log") == 1
    assert "Traceback" not in err


def test_text_that_cannot_be_made_a_line_is_left_out_and_ends_nothing(config: Any) -> None:
    class Bad:
        def __str__(self) -> str:
            raise ValueError("no text")

    with logging_to(Path(), "run-1", config()):
        tell("bad", {"one": Bad()})
        tell("good", {})
    assert [line["text"] for line in lines()] == ["good"]
