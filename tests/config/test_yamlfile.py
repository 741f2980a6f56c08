"""The YAML reader: the scalars of YAML 1.2, the place of every key, and what is no config."""

from __future__ import annotations

import math
import re

import pytest

from atms.config.yamlfile import parse_scalar, read_layer
from atms.errors import ConfigError

# From the core schema of YAML 1.2 (chapter 10.3.2); PyYAML alone reads YAML 1.1.
SCALARS = [
    ("on", "on"),
    ("off", "off"),
    ("yes", "yes"),
    ("no", "no"),
    ("y", "y"),
    ("true", True),
    ("True", True),
    ("FALSE", False),
    ("tRUE", "tRUE"),
    ("null", None),
    ("Null", None),
    ("NULL", None),
    ("~", None),
    ("nULL", "nULL"),
    ("12:30", "12:30"),
    ("1:2:3", "1:2:3"),
    ("2018-01-01", "2018-01-01"),
    ("2018-01-01T00:00:00Z", "2018-01-01T00:00:00Z"),
    ("0", 0),
    ("007", 7),
    ("010", 10),
    ("-012", -12),
    ("+3", 3),
    ("0o17", 15),
    ("0x1F", 31),
    ("0b11", "0b11"),
    ("0xFG", "0xFG"),
    ("1_000", "1_000"),
    ("12345678901234567890123", 12345678901234567890123),
    ("1e5", 100000.0),
    ("1E5", 100000.0),
    ("1.5e-3", 0.0015),
    ("-.5", -0.5),
    ("5.", 5.0),
    ("010.5", 10.5),
    ("1e", "1e"),
    ("0.1.2", "0.1.2"),
    (".inf", math.inf),
    (".Inf", math.inf),
    ("+.INF", math.inf),
    ("-.inf", -math.inf),
    ("inf", "inf"),
    ("nan", "nan"),
    ("'5'", "5"),
    ('"on"', "on"),
    ("15m", "15m"),
    ("2%", "2%"),
]


@pytest.mark.parametrize(("text", "value"), SCALARS, ids=[text for text, _ in SCALARS])
def test_a_scalar_is_read_by_the_rules_of_yaml_1_2(text: str, value: object) -> None:
    in_file = read_layer(f"key: {text}\n", "c.yaml").values["key"]
    alone = parse_scalar(text)
    assert (type(in_file), in_file) == (type(value), value)
    assert (type(alone), alone) == (type(value), value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number_is_read_in_its_three_spellings(text: str) -> None:
    assert math.isnan(read_layer(f"key: {text}\n", "c.yaml").values["key"])
    assert math.isnan(parse_scalar(text))


def test_an_empty_value_is_null() -> None:
    assert read_layer("key:\n", "c.yaml").values == {"key": None}
    assert parse_scalar("") is None


def test_keys_stay_the_text_that_was_written() -> None:
    values = read_layer("on: 1\n5: 2\n01: 3\ntrue: 4\n~: 5\n1.50: 6\n", "c.yaml").values
    assert values == {"on": 1, "5": 2, "01": 3, "true": 4, "~": 5, "1.50": 6}


def test_every_key_knows_its_line() -> None:
    text = """\
# a comment
run:
  seed: 1

data:
  feeds:
    - source: a.csv
      instrument: {tick: 0.5}
    - of: a
"""
    origins = read_layer(text, "c.yaml").origins
    found = {path: place for path, place in origins.items() if path}
    assert found == {
        ("run",): "c.yaml:2",
        ("run", "seed"): "c.yaml:3",
        ("data",): "c.yaml:5",
        ("data", "feeds"): "c.yaml:6",
        ("data", "feeds", 0): "c.yaml:7",
        ("data", "feeds", 0, "source"): "c.yaml:7",
        ("data", "feeds", 0, "instrument"): "c.yaml:8",
        ("data", "feeds", 0, "instrument", "tick"): "c.yaml:8",
        ("data", "feeds", 1): "c.yaml:9",
        ("data", "feeds", 1, "of"): "c.yaml:9",
    }


@pytest.mark.parametrize(
    ("text", "place", "key"),
    [
        ("a: 1\nb: 2\na: 3\n", "c.yaml:3", "a"),
        ("run:\n  seed: 1\n  name: x\n  seed: 2\n", "c.yaml:4", "run.seed"),
        ("run: {seed: 1, seed: 1}\n", "c.yaml:1", "run.seed"),
        ("feeds:\n  - name: x\n    name: y\n", "c.yaml:3", "feeds.0.name"),
        ("5: a\n'5': b\n", "c.yaml:2", "5"),
    ],
)
def test_a_key_written_twice_is_refused_at_its_second_place(
    text: str, place: str, key: str
) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(place)}: {re.escape(key)}: .*second time"):
        read_layer(text, "c.yaml")


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n"])
def test_an_empty_file_says_so_and_where_to_see_a_whole_one(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^c\.yaml: is empty; .*config show"):
        read_layer(text, "c.yaml")


@pytest.mark.parametrize("text", ["- a\n- b\n", "ma_cross\n", "5\n", "~\n", "---\n"])
def test_a_file_that_is_no_mapping_says_what_it_must_be(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^c\.yaml: must be a mapping"):
        read_layer(text, "c.yaml")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("run:\n\tseed: 1\n", "c.yaml:2:1"),  # a tab indents
        ("a: 1\n  b: 2\n", "c.yaml:2:4"),
        ("a: [1, 2\nb: 3\n", "c.yaml:2:2"),
        ("a: b: c\n", "c.yaml:1:5"),
        ("a: *x\n", "c.yaml:1:4"),  # an alias without its anchor
        ("a: !mine b\n", "c.yaml:1:4"),
        ("a: 1\n---\nb: 2\n", "c.yaml:2:1"),  # a second document
    ],
)
def test_what_is_no_yaml_is_refused_with_line_and_column(text: str, place: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(place)}: not YAML: "):
        read_layer(text, "c.yaml")


@pytest.mark.parametrize(
    "value",
    ["!!int x", "!!float x", "!!bool maybe", "!!timestamp 2018-99-99", "!!binary z!", "9" * 5000],
    ids=["int", "float", "bool", "timestamp", "binary", "5000 digits"],
)
def test_a_value_that_cannot_be_made_is_refused_with_its_file(value: str) -> None:
    with pytest.raises(ConfigError, match=r"^c\.yaml"):
        read_layer(f"run:\n  seed: {value}\n", "c.yaml")


def test_an_unreadable_character_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^c\.yaml: not YAML"):
        read_layer("a: \x00\n", "c.yaml")


DEEP = 10_000


@pytest.mark.parametrize(
    "text",
    [
        "[" * DEEP,
        "a: " + "[" * DEEP + "]" * DEEP,
        "{a: " * DEEP + "1" + "}" * DEEP,
        "a:\n" + "- " * DEEP + "b\n",
        "a: &a [*a]\n",  # endless: a list that holds itself
    ],
    ids=["open brackets", "brackets", "braces", "dashes", "itself"],
)
def test_nesting_without_measure_is_an_error_and_no_crash(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^c\.yaml.*nested too deeply"):
        read_layer(text, "c.yaml")


def test_no_tag_makes_python_objects() -> None:
    with pytest.raises(ConfigError, match=r"^c\.yaml:1:4: not YAML"):
        read_layer("a: !!python/name:os.system\n", "c.yaml")
    with pytest.raises(ConfigError):
        parse_scalar("!!python/object/apply:os.getcwd []")


@pytest.mark.parametrize(
    ("text", "value"),
    [("[1, b]", [1, "b"]), ("{a: 2%}", {"a": "2%"}), ("'[1'", "[1"), ("a b", "a b")],
)
def test_an_option_may_hold_a_list_or_a_mapping(text: str, value: object) -> None:
    assert parse_scalar(text) == value


@pytest.mark.parametrize("text", ["[5", "{a: 1", '"x', "!!int x", "9" * 5000])
def test_an_option_that_cannot_be_read_is_a_config_error(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_scalar(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("stores:\n\tmine: {venue: binance}\n", "c.yaml:2:1: not YAML: found character '\\t' that "
         "cannot start any token; indent with spaces, not with tabs"),
        ("version: 1\n---\nversion: 1\n", "c.yaml:2:1: not YAML: it has more than one document; "
         "give each a file of its own, or take out this ---"),
    ],
)  # fmt: skip
def test_a_slip_that_is_often_made_is_told_with_its_way_out(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_layer(text, "c.yaml")
    assert str(caught.value) == told
