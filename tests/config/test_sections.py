"""The config's sections: what each key accepts, and what is said of what it does not accept."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ValidationError

import atms
from atms.config import Config, load_config
from atms.errors import ConfigError

CONFIGS = Path(atms.__file__).parent / "configs"
BASE = """\
data:
  feeds:
    - source: a.csv
strategy: ma_cross
"""


def load(text: str) -> Config:
    Path("c.yaml").write_text(text)
    return load_config("c.yaml", environment={}).config


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(text)
    return str(caught.value).splitlines()


def with_feed(keys: str) -> str:
    return f"data:\n  feeds:\n    - source: a.csv\n      {keys}\nstrategy: ma_cross\n"


# ---- errors --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BASE + "brokr: {cash: 1}\n", "c.yaml:5: brokr: unknown key; did you mean 'broker'?"),
        (
            BASE + "'broker ': {cash: 1}\n",
            "c.yaml:5: broker : unknown key; did you mean 'broker'?",
        ),
        (
            BASE + "broker:\n  csh: 1\n",
            "c.yaml:6: broker.csh: unknown key; did you mean 'cash'?",
        ),
        (
            with_feed("symbl: X"),
            "c.yaml:4: data.feeds.0.symbl: unknown key; did you mean 'symbol'?",
        ),
        (
            with_feed("instrument: {tik: 1}"),
            "c.yaml:4: data.feeds.0.instrument.tik: unknown key; did you mean 'tick'?",
        ),
        (
            BASE + "stores:\n  main: {venue: kraken, kee: x}\n",
            "c.yaml:6: stores.main.kee: unknown key; did you mean 'key'?",
        ),
        (
            BASE + "report:\n  analyzers:\n    - {nam: x}\n",
            "c.yaml:7: report.analyzers.0.nam: unknown key; did you mean 'name'?",
        ),
        (
            BASE.replace("ma_cross", "{name: ma_cross, parms: {}}"),
            "c.yaml:4: strategy.parms: unknown key; did you mean 'params'?",
        ),
    ],
)
def test_an_unknown_key_is_named_with_its_line_and_the_nearest_known(
    text: str, expected: str
) -> None:
    assert expected in problems(text)


def test_an_unknown_key_that_is_near_to_none_lists_the_known_ones() -> None:
    (line,) = problems(BASE + "broker: {zzz: 1}\n")
    assert line.startswith("c.yaml:5: broker.zzz: unknown key; known: borrow, cash, commission, ")


def test_all_problems_are_told_at_once_and_none_twice() -> None:
    found = problems("""\
data:
  feeds:
    - {source: a.csv, symbl: X, timeframe: 15}
strategy: ma_cross
broker: {cash: -5, commision: 1%}
run: {timerange: 2018-06-30..2018-01-01, seed: -1}
report: {risk_free: x%}
brokr: {cash: 1}
""")
    places = sorted(re.match(r"c\.yaml:(\d+): ([\w.]+): ", line).groups() for line in found)  # type: ignore[union-attr]
    assert places == [
        ("3", "data.feeds.0.symbl"),
        ("3", "data.feeds.0.timeframe"),
        ("5", "broker.cash"),
        ("5", "broker.commision"),
        ("6", "run.seed"),
        ("6", "run.timerange"),
        ("7", "report.risk_free"),
        ("8", "brokr"),
    ]


def test_a_wrong_feed_does_not_make_its_list_wrong_too() -> None:
    (line,) = problems(with_feed("timeframe: 15"))
    assert line.startswith("c.yaml:4: data.feeds.0.timeframe: '15' is no timeframe; write")


@pytest.mark.parametrize("missing", ["data", "strategy"])
def test_a_missing_section_is_named_with_its_file(missing: str) -> None:
    text = "strategy: ma_cross\n" if missing == "data" else BASE.replace("strategy: ma_cross\n", "")
    (line,) = problems(text)
    assert re.fullmatch(rf"c\.yaml(:\d+)?: {missing}: is required and not given", line)


@pytest.mark.parametrize(
    ("text", "place", "key", "words"),
    [
        (
            BASE.replace("source: a.csv", "store: nope"),
            "c.yaml:3",
            "data.feeds.0.store",
            "'nope'",
        ),
        (BASE + "report:\n  benchmark: nope\n", "c.yaml:6", "report.benchmark", "'nope'"),
        (
            "data:\n  feeds:\n    - {of: b, resample: 1d}\n    - {source: a.csv, name: b}\n"
            "strategy: ma_cross\n",
            "c.yaml:",
            "data.feeds",
            "must stand before it",
        ),
        (
            "data:\n  feeds:\n    - {source: a.csv}\n    - {source: b.csv, name: data0}\n"
            "strategy: ma_cross\n",
            "c.yaml:",
            "data.feeds",
            "two feeds are called 'data0'",
        ),
        (with_feed("of: b"), "c.yaml:3", "data.feeds.0", "not several"),
        (
            with_feed("resample: 1h\n      replay: 1d"),
            "c.yaml:3",
            "data.feeds.0",
            "either resample or replay",
        ),
        (BASE.replace("source: a.csv", "name: x"), "c.yaml:3", "data.feeds.0", "needs a source"),
        ("data: {feeds: []}\nstrategy: ma_cross\n", "c.yaml:1", "data.feeds", "at least 1"),
    ],
    ids=["store", "benchmark", "of", "names", "source and of", "twice", "no source", "no feeds"],
)
def test_what_does_not_fit_together_is_told_with_file_line_and_key(
    text: str, place: str, key: str, words: str
) -> None:
    found = problems(text)
    assert any(
        line.startswith(place) and f": {key}: " in line and words in line for line in found
    ), found


@pytest.mark.parametrize(
    "section", ["broker", "run", "risk", "execution", "stores", "data", "report"]
)
def test_errors_do_not_speak_of_our_classes(section: str) -> None:
    text = BASE if section != "data" else "strategy: ma_cross\n"
    found = "\n".join(problems(f"{text}{section}: 5\n"))
    assert f": {section}: " in found
    assert "Section" not in found


def test_an_empty_risk_and_execution_are_accepted() -> None:
    assert load(BASE + "risk: {}\nexecution: {}\n")


@pytest.mark.parametrize("value", ["2", "'1'", "latest"])
def test_another_version_of_the_format_is_refused(value: str) -> None:
    (line,) = problems(f"version: {value}\n{BASE}")
    assert line.startswith("c.yaml:1: version: ")


# ---- frozen --------------------------------------------------------------------------------------
def test_every_section_is_frozen_and_forbids_unknown_keys() -> None:
    config = load(with_feed("instrument: {tick: 0.5}") + "stores: {main: {venue: kraken}}\n")
    sections: list[BaseModel] = [
        config,
        config.run,
        config.stores["main"],
        config.data,
        config.data.feeds[0],
        config.data.feeds[0].instrument,
        config.strategy,
        config.risk,
        config.broker,
        config.execution,
        config.ledger,
        config.report,
    ]
    for section in sections:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(section, next(iter(type(section).model_fields), "anything"), 1)
        with pytest.raises(ValidationError, match="Extra inputs"):
            type(section).model_validate({**section.model_dump(), "unheard_of": 1})


# ---- units ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1%", 0.001),
        ("2%", 0.02),
        ("10 %", 0.1),
        ("'0.5%'", 0.005),
        ("0.001", 0.001),
        ("1e-3", 0.001),
        ("0", 0.0),
        ("0%", 0.0),
    ],
)
def test_a_percentage_may_carry_its_sign(text: str, value: float) -> None:
    assert load(f"{BASE}broker: {{commission: {text}}}\n").broker.commission == value


@pytest.mark.parametrize("text", ["x%", "1", "100%", "-1%", ".nan", ".inf", "abc", "[1]", "~"])
def test_what_is_no_commission_is_refused(text: str) -> None:
    (line,) = problems(f"{BASE}broker: {{commission: {text}}}\n")
    assert line.startswith("c.yaml:5: broker.commission: ")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("15m", 15 * 60),
        ("15 m", 15 * 60),
        ("90m", 90 * 60),
        ("1h", 3600),
        ("1d", 86_400),
        ("1w", 7 * 86_400),
        ("1M", 2_629_746),  # a mean Gregorian month: 365.2425 / 12 days
    ],
)
def test_a_duration_takes_a_unit(text: str, seconds: int) -> None:
    timeframe = load(with_feed(f"timeframe: {text}")).data.feeds[0].timeframe
    assert timeframe is not None
    assert timeframe.seconds == seconds
    assert str(timeframe) == text.replace(" ", "")


@pytest.mark.parametrize("text", ["15", "0m", "-5m", "1.5h", "1y", "1H", "m", "12:30", "[1h]"])
def test_what_is_no_duration_says_how_one_is_written(text: str) -> None:
    line = problems(with_feed(f"timeframe: {text}"))[0]
    assert line.startswith("c.yaml:4: data.feeds.0.timeframe: ")
    assert "1h" in line


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        # The last day is included, so the range ends before the next day begins.
        ("2018-01-01..2018-06-30", "2018-01-01", "2018-07-01"),
        ("20180101-20180630", "2018-01-01", "2018-07-01"),
        ("2018-01-01 .. 2018-06-30", "2018-01-01", "2018-07-01"),
        ("2018-01-01..", "2018-01-01", None),
        ("..2018-06-30", None, "2018-07-01"),
        ("20180101-", "2018-01-01", None),
        ("-20180630", None, "2018-07-01"),
        ("2018-01-01..2018-01-01", "2018-01-01", "2018-01-02"),
        ("2018-12-31..2018-12-31", "2018-12-31", "2019-01-01"),
        ("2020-02-01..2020-02-29", "2020-02-01", "2020-03-01"),
        ("2018..2019", "2018-01-01", "2020-01-01"),
        ("2018-02..2018-12", "2018-02-01", "2019-01-01"),
        # A time of day is taken as it is.
        ("2018-01-01T12:00..2018-01-02T12:30", "2018-01-01T12:00", "2018-01-02T12:30"),
        ("2018-01-01T02:00+02:00..2018-01-02T00:00Z", "2018-01-01", "2018-01-02"),
    ],
)
def test_a_time_range_is_read(text: str, start: str | None, end: str | None) -> None:
    timerange = load(f"{BASE}run:\n  timerange: {text}\n").run.timerange
    assert timerange is not None
    assert timerange.start == (None if start is None else day(start))
    assert timerange.end == (None if end is None else day(end))
    assert all(side is None or side.tzinfo is UTC for side in (timerange.start, timerange.end))


@pytest.mark.parametrize(
    "text",
    [
        "2018-01-01..2018-06-30",
        "2018-01-01..",
        "..2018-06-30",
        "2018-01-01T12:00..2018-01-02T12:30",
        "2018-01-01..2018-06-30T00:00",
        "2018..2019-06",
    ],
)
def test_a_time_range_is_written_so_that_it_reads_back_equal(text: str) -> None:
    once = load(f"{BASE}run:\n  timerange: {text}\n").run.timerange
    again = load(f"{BASE}run:\n  timerange: {once}\n").run.timerange
    assert again == once


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2018-06-30..2018-01-01", "ends before it starts"),
        ("20180630-20180101", "ends before it starts"),
        ("2018-01-01T12:00..2018-01-01T12:00", "ends before it starts"),
        ("..", "write 2018-01-01..2018-06-30"),
        ("'-'", "write 2018-01-01..2018-06-30"),
        ("2018-01-01", "write 2018-01-01..2018-06-30"),
        ("20180101", "write 2018-01-01..2018-06-30"),
        ("2018-02-30..", "'2018-02-30' is no date"),
        ("2018-13-01..2019-01-01", "'2018-13-01' is no date"),
        ("20180230-20180301", "'20180230' is no date"),
        ("yesterday..today", "'yesterday' is no date"),
        ("2018-01-01...2018-02-01", "no date"),
        ("[2018-01-01, 2018-06-30]", "write it as text"),
        ("true", "write it as text"),
        ("2018-01-01..9999-12-31", ""),  # the day after has no name
        ("2018..9999-12", ""),
        ("2018..9999", ""),
        ("0001-01-01T00:00+05:00..", ""),
    ],
)
def test_what_is_no_time_range_is_refused(text: str, words: str) -> None:
    (line,) = problems(f"{BASE}run:\n  timerange: {text}\n")
    assert line.startswith("c.yaml:6: run.timerange: ")
    assert words in line


@pytest.mark.parametrize("key", ["run", "feed"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_a_time_zone_is_an_iana_name(zone: str, key: str) -> None:
    config = load(f"{BASE}run: {{timezone: {zone}}}\n" if key == "run" else with_zone(zone))
    found = config.run.timezone if key == "run" else config.data.feeds[0].timezone
    assert found == zone


def with_zone(zone: str) -> str:
    return with_feed(f"timezone: {zone}")


@pytest.mark.parametrize("zone", ["Mars/Phobos", "''", "../etc/passwd", "/etc/passwd", "5", "on"])
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    (line,) = problems(f"{BASE}run:\n  timezone: {zone}\n")
    assert line.startswith("c.yaml:6: run.timezone: ")
    line = problems(with_zone(zone))[0]
    assert line.startswith("c.yaml:4: data.feeds.0.timezone: ")
    assert "America/New_York" in line


@pytest.mark.parametrize("value", ["0", "-1", ".nan", ".inf", "1k", "10%", "[1]", "~"])
def test_cash_is_a_finite_amount_above_zero(value: str) -> None:
    (line,) = problems(f"{BASE}broker:\n  cash: {value}\n")
    assert line.startswith("c.yaml:6: broker.cash: ")


@pytest.mark.parametrize(("value", "read"), [("auto", "auto"), ("0", 0), ("50", 50)])
def test_the_warm_up_is_auto_or_a_number_of_bars(value: str, read: Any) -> None:
    text = BASE.replace("data:\n", f"data:\n  warmup: {value}\n")
    assert load(text).data.warmup == read


@pytest.mark.parametrize("value", ["-1", "some", "1.5", "~"])
def test_what_is_no_warm_up_is_refused(value: str) -> None:
    found = problems(BASE.replace("data:\n", f"data:\n  warmup: {value}\n"))
    assert all(line.startswith("c.yaml:2: data.warmup: ") for line in found)


def test_an_instrument_keeps_its_decimals_exactly() -> None:
    text = with_feed("instrument: {tick: '0.1', step: 0.00000001, multiplier: 50}")
    instrument = load(text).data.feeds[0].instrument
    assert instrument.tick == Decimal("0.1")
    assert instrument.step == Decimal("0.00000001")
    assert instrument.multiplier == 50


def test_words_that_yaml_1_1_would_turn_into_truth_stay_names() -> None:
    feed = load(with_feed("symbol: on\n      venue: off\n      currency: no")).data.feeds[0]
    assert (feed.symbol, feed.venue, feed.currency) == ("on", "off", "no")


@pytest.mark.parametrize(
    ("feeds", "names", "symbols"),
    [
        ("[{source: a.csv}]", ["data"], ["data"]),
        ("[{source: a.csv}, {source: b.csv}]", ["data0", "data1"], ["data0", "data1"]),
        ("[{source: a.csv, symbol: X}]", ["X"], ["X"]),
        ("[{source: a.csv, symbol: X, name: x}]", ["x"], ["X"]),
        (
            "[{source: a.csv, symbol: X, name: x}, {of: x, resample: 1d, name: day}]",
            ["x", "day"],
            ["X", "X"],
        ),
    ],
)
def test_a_feed_is_called_by_its_name_else_its_symbol_else_its_place(
    feeds: str, names: list[str], symbols: list[str]
) -> None:
    found = load(f"data: {{feeds: {feeds}}}\nstrategy: ma_cross\n").data.feeds
    assert [feed.name for feed in found] == names
    assert [feed.symbol for feed in found] == symbols


# ---- the schema, and the packaged configs --------------------------------------------------------
def printed_schema(cli) -> dict[str, Any]:
    code, out, err = cli("config", "schema")
    assert (code, err) == (0, "")
    return dict(json.loads(out))


def test_the_packaged_schema_is_what_config_schema_prints(cli) -> None:
    code, out, _ = cli("config", "schema")
    assert code == 0
    assert (CONFIGS / "schema.json").read_text() == out


def test_the_schema_can_be_written_to_a_file(cli) -> None:
    code, out, _ = cli("config", "schema", "--out", "schema.json")
    assert (code, out) == (0, "")
    assert json.loads(Path("schema.json").read_text()) == printed_schema(cli)


def test_a_schema_that_cannot_be_written_says_where(cli) -> None:
    Path("file").touch()
    code, _, err = cli("config", "schema", "--out", "file/schema.json")
    assert code == 1
    assert "file/schema.json" in err
    assert "bug" not in err


def test_the_schema_names_every_section_in_the_order_of_thought(cli) -> None:
    assert list(printed_schema(cli)["properties"]) == [
        "version", "run", "stores", "data", "strategy", "sizer", "risk", "broker", "execution",
        "operations", "ledger", "report",
    ]  # fmt: skip


def against(schema: dict[str, Any], value: Any, root: dict[str, Any], path: str) -> list[str]:
    """Return what *schema* does not allow in *value*: unknown and missing keys, wrong kinds.

    A few lines in the place of a dependency: the parts of JSON Schema that ours is made of.
    """
    if "$ref" in schema:
        return against(root["$defs"][schema["$ref"].rpartition("/")[2]], value, root, path)
    if "anyOf" in schema:
        found = [against(option, value, root, path) for option in schema["anyOf"]]
        return min(found, key=len)
    if "const" in schema:
        return [] if value == schema["const"] else [f"{path}: is not {schema['const']}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{path}: {value!r} is not one of {schema['enum']}"]
    kinds = {
        "object": dict, "array": list, "string": str, "integer": int, "number": (int, float),
        "boolean": bool, "null": type(None),
    }  # fmt: skip
    named = schema.get("type", [])
    allowed = [kinds[name] for name in ([named] if isinstance(named, str) else named)]
    if allowed and not any(isinstance(value, kind) for kind in allowed):
        return [f"{path}: {value!r} is no {named}"]
    found = []
    if isinstance(value, dict):
        known, more = schema.get("properties", {}), schema.get("additionalProperties", True)
        found += [
            f"{path}.{key}: missing" for key in schema.get("required", []) if key not in value
        ]
        for key, nested in value.items():
            if key in known:
                found += against(known[key], nested, root, f"{path}.{key}")
            elif more is False:
                found.append(f"{path}.{key}: unknown")
            elif isinstance(more, dict):
                found += against(more, nested, root, f"{path}.{key}")
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            found += against(schema["items"], item, root, f"{path}.{index}")
    return found


def refused_by_schema(text: str, cli) -> list[str]:
    schema = printed_schema(cli)
    return against(schema, yaml.safe_load(text), schema, "")


LONG = BASE.replace("ma_cross", "{name: ma_cross}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (LONG + "brokr: {}\n", ".brokr: unknown"),
        (LONG + "broker: {csh: 1}\n", ".broker.csh: unknown"),
        (LONG.replace("source", "sorce"), ".data.feeds.0.sorce: unknown"),
        (LONG + "stores: {main: {kee: x, venue: y}}\n", ".stores.main.kee: unknown"),
        (LONG + "risk: {max: 1}\n", ".risk.max: unknown"),
        ("strategy: {name: ma_cross}\n", ".data: missing"),
        (LONG.replace("name: ma", "parms: {}, name: ma"), ".strategy.parms: unknown"),
        (LONG + "run: {close_at_end: 'maybe'}\n", ".run.close_at_end: 'maybe' is no boolean"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(text: str, expected: str, cli) -> None:
    assert refused_by_schema(text, cli) == [expected]
    assert problems(text)


@pytest.mark.parametrize(
    "text",
    [
        "strategy: ma_cross\n",
        "strategy: {name: ma_cross, params: {fast: 3}}\n",
        "strategy: {name: a}\nsizer: 'b:B'\n",
        "strategy: {name: a}\nreport: {analyzers: ['b:B', {name: 'c:C'}]}\n",
        "strategy: {name: a}\nbroker: {cash: 1000, commission: 0.1%}\n",
        "strategy: {name: a}\nbroker: {commission: 0.001}\n",
        "strategy: {name: a}\nrun: {timerange: 2018-01-01..2018-06-30, name: null}\n",
        "strategy: {name: a}\nstores: {m: {venue: kraken, key: '${K}', options: {a: [1]}}}\n",
        "strategy: {name: a}\nrisk: {}\nexecution: {}\n",
        "strategy: {name: a}\nrisk: {max_position: 1, max_daily_loss: 5%, max_rejects: 3}\n",
        "strategy: {name: a}\nrisk: {max_position: {data: 1.5}, max_daily_loss: 500}\n",
        "strategy: {name: a}\nexecution: {align: 2s, on_stop: flatten, state_dir: x}\n",
        "strategy: {name: a}\nstores: {m: {venue: b, url: '${U}', market_clock: stream}}\n",
    ],
)
def test_the_schema_allows_what_the_loader_allows(text: str, cli) -> None:
    whole = "data: {warmup: 5, feeds: [{source: a.csv, timeframe: 1h}]}\n" + text
    assert load(whole)
    assert refused_by_schema(whole, cli) == []


PACKAGED = sorted(CONFIGS.glob("*.yaml"))


def test_there_are_packaged_configs() -> None:
    assert "quickstart.yaml" in [path.name for path in PACKAGED]


@pytest.mark.parametrize("path", PACKAGED, ids=lambda path: path.name)
def test_a_packaged_config_names_its_schema_for_editors(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert found
    assert (path.parent / found[1]).read_bytes() == (CONFIGS / "schema.json").read_bytes()


@pytest.mark.parametrize("path", PACKAGED, ids=lambda path: path.name)
def test_a_packaged_config_is_valid(path: Path, cli) -> None:
    code, out, err = cli("config", "validate", "-c", str(path))
    assert (code, err) == (0, "")
    assert out.startswith("valid: ")
    assert refused_by_schema(path.read_text(), cli) == []
