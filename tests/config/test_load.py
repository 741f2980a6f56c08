"""Where settings come from and which wins, and what is said of the ones that are wrong."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from atms.config import load_config
from atms.config.layers import settings_layer
from atms.config.load import QUICKSTART
from atms.errors import ConfigError

BASE = """\
data:
  feeds:
    - {source: one.csv, name: one}
    - {source: two.csv, symbol: BTC}
strategy:
  name: ma_cross
  params: {fast: 3, slow: 8}
"""


@pytest.fixture
def base(workdir: Path) -> str:
    (workdir / "base.yaml").write_text(BASE)
    return "base.yaml"


@pytest.fixture
def load(base: str) -> Callable[..., Any]:
    """Load base.yaml and what is laid over it; nothing of this process's environment."""

    def call(*sources: str, env: dict[str, str] | None = None, settings: tuple[str, ...] = ()):
        layers = [settings_layer(settings, "--set")] if settings else []
        return load_config(base, *sources, environment=env or {}, overrides=layers)

    return call


# ---- precedence ---------------------------------------------------------------------------------
LEVELS = ("default", "earlier file", "later file", ".env", "environment", "command line")


def _set_cash(level: str, value: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Set broker.cash at one level; return the command-line options that it takes."""
    text = f"broker:\n  cash: {value}\n"
    if level == "earlier file":
        Path("base.yaml").write_text(BASE + text)
    elif level == "later file":
        Path("later.yaml").write_text(text)
        return ["-c", "later.yaml"]
    elif level == ".env":
        Path(".env").write_text(f"ATMS__BROKER__CASH={value}\n")
    elif level == "environment":
        monkeypatch.setenv("ATMS__BROKER__CASH", str(value))
    elif level == "command line":
        return ["--set", f"broker.cash={value}"]
    return []


@pytest.mark.parametrize(("low", "high"), list(itertools.combinations(LEVELS, 2)))
def test_the_higher_level_wins(low: str, high: str, base, cli, monkeypatch) -> None:
    options = ["-c", base]
    # The higher level is set first, so that it cannot win by being the last.
    options += _set_cash(high, 222, monkeypatch)
    options += _set_cash(low, 111, monkeypatch)
    code, out, err = cli("config", "explain", *options, "--json")
    assert code == 0, err
    (row,) = [row for row in json.loads(out) if row["key"] == "broker.cash"]
    origin = {
        "earlier file": "base.yaml:9",
        "later file": "later.yaml:2",
        ".env": ".env ATMS__BROKER__CASH",
        "environment": "environment ATMS__BROKER__CASH",
        "command line": "--set broker.cash",
    }[high]
    assert row == {"key": "broker.cash", "value": "222.0", "origin": origin}


def test_without_any_setting_the_default_holds(load) -> None:
    loaded = load()
    assert loaded.config.broker.cash == 10_000
    assert ("broker.cash", "10000.0", "default") in list(loaded.explain())


@pytest.mark.parametrize(
    ("option", "key", "value"),
    [
        (["-s", "buy_and_hold"], "strategy.name", "buy_and_hold"),
        (["-p", "fast=5"], "strategy.params.fast", "5"),
        (["--timerange", "2018-01-01..2018-06-30"], "run.timerange", "2018-01-01..2018-06-30"),
    ],
)
def test_each_short_option_wins_over_the_environment(
    option: list[str], key: str, value: str, base, cli, monkeypatch
) -> None:
    monkeypatch.setenv("ATMS__STRATEGY__NAME", "ma_cross")
    monkeypatch.setenv("ATMS__STRATEGY__PARAMS__FAST", "4")
    monkeypatch.setenv("ATMS__RUN__TIMERANGE", "2017-01-01..2017-06-30")
    code, out, err = cli("config", "explain", "-c", base, *option, "--json")
    assert code == 0, err
    found = {row["key"]: row["value"] for row in json.loads(out)}
    assert found[key] == value


def test_of_three_files_the_last_that_sets_a_key_wins(base, workdir: Path) -> None:
    (workdir / "a.yaml").write_text("broker: {cash: 1, commission: 1%}\n")
    (workdir / "b.yaml").write_text("broker: {cash: 2}\n")
    broker = load_config(base, "a.yaml", "b.yaml", environment={}).config.broker
    assert (broker.cash, broker.commission) == (2.0, 0.01)


def test_a_config_is_read_from_standard_input(cli, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(BASE + "broker: {csh: 1}\n"))
    code, _, err = cli("config", "show", "-c", "-")
    assert code == 2
    assert "standard input:8: broker.csh: unknown key; did you mean 'cash'?" in err


# ---- the environment ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("ATMS__BROKER__COMMISSION", "0.2%", lambda c: c.broker.commission == 0.002),
        ("ATMS__RUN__CLOSE_AT_END", "true", lambda c: c.run.close_at_end is True),
        ("ATMS__RUN__NAME", "on", lambda c: c.run.name == "on"),
        ("atms__broker__cash", "7", lambda c: c.broker.cash == 7),
        ("ATMS__STRATEGY__PARAMS__FAST", "5", lambda c: c.strategy.params["fast"] == 5),
        ("ATMS__DATA__FEEDS__0__TIMEZONE", "UTC", lambda c: c.data.feeds[0].timezone == "UTC"),
        ("ATMS__DATA__FEEDS__ONE__TIMEZONE", "UTC", lambda c: c.data.feeds[0].timezone == "UTC"),
        ("ATMS__DATA__FEEDS__BTC__TIMEZONE", "UTC", lambda c: c.data.feeds[1].timezone == "UTC"),
        ("ATMS__DATA__FEEDS", "[{source: c.csv}]", lambda c: len(c.data.feeds) == 1),
    ],
)
def test_a_variable_sets_its_key(name: str, value: str, read, load) -> None:
    assert read(load(env={name: value}).config)


@pytest.mark.parametrize("value", ["my run #3", "#1"])
@pytest.mark.parametrize("where", ["environment", "command line"])
def test_a_value_is_taken_whole_for_it_has_no_comments(where: str, value: str, load) -> None:
    env = {"ATMS__RUN__NAME": value} if where == "environment" else {}
    settings = () if env else (f"run.name={value}",)
    assert load(env=env, settings=settings).config.run.name == value


def test_a_variable_finds_a_store_whatever_the_case_of_its_name(load, workdir: Path) -> None:
    # Variables are upper case by custom; a second store called "kraken" would be a surprise.
    (workdir / "stores.yaml").write_text("stores: {Kraken: {venue: kraken}}\n")
    stores = load("stores.yaml", env={"ATMS__STORES__KRAKEN__VENUE": "kraken2"}).config.stores
    assert {name: store.venue for name, store in stores.items()} == {"Kraken": "kraken2"}


@pytest.mark.parametrize(
    ("env", "settings", "expected"),
    [
        (
            {"ATMS__BROKR__CASH": "5"},
            (),
            "environment ATMS__BROKR__CASH: brokr: unknown key; did you mean 'broker'?",
        ),
        (
            {"ATMS__BROKER__CSH": "5"},
            (),
            "environment ATMS__BROKER__CSH: broker.csh: unknown key; did you mean 'cash'?",
        ),
        (
            {"ATMS__DATA__FEEDS__THREE__TIMEZONE": "UTC"},
            (),
            "environment ATMS__DATA__FEEDS__THREE__TIMEZONE: data.feeds.three: "
            "there is no such entry",
        ),
        ({}, ("data.feeds.7.timezone=UTC",), "data.feeds.7: there is no such entry"),
        ({}, ("broker.csh=5",), "--set broker.csh: unknown key"),
        ({}, ("broker.cash",), "--set 'broker.cash': write NAME=VALUE"),
        ({}, ("=5",), "--set '=5': write NAME=VALUE"),
    ],
)
def test_a_wrong_variable_or_option_is_named(
    env: dict[str, str], settings: tuple[str, ...], expected: str, load
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(env=env, settings=settings)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("env", "settings", "place"),
    [
        ({"ATMS__BROKER__CASH": "[5"}, (), "ATMS__BROKER__CASH"),
        ({}, ("broker.cash=[5",), "--set broker.cash"),
    ],
)
def test_a_value_that_cannot_be_read_is_named_with_its_place(
    env: dict[str, str], settings: tuple[str, ...], place: str, load
) -> None:
    with pytest.raises(ConfigError, match=re.escape(place)):
        load(env=env, settings=settings)


@pytest.mark.parametrize("entry", ["BTC", "1"])
def test_an_entry_of_a_list_is_set_by_name_and_by_number_on_the_command_line(
    entry: str, load
) -> None:
    feeds = load(settings=(f"data.feeds.{entry}.currency=EUR",)).config.data.feeds
    assert [(f.source, f.currency) for f in feeds] == [("one.csv", "USD"), ("two.csv", "EUR")]


@pytest.mark.parametrize("entry", ["BTC", "1"])
def test_an_entry_of_a_list_is_set_by_name_and_by_number_in_a_later_file(
    entry: str, load, workdir: Path
) -> None:
    (workdir / "later.yaml").write_text(f"data: {{feeds: {{{entry}: {{currency: EUR}}}}}}\n")
    feeds = load("later.yaml").config.data.feeds
    assert [(f.source, f.currency) for f in feeds] == [("one.csv", "USD"), ("two.csv", "EUR")]


def test_a_list_in_a_later_file_replaces_the_list(load, workdir: Path) -> None:
    (workdir / "later.yaml").write_text("data: {feeds: [{source: three.csv}]}\n")
    assert [f.source for f in load("later.yaml").config.data.feeds] == ["three.csv"]


# ---- .env ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A=1\nthis is no assignment\nB=2\n", 2),
        ("# a comment\n\n# another\nbroken line\n", 4),
        ("A=1\n\n\nbroken line\n", 4),
        ("\n\nbroken line\n", 3),
        ("A=1\nB='never closed\nC=2\n", 2),
        ("A='two\nlines'\nbroken line\n", 3),
        ("A=1\n=5\n", 2),
    ],
)
def test_a_broken_env_file_is_refused_by_line_number(text: str, line: int, load) -> None:
    Path(".env").write_text(text)
    with pytest.raises(ConfigError, match=rf"^\.env:{line}: is no assignment; write NAME=value"):
        load()


def test_a_broken_env_file_is_a_usage_error_on_the_command_line(base, cli) -> None:
    Path(".env").write_text("A=1\nbroken line\n")
    code, out, err = cli("backtest", "-c", base)
    assert (code, out) == (2, "")
    assert ".env:2: is no assignment" in err


def test_an_env_file_that_is_no_text_is_refused(load) -> None:
    Path(".env").write_bytes(b"A=\xff\xfe\n")
    with pytest.raises(ConfigError, match=r"^\.env: cannot be read: .*utf-8"):
        load()


def test_an_env_file_may_say_export_and_quote_and_comment(load) -> None:
    Path(".env").write_text("# cash\nexport ATMS__BROKER__CASH='77' # enough\n")
    assert load().config.broker.cash == 77


# ---- names that other tools use too --------------------------------------------------------------
def test_database_url_is_the_ledger(load) -> None:
    loaded = load(env={"DATABASE_URL": "sqlite:///elsewhere.db"})
    assert loaded.config.ledger.url == "sqlite:///elsewhere.db"
    assert loaded.origins[("ledger", "url")] == "environment DATABASE_URL"


def test_our_own_variable_wins_over_the_common_one(load) -> None:
    env = {"DATABASE_URL": "sqlite:///a.db", "ATMS__LEDGER__URL": "sqlite:///b.db"}
    assert load(env=env).config.ledger.url == "sqlite:///b.db"


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("false", False)])
def test_paper_trading_sets_what_forbids_live(text: str, value: bool, load) -> None:
    assert load(env={"PAPER_TRADING": text}).config.run.paper_trading is value


def test_paper_trading_that_is_neither_true_nor_false_is_refused(load) -> None:
    with pytest.raises(ConfigError, match=r"environment PAPER_TRADING: run\.paper_trading:"):
        load(env={"PAPER_TRADING": "perhaps"})


@pytest.mark.parametrize("name", ["RISK_PER_TRADE"])
@pytest.mark.parametrize("where", ["environment", ".env"])
def test_a_safety_key_that_nothing_enforces_warns(name: str, where: str, load) -> None:
    if where == ".env":
        Path(".env").write_text(f"{name}=0.01\n")
    loaded = load(env={name: "0.01"} if where == "environment" else {})
    (warning,) = loaded.warnings
    assert warning.startswith(f"{where}: {name} ")
    assert "nothing enforces it yet" in warning


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_max_position_size_is_the_limit_of_every_feed(where: str, load) -> None:
    if where == ".env":
        Path(".env").write_text("MAX_POSITION_SIZE=0.25\n")
    loaded = load(env={"MAX_POSITION_SIZE": "0.25"} if where == "environment" else {})
    assert loaded.config.risk.max_position == Decimal("0.25")
    assert loaded.origins[("risk", "max_position")] == f"{where} MAX_POSITION_SIZE"
    assert loaded.warnings == ()


def test_max_position_size_that_is_no_number_is_refused(load) -> None:
    with pytest.raises(ConfigError, match=r"environment MAX_POSITION_SIZE: risk\.max_position:"):
        load(env={"MAX_POSITION_SIZE": "all"})


@pytest.mark.parametrize("verb", [("config", "explain"), ("config", "validate"), ("backtest",)])
def test_the_safety_warning_reaches_the_user(
    verb: tuple[str, ...], cli, frame, monkeypatch
) -> None:
    frame(30).to_csv("bars.csv")
    Path("c.yaml").write_text("data: {feeds: [{source: bars.csv}]}\nstrategy: buy_and_hold\n")
    monkeypatch.setenv("RISK_PER_TRADE", "0.01")
    code, out, err = cli(*verb, "-c", "c.yaml")
    assert code == 0, err
    assert "warning: environment: RISK_PER_TRADE is set, and nothing enforces it yet" in err
    assert "RISK_PER_TRADE" not in out


EXCHANGE = {"EXCHANGE_API_KEY": "the key", "EXCHANGE_API_SECRET": "the secret"}


def test_the_exchange_variables_fill_the_only_store(load, workdir: Path) -> None:
    (workdir / "stores.yaml").write_text("stores: {main: {venue: kraken}}\n")
    loaded = load("stores.yaml", env=EXCHANGE)
    store = loaded.config.stores["main"]
    assert (store.key.reveal(), store.secret.reveal()) == ("the key", "the secret")
    assert loaded.origins[("stores", "main", "key")] == "environment EXCHANGE_API_KEY"
    assert loaded.warnings == ()
    assert store.passphrase is None
    third = load("stores.yaml", env={**EXCHANGE, "EXCHANGE_API_PASSPHRASE": "the word"})
    assert third.config.stores["main"].passphrase.reveal() == "the word"


@pytest.mark.parametrize(
    ("env", "settings"),
    [
        ({"ATMS__STORES__MAIN__VENUE": "kraken"}, ()),
        ({}, ("stores.main.venue=kraken",)),
    ],
    ids=["environment", "command line"],
)
@pytest.mark.parametrize("where", ["environment", ".env"])
def test_the_exchange_variables_fill_a_store_wherever_it_was_named(
    where: str, env: dict[str, str], settings: tuple[str, ...], load
) -> None:
    if where == ".env":
        Path(".env").write_text("EXCHANGE_API_KEY='the key'\n")
    else:
        env = {**env, "EXCHANGE_API_KEY": "the key"}
    key = load(env=env, settings=settings).config.stores["main"].key
    assert key is not None
    assert key.reveal() == "the key"


def test_the_exchange_key_of_the_environment_wins_over_the_one_of_the_env_file(
    load, workdir: Path
) -> None:
    (workdir / "stores.yaml").write_text("stores: {main: {venue: kraken}}\n")
    Path(".env").write_text("EXCHANGE_API_KEY=old\n")
    key = load("stores.yaml", env={"EXCHANGE_API_KEY": "new"}).config.stores["main"].key
    assert key.reveal() == "new"


def test_a_key_that_the_file_names_itself_is_not_replaced(load, workdir: Path) -> None:
    (workdir / "stores.yaml").write_text("stores: {main: {venue: kraken, key: '${MINE}'}}\n")
    key = load("stores.yaml", env={**EXCHANGE, "MINE": "my own"}).config.stores["main"].key
    assert key.reveal() == "my own"


def test_with_several_stores_the_exchange_variables_are_left_out_with_a_warning(
    load, workdir: Path
) -> None:
    (workdir / "stores.yaml").write_text("stores: {a: {venue: kraken}, b: {venue: oanda}}\n")
    loaded = load("stores.yaml", env=EXCHANGE)
    assert [store.key for store in loaded.config.stores.values()] == [None, None]
    (warning,) = loaded.warnings
    assert "EXCHANGE_API_KEY and EXCHANGE_API_SECRET ignored" in warning
    assert "several stores" in warning


def test_without_a_store_the_exchange_variables_change_nothing(load) -> None:
    assert load(env=EXCHANGE).config.stores == {}


# ---- strategy and sizer --------------------------------------------------------------------------
def test_a_name_alone_is_a_strategy(load, workdir: Path) -> None:
    (workdir / "later.yaml").write_text("strategy: buy_and_hold\nsizer: some:Sizer\n")
    config = load("later.yaml").config
    assert (config.strategy.name, config.strategy.params) == ("buy_and_hold", {})
    assert config.sizer is not None
    assert config.sizer.name == "some:Sizer"


@pytest.mark.parametrize(
    ("later", "env", "settings"),
    [
        ("strategy: buy_and_hold\n", {}, ()),
        ("strategy: {name: buy_and_hold}\n", {}, ()),
        ("{run: {seed: 2}}\n", {"ATMS__STRATEGY": "buy_and_hold"}, ()),
        ("{run: {seed: 2}}\n", {"ATMS__STRATEGY__NAME": "buy_and_hold"}, ()),
        ("{run: {seed: 2}}\n", {}, ("strategy.name=buy_and_hold",)),
        ("{run: {seed: 2}}\n", {}, ("strategy=buy_and_hold",)),
    ],
)
def test_another_strategy_drops_the_parameters_of_the_old_one(
    later: str, env: dict[str, str], settings: tuple[str, ...], load, workdir: Path
) -> None:
    (workdir / "later.yaml").write_text(later)
    loaded = load("later.yaml", env=env, settings=settings)
    assert loaded.config.strategy.name == "buy_and_hold"
    assert loaded.config.strategy.params == {}
    assert not [path for path in loaded.origins if path[:2] == ("strategy", "params")]


@pytest.mark.parametrize(
    "later",
    ["strategy: ma_cross\n", "strategy: {name: ma_cross}\n", "strategy: {params: {fast: 3}}\n"],
)
def test_the_same_strategy_keeps_its_parameters(later: str, load, workdir: Path) -> None:
    (workdir / "later.yaml").write_text(later)
    assert load("later.yaml").config.strategy.params == {"fast": 3, "slow": 8}


def test_another_strategy_takes_its_own_parameters(base, cli) -> None:
    code, out, err = cli(
        "config", "show", "-c", base, "-s", "other.py:Other", "-p", "level=0.5", "--json"
    )
    assert code == 0, err
    assert json.loads(out)["strategy"] == {"name": "other.py:Other", "params": {"level": 0.5}}


def test_another_sizer_drops_the_parameters_of_the_old_one(load, workdir: Path) -> None:
    (workdir / "a.yaml").write_text("sizer: {name: a:A, params: {percents: 95}}\n")
    (workdir / "b.yaml").write_text("sizer: b:B\n")
    sizer = load("a.yaml", "b.yaml").config.sizer
    assert (sizer.name, sizer.params) == ("b:B", {})


def test_a_sizer_is_taken_away_with_null(load, workdir: Path) -> None:
    (workdir / "a.yaml").write_text("sizer: {name: a:A, params: {percents: 95}}\n")
    (workdir / "b.yaml").write_text("sizer: null\n")
    assert load("a.yaml", "b.yaml").config.sizer is None


# ---- paths ---------------------------------------------------------------------------------------
def test_paths_in_a_config_file_are_relative_to_that_file(workdir: Path) -> None:
    folder = workdir / "sub"
    folder.mkdir()
    for name in ("bars.csv", "mine.py", "size.py", "look.py", "key.txt", "feed.py"):
        (folder / name).touch()
        (workdir / name).touch()  # one of that name in the current folder must not be taken
    (folder / "c.yaml").write_text("""\
stores: {main: {venue: kraken, key: 'file:key.txt'}}
data: {feeds: [{source: bars.csv, feed: 'feed.py:Mine'}]}
strategy: mine.py
sizer: {name: 'size.py:Half'}
report: {analyzers: [{name: 'look.py:Look'}]}
""")
    config = load_config("sub/c.yaml", environment={}).config
    assert config.data.feeds[0].source == "sub/bars.csv"
    assert config.data.feeds[0].feed == "sub/feed.py:Mine"
    assert config.strategy.name == "sub/mine.py"
    assert config.sizer is not None
    assert config.sizer.name == "sub/size.py:Half"
    assert config.report.analyzers[0].name == "sub/look.py:Look"
    assert config.stores["main"].key.reference == "file:sub/key.txt"


@pytest.mark.parametrize("source", ["sample:GLD_1d", "/no/such/place/bars.csv"])
def test_what_is_no_relative_path_stays_as_it_is(source: str, workdir: Path) -> None:
    (workdir / "c.yaml").write_text(
        f"data: {{feeds: [{{source: '{source}'}}]}}\nstrategy: ma_cross\n"
    )
    config = load_config(workdir / "c.yaml", environment={}).config
    assert config.data.feeds[0].source == source


def test_a_missing_file_beside_a_config_is_looked_for_there_and_named_there(
    workdir: Path, cli
) -> None:
    (workdir / "sub").mkdir()
    (workdir / "sub" / "c.yaml").write_text("data: {feeds: [{source: no.csv}]}\nstrategy: ma_cross")
    code, _, err = cli("backtest", "-c", "sub/c.yaml")
    assert code == 3
    assert "sub/no.csv: no such file" in err


# ---- the file itself -----------------------------------------------------------------------------
def test_a_config_file_that_is_not_there_is_named(cli) -> None:
    code, out, err = cli("backtest", "-c", "nowhere.yaml")
    assert (code, out) == (2, "")
    assert "nowhere.yaml: no such config file" in err


def test_a_folder_or_bytes_in_the_place_of_a_config_file_are_refused(workdir: Path) -> None:
    (workdir / "folder").mkdir()
    (workdir / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    whys = {"folder": "it is a folder; name a file", "bytes.yaml": "it is no text in UTF-8"}
    for name, why in whys.items():
        with pytest.raises(ConfigError, match=f"^{name}: cannot be read: {why}"):
            load_config(name, environment={})


def test_a_mapping_is_a_config_too_and_is_left_as_it_was(load) -> None:
    values = {"data": {"feeds": [{"source": "a.csv"}]}, "strategy": "ma_cross"}
    before = json.dumps(values)
    config = load_config(values, environment={"ATMS__BROKER__CASH": "5"}).config
    assert config.broker.cash == 5
    assert json.dumps(values) == before


def test_a_packaged_config_is_known_by_its_name_unless_a_file_here_has_it() -> None:
    assert load_config("quickstart").config.run.name == "quickstart"
    text = QUICKSTART.read_text(encoding="utf-8")
    Path("quickstart").write_text(text.replace("name: quickstart", "name: mine"))
    assert load_config("quickstart").config.run.name == "mine"


def test_a_name_that_is_nearly_a_packaged_config_is_suggested() -> None:
    with pytest.raises(ConfigError, match="no such config file; did you mean 'quickstart'"):
        load_config("quikstart")
