"""What is left when a run is over: lines to the last bit, the account, and whose classes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import backtrader as bt

from tests.engine.corpus.recording import Log
from tests.engine.corpus.showing import stock_class

ACCOUNT = (
    "cash", "startingcash", "_value", "_valuemkt", "_valuelever", "_valuemktlever", "_leverage",
    "_unrealized", "_fundval", "_fundshares", "_fhistlast", "fundmode",
)  # fmt: skip


def record_end(log: Log, cerebro: Any, raised: bool) -> None:
    """Write down the state of everything that can be reached."""
    # Backtrader fills in what of a strategy's making failed; those have no lines to read.
    whole = [one for one in log.strategies if hasattr(one, "stats")]
    if raised and not any(len(one) for one in whole):
        whole = []  # half of the indicators are computed; which half is nobody's business
    for index, data in enumerate(cerebro.datas):
        record_lines(log, f"d{index}", data)
    for strategy in whole:
        name = log.show(strategy)
        log.add(f"{name} class", own_class(strategy))
        for path, thing in parts_of(strategy, name):
            record_lines(log, path, thing)
        record_analyzers(log, name, strategy)
        record_trades(log, name, strategy)
        log.add(f"{name} pending", log.show((strategy._orderspending, strategy._tradespending)))
        log.add(f"{name} periods", log.show.fields(strategy, ("_minperiods", "_minperstatus")))
    record_account(log, cerebro.broker)
    for order in log.orders[:60]:
        log.add("told order now", log.show.order(order))


def parts_of(owner: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Return *owner* and its indicators and observers, all the way down, with a path each."""
    yield path, owner
    for kind in (bt.LineIterator.IndType, bt.LineIterator.ObsType):
        for place, part in enumerate(getattr(owner, "_lineiterators", {}).get(kind, ())):
            yield from parts_of(part, f"{path} > {type(part).__name__} {kind}.{place}")


def record_lines(log: Log, path: str, thing: Any) -> None:
    """Write down every value of every line, and where each line stands."""
    log.add(f"{path} class", own_class(thing))
    lines = thing.lines if isinstance(thing, bt.LineSeries) else [thing]
    for number, line in enumerate(lines):
        where = f"{path} line {number}"
        log.add(where, f"{own_class(line)} idx={line.idx} len={len(line)} ext={line.extension}")
        log.array(where, line.array)
    log.add(f"{path} length", f"{len(thing)} {thing._minperiod}")


def own_class(thing: Any) -> str:
    """Return the class's name; with a mark where it is not the class of that name."""
    name = stock_class(thing)
    module = sys.modules.get(type(thing).__module__)
    found: Any = module
    for part in type(thing).__qualname__.split("."):
        found = getattr(found, part, None)
    same = found is type(thing) or found is None or not name.startswith("backtrader.")
    return name if same else f"{name} (another)"


def record_analyzers(log: Log, name: str, strategy: Any) -> None:
    """Write down what analyzers say, with its types."""
    slaves = list(getattr(strategy, "_slave_analyzers", ()))
    for place, analyzer in enumerate([*strategy.analyzers, *slaves]):
        where = f"{name} analyzer {place} {type(analyzer).__name__}"
        log.add(f"{where} class", own_class(analyzer))
        log.add(where, shown_analysis(log, analyzer))
        for inner in getattr(analyzer, "_children", ()):
            log.add(f"{where} > {type(inner).__name__}", shown_analysis(log, inner))


def shown_analysis(log: Log, analyzer: Any) -> str:
    """Return an analyzer's answer; OrderRecorder's is what it keeps."""
    if type(analyzer).__name__ == "OrderRecorder":
        executions = [
            (one.step, one.days, one.cash, log.show.ref(one.order.ref))
            for one in analyzer.executions
        ]
        statuses = {log.show.ref(ref): seen for ref, seen in analyzer.statuses.items()}
        return log.show((executions, statuses))
    try:
        return log.show(analyzer.get_analysis())
    except AttributeError as error:  # it never began, or never ended
        return str(error)


def record_trades(log: Log, name: str, strategy: Any) -> None:
    """Write down the trades that the strategy keeps."""
    for data, by_id in strategy._trades.items():
        for number, trades in by_id.items():
            for trade in trades:
                log.add(f"{name} trade {log.show(data)} {number}", log.show.trade(trade))


def record_account(log: Log, broker: Any) -> None:
    """Write down the broker's state."""
    show = log.show
    log.add("broker class", own_class(broker))
    log.add("broker", show.fields(broker, ACCOUNT))
    for data, position in broker.positions.items():
        log.add(f"broker position {show(data)}", show.position(position) + own_class(position))
    log.add("broker credit", show({show(data): one for data, one in broker.d_credit.items()}))
    for order in broker.pending:  # with stock's mark in it, where a run was cut short
        log.add("broker pending", "the mark" if order is None else show.order(order))
    counts = (len(broker.orders), len(broker.submitted), len(broker.notifs))
    log.add("broker queues", show((counts, list(broker._toactivate), list(broker.submitted))))
    log.add("broker orders", show([(one, one.status) for one in broker.orders]))
    pairs = {show.ref(key): show.ref(one) for key, one in broker._ocos.items()}
    groups = {show.ref(k): [show.ref(one) for one in v] for k, v in broker._ocol.items()}
    # An empty one says only that a parent was there; a child that comes late shows what it does.
    children = {show.ref(key): list(one) for key, one in broker._pchildren.items() if one}
    children = dict(sorted(children.items()))
    log.add("broker groups", show((pairs, groups, children)))
    if hasattr(broker, "charges"):
        log.add("broker charges", show([tuple(one) for one in broker.charges]))
