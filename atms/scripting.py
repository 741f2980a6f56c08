"""Stores for a plain Backtrader script, under any Cerebro.

::

    store = atms.CCXTStore("binance", key=..., secret=...)
    cerebro.adddata(store.getdata("BTC/USDT", timeframe=bt.TimeFrame.Minutes, compression=5))
    cerebro.setbroker(store.getbroker())
    cerebro.run()
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import backtrader as bt

from atms.config.execution import ExecutionSection
from atms.config.risk import RiskSection
from atms.execution.broker.broker import LiveBroker
from atms.execution.broker.desk import Manner
from atms.execution.broker.gating import LiveWatch
from atms.execution.broker.winding_down import Policy
from atms.feeds.lanes import store_timeframe
from atms.feeds.live import LiveFeed
from atms.risk import Gate
from atms.running.trading import Trading
from atms.stores.ccxt.store import CCXTStore as Connection


class CCXTStore(Connection):
    """One account at an exchange that ccxt reaches, with the datas and the broker of a script.

    Stores that trade in one Cerebro share a :class:`Trading`, and so one broker::

        one = atms.CCXTStore("binance", ...)
        other = atms.CCXTStore("kraken", ..., trading=one.trading)

    Args:
        exchange: ccxt's id of it.
        trading: another store's, to trade both in one Cerebro.
        state_dir: where journals are; default: as ``execution.state_dir``.
        on_stop: leave, cancel or flatten: what becomes of orders and positions at the end.
        unknown_position: halt, adopt or ignore what no journal explains.
        emulated_protection: agree to stops that stand only as long as this process.
        risk: limits, with the keys of the config's ``risk`` section.
        connection: others of :class:`atms.stores.ccxt.store.CCXTStore`: key, secret, password,
            testnet, url, base, timeout.

    Raises:
        UnknownName: ccxt knows no exchange of that id.
        ConfigError: a limit or an option is wrong.
        MissingExtra: ccxt is not installed.
    """

    def __init__(
        self,
        exchange: str,
        *,
        trading: Trading | None = None,
        state_dir: str | Path | None = None,
        on_stop: Policy = "leave",
        unknown_position: str = "halt",
        emulated_protection: bool = False,
        risk: Mapping[str, Any] | None = None,
        **connection: Any,
    ) -> None:
        super().__init__(exchange, **connection)
        self.risk = RiskSection(**(risk or {}))
        folder = Path(state_dir) if state_dir is not None else ExecutionSection().folder
        self.trading = trading or Trading(
            folder,
            on_stop=on_stop,
            manner=Manner(
                unknown_position=unknown_position, emulated_protection=emulated_protection
            ),
        )

    def getdata(
        self,
        dataname: str,
        *,
        timeframe: int = bt.TimeFrame.Minutes,
        compression: int = 1,
        fromdate: datetime | None = None,
        bars: int = 500,
        **params: Any,
    ) -> LiveFeed:
        """Return a live feed, for ``cerebro.adddata``, ``resampledata`` or ``replaydata``.

        Args:
            dataname: the venue's symbol, ``BTC/USDT``.
            timeframe, compression: Backtrader's.
            fromdate: from when on bars are wanted, in UTC; default: *bars* before now.
            bars: of history.
            params: others of :class:`LiveFeed`.

        Raises:
            ConfigError: no store has bars of that length.
        """
        length = store_timeframe(timeframe, compression, dataname)
        start = fromdate or datetime.now(UTC) - timedelta(seconds=bars * length.seconds)
        start = start if start.tzinfo else start.replace(tzinfo=UTC)
        return self.trading.feed(self, dataname, length, start, **params)

    def getbroker(self, *, base: str | None = None, patience: float = 60.0) -> LiveBroker:
        """Return the broker of all stores that share the same trading.

        Args:
            base: the currency that cash and value are told in; default: the store's.
            patience: seconds that accounts may take to be ready.
        """
        watch = None
        if self.risk.model_dump(exclude_none=True):
            watch = LiveWatch(Gate(self.risk.limits({})), self.trading.host.now, {})
        return self.trading.broker(base or self.base, patience=patience, watch=watch)
