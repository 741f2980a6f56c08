"""Small files as the programs write them, each with what is needed to open it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from atms.feeds.importing import Chunk, Import, open_import
from atms.model import Timeframe

START = 1_704_067_200  # 2024-01-01 00:00 UTC
MINUTE = Timeframe(1, "m")
N = 60


@dataclass(frozen=True)
class Case:
    """A file of a vendor's: its name, how it is written, and what has to be said of it."""

    name: str
    write: Callable[[Path], None]
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Read:
    """Every bar of a file, and the chunks they came in."""

    stamps: list[int]
    columns: dict[str, list[float]]
    chunks: list[Chunk]

    @property
    def times(self) -> list[str]:
        return [f"{m:%Y-%m-%d %H:%M}" for m in pd.to_datetime(self.stamps, unit="us", utc=True)]


def joined(chunks: list[Chunk]) -> Read:
    """Put chunks together again."""
    columns: dict[str, list[float]] = {}
    for chunk in chunks:
        for name, values in chunk.raw.columns.items():
            columns.setdefault(name, []).extend(values.tolist())
    return Read([s for c in chunks for s in c.raw.stamps.tolist()], columns, chunks)


def read(source: Import | str | Path, *, rows: int = 200_000, **options: Any) -> Read:
    """Read a whole file."""
    opened = source if isinstance(source, Import) else open_import(source, **options)
    return joined(list(opened.chunks(rows=rows)))


def text(*lines: str, end: str = "\n") -> Callable[[Path], None]:
    """Write lines."""
    return lambda path: path.write_bytes("".join(line + end for line in lines).encode())


def zipped(member: str, *lines: str) -> Callable[[Path], None]:
    """Write lines into a zip."""

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(member, "".join(line + "\n" for line in lines))

    return write


def price(at: int) -> list[str]:
    """Return open, high, low and close of bar *at*."""
    base = 100 + at * 0.37
    return [f"{value:.2f}" for value in (base, base + 1.5, base - 1.25, base + 0.11)]


def row(*values: object, at: int, volume: object = "12.5", separator: str = ",") -> str:
    """Return the line of bar *at*: its time, prices, volume; *values* after the first follow."""
    return separator.join(map(str, [values[0], *price(at), volume, *values[1:]]))


def clock(form: str, step: str = "1min", start: str = "2024-01-01") -> list[str]:
    return list(pd.date_range(start, periods=N, freq=step).strftime(form))


def _binance(units: int) -> list[str]:
    return [
        row((START + 60 * at) * units, (START + 60 * at + 60) * units - 1, "1250.1", at + 3,
            "6.25", "625.05", 0, at=at)
        for at in range(N)
    ]  # fmt: skip


BINANCE_HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    "taker_buy_volume,taker_buy_quote_volume,ignore"
)
_TICKS = [(START + 7 * at, 100 + (at * 13 % 17) * 0.25, 0.1 + at % 5 * 0.3) for at in range(N)]


def _trades(form: str) -> list[str]:
    return [form.format(at=at, s=s, ms=s * 1000, us=s * 1_000_000, p=p, q=round(q, 1))
            for at, (s, p, q) in enumerate(_TICKS)]  # fmt: skip


def frame() -> pd.DataFrame:
    columns = np.array([[float(v) for v in price(at)] for at in range(N)])
    times = pd.date_range("2024-01-01", periods=N, freq="5min", tz="UTC")
    names = dict(zip(("open", "high", "low", "close"), columns.T, strict=True))
    return pd.DataFrame({"date": times, **names, "volume": np.arange(N) + 0.5})


def _trade_frame() -> pd.DataFrame:
    rows = [[s * 1000, str(at), None, "buy", p, q, p * q] for at, (s, p, q) in enumerate(_TICKS)]
    names = ["timestamp", "id", "type", "side", "price", "amount", "cost"]
    return pd.DataFrame(rows, columns=names)


def _candles(path: Path) -> None:
    bars = frame()
    bars["date"] = bars["date"].astype("int64") // (10**6 if bars["date"].dt.unit == "ns" else 1000)
    path.write_text(json.dumps([[int(r[0]), *r[1:]] for r in bars.values.tolist()]))


def _quotes(at: int) -> str:
    bid = price(at)
    ask = [f"{float(value) + 0.02:.2f}" for value in bid]
    return ",".join([str(at * 60_000), *bid, "0", *ask, "0"])


def _deci(at: int) -> list[str]:
    return [str(round(float(value) * 10_000)) for value in price(at)]


MT5_HEADER = "<DATE> <TIME> <OPEN> <HIGH> <LOW> <CLOSE> <TICKVOL> <VOL> <SPREAD>".replace(" ", "\t")
YAHOO_HEADER = "Date,Open,High,Low,Close,Adj Close,Volume"
KRAKEN = [row(START + 60 * at, at + 1, at=at) for at in range(N)]
YAHOO = [
    f"{day},null,null,null,null,null,null"
    if at % 7 == 3
    else f"{day},{','.join(price(at))},99.5,{at}"
    for at, day in enumerate(clock("%Y-%m-%d", "1D"))
]
SERVER = [
    "\t".join([*moment.split(), *price(at), str(at + 5), "0", "12"])
    for at, moment in enumerate(clock("%Y.%m.%d %H:%M:%S"))
]
NINJA = [row(t, at=at, volume=86, separator=";") for at, t in enumerate(clock("%Y%m%d %H%M%S"))]

CASES: dict[str, Case] = {
    "plain": Case(
        "ABC_1m.csv",
        text("datetime,open,high,low,close,volume,spread",
             *(row(t, at, at=at) for at, t in enumerate(clock("%Y-%m-%dT%H:%M:%SZ")))),
    ),
    "yahoo": Case("SPY.csv", text(YAHOO_HEADER, *YAHOO)),
    "binance": Case("BTCUSDT-1m-2024-01.csv", text(*_binance(1000))),
    "binance_trades": Case(
        "BTCUSDT-trades-2024-01.zip",
        zipped("BTCUSDT-trades-2024-01.csv", *_trades("{at},{p},{q},9.9,{ms},True,True")),
        {"timeframe": MINUTE},
    ),
    "binance_aggtrades": Case(
        "BTCUSDT-aggTrades-2025-01-01.csv",
        text(*_trades("{at},{p},{q},{at},{at},{us},False,True")),
        {"timeframe": MINUTE},
    ),
    "kraken": Case("XBTUSD_1.csv", text(*KRAKEN)),
    "kraken_trades": Case("XBTUSD.csv", text(*_trades("{s},{p},{q}")), {"timeframe": MINUTE}),
    "metatrader5": Case(
        "XAUUSD_M1.csv", text(MT5_HEADER, *SERVER, end="\r\n"), {"timezone": "Europe/Athens"}
    ),
    "ninjatrader": Case("ES 12-06.Last.txt", text(*NINJA)),
    "freqtrade": Case("BTC_USDT-5m.feather", lambda path: frame().to_feather(path)),
    "freqtrade_trades": Case(
        "BTC_USDT-trades.feather",
        lambda path: _trade_frame().to_feather(path),
        {"timeframe": MINUTE},
    ),
    "lean": Case(
        "20240101_quote.zip",
        zipped("20240101_eurusd_minute_quote.csv", *(_quotes(at) for at in range(N))),
        {"market": "forex/oanda"},
    ),
    "trades": Case(
        "XRPETH_trades.csv",
        text("time,id,price,amount", *_trades("{ms},{at},{p},{q}")),
        {"timeframe": MINUTE},
    ),
}  # fmt: skip

# The same formats in their other shapes.
VARIANTS: dict[str, tuple[str, Case]] = {
    "plain, parquet": ("plain", Case("ABC_5m.parquet", lambda path: frame().to_parquet(path))),
    "plain, gzip": (
        "plain",
        Case("ABC_5m.csv.gz", lambda path: frame().to_csv(path, index=False)),
    ),
    "plain, feather": (
        "plain",
        Case("ABC_5m.feather", lambda p: frame().rename(columns={"date": "time"}).to_feather(p)),
    ),
    "binance, microseconds": ("binance", Case("X-1m-2025-01.csv", text(*_binance(1_000_000)))),
    "binance, with a header": (
        "binance",
        Case("BTCUSDT-1m-2024-01.csv", text(BINANCE_HEADER, *_binance(1000))),
    ),
    "binance trades, futures": (
        "binance_trades",
        Case(
            "BTCUSDT-trades-2024-01.csv",
            text("id,price,qty,quote_qty,time,is_buyer_maker",
                 *_trades("{at},{p},{q},9.9,{ms},true")),
            {"timeframe": MINUTE},
        ),
    ),
    "binance aggtrades, futures": (
        "binance_aggtrades",
        Case(
            "BTCUSDT-aggTrades-2024-01.csv",
            text(*_trades("{at},{p},{q},{at},{at},{ms},true")),
            {"timeframe": MINUTE},
        ),
    ),
    "metatrader5, days": (
        "metatrader5",
        Case(
            "XAUUSD_Daily.csv",
            text(MT5_HEADER.replace("<TIME>\t", ""),
                 *("\t".join([d, *price(at), "5", "0", "12"])
                   for at, d in enumerate(clock("%Y.%m.%d", "1D")))),
        ),
    ),
    "ninjatrader, days": (
        "ninjatrader",
        Case("MSFT.txt", text(*(row(t, at=at, separator=";")
                                for at, t in enumerate(clock("%Y%m%d", "1D"))))),
    ),
    "freqtrade, JSON": ("freqtrade", Case("BTC_USDT-5m.json", _candles)),
    "freqtrade trades, JSON": (
        "freqtrade_trades",
        Case(
            "BTC_USDT-trades.json",
            lambda path: path.write_text(json.dumps(_trade_frame().values.tolist())),
            {"timeframe": MINUTE},
        ),
    ),
    "lean, equity by the day": (
        "lean",
        Case(
            "equity/usa/daily/aapl.zip",
            zipped("aapl.csv", *(",".join([t, *_deci(at), "90"])
                                 for at, t in enumerate(clock("%Y%m%d %H:%M", "1D")))),
        ),
    ),
    "lean, equity by the hour": (
        "lean",
        Case(
            "equity/usa/hour/aapl.zip",
            zipped("aapl.csv", *(",".join([t, *_deci(at), "90"])
                                 for at, t in enumerate(clock("%Y%m%d %H:%M", "1h")))),
        ),
    ),
    "lean, crypto": (
        "lean",
        Case(
            "crypto/coinbase/minute/btcusd/20240101_trade.zip",
            zipped("20240101_btcusd_minute_trade.csv",
                   *(row(at * 60_000, at=at) for at in range(N))),
        ),
    ),
    "trades, parquet": (
        "trades",
        Case(
            "XRPETH_trades.parquet",
            lambda path: _trade_frame().to_parquet(path),
            {"timeframe": MINUTE},
        ),
    ),
}  # fmt: skip

EVERY: dict[str, tuple[str, Case]] = {**{n: (n, c) for n, c in CASES.items()}, **VARIANTS}


def written(case: Case, folder: Path) -> Path:
    """Write a case's file."""
    path = folder / case.name
    path.parent.mkdir(parents=True, exist_ok=True)
    case.write(path)
    return path


def opened(case: Case, folder: Path, **more: Any) -> Import:
    """Write a case's file and open it."""
    return open_import(written(case, folder), **{**case.options, **more})
