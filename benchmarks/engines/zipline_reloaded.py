"""zipline-reloaded: a bundle of one asset that trades all day; fills at the next bar's close."""

from __future__ import annotations

import os
import tempfile
from importlib.metadata import version

import common
import pandas as pd

home = tempfile.TemporaryDirectory(prefix="peers-zipline-")
os.environ["ZIPLINE_ROOT"] = home.name

from zipline import run_algorithm  # noqa: E402 - it reads the environment when it is imported
from zipline.api import order, set_commission, set_slippage, symbol  # noqa: E402
from zipline.data.bundles import ingest, register  # noqa: E402
from zipline.finance.commission import PerDollar  # noqa: E402
from zipline.finance.slippage import FixedSlippage  # noqa: E402
from zipline.utils.calendar_utils import get_calendar  # noqa: E402

bars = common.bars()
stamps = pd.to_datetime(bars["datetime"], utc=True)
first, last = (stamp.tz_localize(None).normalize() for stamp in (stamps[0], stamps[-1]))


def write(environ, assets, minutes, days, adjustments, calendar, start, end, cache, show, folder):
    """Write the bars as zipline's bundle."""
    columns = ("open", "high", "low", "close", "volume")
    frame = pd.DataFrame({name: bars[name] for name in columns}, index=stamps.tz_localize(None))
    about = {"symbol": "WALK", "start_date": first, "end_date": last, "exchange": "24/7"}
    assets.write(
        equities=pd.DataFrame([about]),
        exchanges=pd.DataFrame([{"exchange": "24/7", "country_code": "US"}]),
    )
    minutes.write([(0, frame)], show_progress=False)
    rules = dict(open="first", high="max", low="min", close="last", volume="sum")
    daily = frame.resample("1D").agg(rules)
    days.write([(0, daily)], show_progress=False)
    adjustments.write()


def initialize(context) -> None:
    """Set the account up."""
    context.asset, context.signal = symbol("WALK"), common.Signal()
    context.fills = 0
    set_commission(PerDollar(common.FEE))
    set_slippage(FixedSlippage(spread=0.0))


def handle_data(context, data) -> None:
    """Trade on this bar's cross."""
    crossed = context.signal(data.current(context.asset, "close"))
    if crossed > 0:
        order(context.asset, 1)
    elif crossed < 0 and context.portfolio.positions[context.asset].amount:
        order(context.asset, -1)


register(
    "walk", write, calendar_name="24/7", start_session=first, end_session=last, minutes_per_day=1440
)
ingest("walk", os.environ, pd.Timestamp.now("UTC"), show_progress=False)
sessions = get_calendar("24/7").sessions_in_range(first, last)
clock = common.Clock()
with clock.running():
    results = run_algorithm(
        start=first,
        end=last,
        initialize=initialize,
        handle_data=handle_data,
        capital_base=common.CASH,
        data_frequency="minute",
        bundle="walk",
        trading_calendar=get_calendar("24/7"),
        benchmark_returns=pd.Series(0.0, index=sessions),
    )
common.answer(version("zipline-reloaded"), clock, sum(map(len, results["transactions"])))
