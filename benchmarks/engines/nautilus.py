"""nautilus_trader: a simulated venue fed with bars; market orders fill at the bar's close."""

from __future__ import annotations

from decimal import Decimal
from importlib.metadata import version

import common
import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("SIM")
WALK = InstrumentId(Symbol("WALK"), VENUE)
MINUTES = BarType.from_str(f"{WALK}-1-MINUTE-LAST-EXTERNAL")


class Cross(Strategy):
    """Long above, flat below."""

    def on_start(self) -> None:
        """Ask for the bars."""
        self.signal = common.Signal()
        self.subscribe_bars(MINUTES)

    def on_bar(self, bar: Bar) -> None:
        """Trade on this bar's cross."""
        crossed = self.signal(bar.close.as_double())
        if crossed > 0:
            self._send(OrderSide.BUY)
        elif crossed < 0 and self.portfolio.is_net_long(WALK):
            self._send(OrderSide.SELL)

    def _send(self, side: OrderSide) -> None:
        self.submit_order(self.order_factory.market(WALK, side, Quantity.from_int(1)))


def instrument() -> Equity:
    """Return something with two decimals and the fee."""
    return Equity(
        instrument_id=WALK,
        raw_symbol=WALK.symbol,
        currency=USD,
        price_precision=2,
        price_increment=Price.from_str("0.01"),
        lot_size=Quantity.from_int(1),
        ts_event=0,
        ts_init=0,
        maker_fee=Decimal(str(common.FEE)),
        taker_fee=Decimal(str(common.FEE)),
    )


def engine(bars: dict) -> BacktestEngine:
    """Return an engine with the bars in it."""
    ready = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    ready.add_venue(
        VENUE, OmsType.NETTING, AccountType.CASH, [Money(common.CASH, USD)], base_currency=USD
    )
    traded = instrument()
    ready.add_instrument(traded)
    columns = ("open", "high", "low", "close", "volume")
    frame = pd.DataFrame(
        {name: bars[name] for name in columns},
        index=pd.to_datetime(bars["datetime"], utc=True).rename("timestamp"),
    )
    ready.add_data(BarDataWrangler(MINUTES, traded).process(frame))
    return ready


ready = engine(common.bars())
ready.add_strategy(Cross())
clock = common.Clock()
with clock.running():
    ready.run()
fills = sum(order.filled_qty > 0 for order in ready.cache.orders())
common.answer(version("nautilus_trader"), clock, fills)
