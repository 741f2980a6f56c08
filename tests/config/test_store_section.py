"""The section stores, and what paper and live need of a feed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from atms.config import LoadedConfig, StoreSection, history_bars, load_config, public_values
from atms.errors import ConfigError

SOURCE = "data: {feeds: [{source: a.csv}]}\nstrategy: ma_cross\n"


def load(text: str, env: Mapping[str, str] | None = None) -> LoadedConfig:
    Path("c.yaml").write_text(text)
    return load_config("c.yaml", environment=env or {})


def store(keys: str, env: Mapping[str, str] | None = None) -> StoreSection:
    return load(f"{SOURCE}stores: {{m: {{venue: binance, {keys}}}}}\n", env).config.stores["m"]


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(text)
    return str(caught.value).splitlines()


# ---- where a store is ---------------------------------------------------------------------------
def test_a_store_is_the_venue_itself_until_it_is_said_otherwise() -> None:
    found = store("key: '${K}'")
    assert (found.testnet, found.url, found.market_clock, found.base) == (False, None, "wall", None)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8765", "http://localhost:1/api", "ws://[::1]:80", "https://127.9.9.9"],
)
def test_a_store_may_be_the_sandbox_on_this_machine(url: str) -> None:
    found = store(f"url: '{url}', market_clock: stream").url
    assert found is not None
    assert found.resolve() == url


@pytest.mark.parametrize(
    "url",
    [
        "https://api.binance.com", "http://10.0.0.1", "http://0.0.0.0:80", "http://192.168.0.1:80",
        "http://127.0.0.1.example.com", "http://localhost.example.com", "http://[::2]",
    ],
)  # fmt: skip
def test_any_other_address_is_refused(url: str) -> None:
    (line,) = problems(f"{SOURCE}stores:\n  m: {{venue: binance, url: '{url}'}}\n")
    assert line.startswith("c.yaml:4: stores.m.url: leads to ")
    assert "no loopback address" in line


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8765", "file:///etc/passwd", "http://", "http://127.0.0.1:99999999",
        "http://127.0.0.1@example.com", "http://example.com\\\\@127.0.0.1", "http://127.0.0.1 x",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    (line,) = problems(f'{SOURCE}stores:\n  m: {{venue: binance, url: "{url}"}}\n')
    assert line.startswith("c.yaml:4: stores.m.url: is no address; write one like ")


def test_an_address_in_a_variable_is_looked_at_as_soon_as_it_is_known() -> None:
    assert store("url: '${U}'", {"U": "http://127.0.0.1:5"}).url.resolve() == "http://127.0.0.1:5"  # type: ignore[union-attr]
    with pytest.raises(ConfigError, match=r"stores\.m\.url: leads to example\.com"):
        store("url: '${U}'", {"U": "http://example.com"})


def test_an_address_whose_variable_is_not_set_is_refused_where_it_is_used() -> None:
    url = store("url: '${U}'").url
    assert url is not None
    with pytest.raises(ConfigError, match=r"the address \$\{U\} is not set"):
        url.resolve()


def test_an_address_is_shown_as_it_was_given() -> None:
    loaded = load(f"{SOURCE}stores: {{m: {{venue: b, url: '${{U}}'}}}}\n", {"U": "http://[::1]"})
    assert public_values(loaded.config)["stores"]["m"]["url"] == "${U}"
    assert ("stores.m.url", "${U}", "c.yaml:3") in list(loaded.explain())


def test_the_streams_clock_is_for_the_sandbox_alone() -> None:
    (line,) = problems(f"{SOURCE}stores:\n  m: {{venue: binance, market_clock: stream}}\n")
    assert line.startswith("c.yaml:4: stores.m: market_clock: stream is for the sandbox")


def test_a_store_is_in_one_place() -> None:
    where = "testnet: true, url: 'http://127.0.0.1:1'"
    (line,) = problems(f"{SOURCE}stores:\n  m: {{venue: binance, {where}}}\n")
    assert line == "c.yaml:4: stores.m: give either testnet or url, not both"


# ---- what paper and live need -------------------------------------------------------------------
def feed(keys: str, more: str = "") -> str:
    return (
        f"stores: {{m: {{venue: binance}}}}\ndata:\n  {more}\n  feeds:\n    - {{{keys}}}\n"
        "strategy: ma_cross\n"
    )


def test_a_feed_with_nothing_but_a_store_says_what_is_missing() -> None:
    assert problems(feed("store: m")) == [
        "c.yaml:5: data.feeds.0.symbol: is needed where data has a store and no source",
        "c.yaml:5: data.feeds.0.timeframe: is needed where data has a store and no source",
    ]


@pytest.mark.parametrize("keys", ["name: BTCUSDT", "symbol: BTCUSDT", "name: b, symbol: BTCUSDT"])
def test_a_feed_of_a_store_has_a_symbol_and_a_timeframe(keys: str) -> None:
    loaded = load(feed(f"store: m, {keys}, timeframe: 1m"))
    assert loaded.config.data.feeds[0].symbol == "BTCUSDT"
    loaded.require_live()


def test_a_backtest_of_a_feed_without_source_says_so(cli) -> None:
    Path("c.yaml").write_text(feed("store: m, symbol: BTCUSDT, timeframe: 1m"))
    code, _, err = cli("backtest", "-c", "c.yaml")
    assert code == 2
    assert "'BTCUSDT' has only a store, and a backtest reads a source" in err


def test_live_refuses_a_feed_that_only_a_backtest_can_read() -> None:
    with pytest.raises(ConfigError) as caught:
        load(feed("source: a.csv, symbol: X")).require_live()
    assert str(caught.value) == (
        "c.yaml:5: data.feeds.0.store: X reads a source, which is for a backtest: name one of "
        "stores"
    )


def test_live_refuses_a_feed_whose_bars_have_no_length() -> None:
    loaded = load(feed("source: a.csv, store: m, symbol: X, resample: 1h"))  # a backtest can
    with pytest.raises(ConfigError) as caught:
        loaded.require_live()
    assert str(caught.value) == (
        "c.yaml:5: data.feeds.0.timeframe: is needed for live bars: the length of those of which "
        "1h is made that the store sends, as 1m"
    )


@pytest.mark.parametrize(
    ("warmup", "keys", "bars"),
    [
        ("auto", "timeframe: 1m", 500),
        ("30", "timeframe: 1m", 30),
        ("0", "timeframe: 1m", 0),
        ("30", "timeframe: 1m, resample: 1h", 30 * 60),
        ("auto", "timeframe: 15m, replay: 1h", 500 * 4),
    ],
)
def test_live_begins_with_the_history_that_the_warm_up_asks_for(
    warmup: str, keys: str, bars: int
) -> None:
    text = feed(f"store: m, symbol: X, {keys}", f"warmup: {warmup}")
    assert history_bars(load(text).config) == {"X": bars}


def test_a_feed_has_history_for_the_longest_that_is_made_of_it() -> None:
    longer = [f"    - {{of: X, resample: {length}, name: n{length}}}\n" for length in ("1h", "1d")]
    text = feed("store: m, symbol: X, timeframe: 1m", "warmup: 10")
    text = text.replace("strategy", "".join(longer) + "strategy")
    assert history_bars(load(text).config) == {"X": 10 * 1440}
