"""The places at which a live run can be let die.

Nothing of atms knows of them: each is a call of its code, of the client's or of the database's,
that a test's process wraps (:mod:`tests.live.kills.dying`) before it becomes ``python -m atms``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Stage = Literal["fresh", "start", "trading", "end"]
Of = Callable[..., bool]


def _any(*_: Any, **__: Any) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Point:
    """One place.

    Attributes:
        name: in words; unlike every other's.
        place: ``module:function`` or ``module:Class.method``.
        after: when the call is over, and not before it begins.
        of: given the call's arguments, whether this call counts.
        most: the process dies at one of so many such calls.
        stage: when it comes by: at the first start of an account, at each start, while it trades,
            or while it is ended by SIGTERM.
        strategy: the one that comes by there; empty: every one.
    """

    name: str
    place: str
    after: bool = False
    of: Of = _any
    most: int = 1
    stage: Stage = "trading"
    strategy: str = ""


def _entry(*kinds: str) -> Of:
    def holds(journal: object, bodies: list[str]) -> bool:
        return bool({json.loads(body)["is"] for body in bodies} & {*kinds})

    return holds


def _sql(words: str) -> Of:
    return lambda connection, statement, *rest: statement.startswith(words)


def _http(method: str, *parts: str) -> Of:
    def asked(request: Any, *_: object) -> bool:
        path = request.url.path
        return bool(request.method == method and any(part in path for part in parts))

    return asked


def _instruction(*names: str) -> Of:
    return lambda account, instruction: type(instruction).__name__ in names


def _cancels(account: object, instruction: Any) -> bool:
    sent = type(instruction).__name__ == "Transmit"
    return sent and type(instruction.prepared.request).__name__ == "Cancel"


def _serves(account: object, instruction: Any) -> bool:
    """Whether what is sent protects or closes what another order opened."""
    request = getattr(getattr(instruction, "prepared", None), "request", None)
    return bool(request) and any(one.reduces for one in getattr(request, "tickets", ()))


def _says(what: str) -> Of:
    return lambda desk, word: getattr(word, "what", "") == what


def _named(name: str) -> Of:
    return lambda path, *rest: path.name == name


def _ledger(*_: Any, **__: Any) -> bool:
    return threading.current_thread().name == "atms-ledger"


_APPEND = "atms.execution.disk.journal:Journal.append"
_SEND = "aiohttp.client_reqrep:ClientRequest.send"
_BODY = "aiohttp.client_reqrep:ClientRequest.write_bytes"  # the head leaves with it
_HEAD = "aiohttp.client_reqrep:ClientResponse.start"
_READ = "aiohttp.client_reqrep:ClientResponse.read"
_DO = "atms.execution.driver.account:Account._do"
_EXECUTE = "tests.live.kills.dying:Watched.execute"
_COMMIT = "sqlalchemy.engine.default:DefaultDialect.do_commit"
_REPLACE = "pathlib:Path.replace"
_ORDERS = ("/order", "/algoOrder")
_TRADES = ("/myTrades", "/userTrades")
_STANDING = ("/openOrders", "/openAlgoOrders", "/account", "/positionRisk")

JOURNAL = (
    Point(name="an intent is not committed yet", place=_APPEND, of=_entry("Intended"), most=6),
    Point(name="rows in, COMMIT not given", place=_EXECUTE, of=_sql("COMMIT"), most=12),
    Point(name="COMMIT given, nobody knows", place=_EXECUTE, after=True, of=_sql("COMMIT"),
          most=12),
    Point(name="an intent is committed, nothing sent", place=_APPEND, after=True,
          of=_entry("Intended"), most=6),
    Point(name="an answer is not committed yet", place=_APPEND, of=_entry("Answered"), most=6),
    Point(name="an answer is committed, not told", place=_APPEND, after=True,
          of=_entry("Answered"), most=6),
    Point(name="a fill is not committed yet", place=_APPEND, of=_entry("Booked"), most=4),
    Point(name="a fill is committed, not told", place=_APPEND, after=True, of=_entry("Booked"),
          most=4),
    Point(name="an order's end is not committed yet", place=_APPEND, of=_entry("Closed"), most=4),
    Point(name="an order's end is committed, not told", place=_APPEND, after=True,
          of=_entry("Closed"), most=4),
)  # fmt: skip
WIRE = (
    Point(name="no byte of an order has left", place=_SEND, of=_http("POST", *_ORDERS), most=6),
    Point(name="an order's bytes have left", place=_BODY, after=True, of=_http("POST", *_ORDERS),
          most=6),
    Point(name="the head of an order's answer is there", place=_HEAD, after=True,
          of=_http("POST", *_ORDERS), most=6),
    Point(name="an order's answer is read", place=_READ, after=True, of=_http("POST", *_ORDERS),
          most=6),
    Point(name="no byte of a cancel has left", place=_SEND, of=_http("DELETE", *_ORDERS), most=2),
    Point(name="a cancel's bytes have left", place=_SEND, after=True,
          of=_http("DELETE", *_ORDERS), most=2),
    Point(name="a cancel's answer is read", place=_READ, after=True,
          of=_http("DELETE", *_ORDERS), most=2),
    Point(name="a list of executions is read", place=_READ, after=True,
          of=_http("GET", *_TRADES), most=2),
    Point(name="a part of a snapshot is read", place=_READ, after=True,
          of=_http("GET", *_STANDING), most=5, stage="start"),
    Point(name="the store has an outcome", place="atms.stores.ccxt.store:CCXTStore.transmit",
          after=True, most=6),
)  # fmt: skip
DRIVER = (
    Point(name="an order is about to be sent", place=_DO, of=_instruction("Transmit"), most=6),
    Point(name="an order's news is not told", place=_DO, of=_instruction("TellOrder"), most=8),
    Point(name="an order's news is told", place=_DO, after=True, of=_instruction("TellOrder"),
          most=8),
    Point(name="the strategy has heard of an order",
          place="atms.execution.disk.recorder:Recorder.order_told", after=True, most=8),
    Point(name="a wish has not gone down", place="atms.execution.broker.desk:Desk.wish", most=6),
    Point(name="wishes go down", place="atms.execution.broker.desk:Desk._send_down", most=6),
    Point(name="between the cancel and the new order of a replace", place=_READ, after=True,
          of=_http("DELETE", *_ORDERS), most=3, strategy="Moved"),
    Point(name="one leg of a bracket is sent", place=_DO, after=True, of=_serves, most=3,
          strategy="Bracketed"),
)  # fmt: skip
START = (
    Point(name="the journal's file is made, and not in its place",
          place="atms.execution.disk.journal_file:_fill", after=True, stage="fresh"),
    Point(name="the ledger's tables are half made", after=True, most=12, stage="fresh",
          place="alembic.ddl.impl:DefaultImpl.create_table"),
    Point(name="the ledger's tables are made, not committed", after=True, stage="fresh",
          place="atms.ledger.connection:ensure"),
    Point(name="the lease's words are written, and not in their place", place=_REPLACE,
          of=_named("lease.json.new"), stage="start"),
    Point(name="the lease is taken", place="atms.execution.disk.lease:Lease.take", after=True,
          stage="start"),
    Point(name="the journal is open", place="atms.execution.disk.journal:Journal.open", after=True,
          stage="start"),
    Point(name="the ledger does not know whose the next epoch is",
          place="atms.running.live_sessions:Sessions.claim", stage="start"),
    Point(name="the ledger knows whose the next epoch is, and it has not begun",
          place="atms.running.live_sessions:Sessions.claim", after=True, stage="start"),
    Point(name="the journal is half read", place="atms.execution.disk.files:decode", most=40,
          stage="start"),
    Point(name="the books are made, and no epoch has begun",
          place="atms.execution.driver.account:Account.run", stage="start"),
    Point(name="an epoch is not committed yet", stage="start",
          place="atms.execution.disk.journal:Journal.begin"),
    Point(name="an epoch has begun", place="atms.execution.disk.journal:Journal.begin", after=True,
          stage="start"),
    Point(name="the journal's newest part goes into its file", place=_EXECUTE, after=True,
          of=_sql("PRAGMA wal_checkpoint"), stage="start"),
    Point(name="the account's log is asked for", place=_DO, of=_instruction("ReadLog"),
          stage="start"),
    Point(name="a snapshot is asked for", place=_DO, of=_instruction("ReadSnapshot"),
          stage="start"),
    Point(name="the books are told", place=_DO, after=True, of=_instruction("TellBooks"),
          stage="start"),
    Point(name="READY is not told", place="atms.execution.broker.desk:Desk._heard",
          of=_says("ready"), stage="start"),
    Point(name="READY is told", place="atms.execution.broker.desk:Desk._heard", after=True,
          of=_says("ready"), stage="start"),
)  # fmt: skip
LEDGER = (
    Point(name="the ledger's rows are in, COMMIT not given", place=_COMMIT, of=_ledger, most=8),
    Point(name="the ledger's COMMIT is given", place=_COMMIT, after=True, of=_ledger, most=8),
    Point(name="the ledger has rows and no mark", place="atms.running.live_pump:set_mark", most=6),
    Point(name="the ledger has the mark, not committed", place="atms.running.live_pump:set_mark",
          after=True, most=6),
    Point(name="a batch is in the ledger", place="atms.running.live_pump:Pump.step", after=True,
          most=6),
)  # fmt: skip
BESIDE = (
    Point(name="the log is turned over", place="logging.handlers:RotatingFileHandler.rotate",
          after=True, most=3),
    Point(name="the status is written, and not in its place", place=_REPLACE,
          of=_named("status.json.new"), most=4),
    Point(name="inputs are recorded", place="atms.execution.disk.recorder:Recorder._append",
          after=True, most=8),
    Point(name="the day's loss is kept", place="atms.running.live:save_day", after=True, most=1),
)  # fmt: skip
END = (
    Point(name="the end is asked for, nothing is wound down", stage="end",
          place="atms.execution.broker.desk:wind_down"),
    Point(name="orders are taken back at the end", stage="end", place=_DO, after=True,
          of=_cancels),
    Point(name="the account is wound down", stage="end", after=True,
          place="atms.execution.broker.desk:wind_down"),
    Point(name="the lease is about to be given back", stage="end",
          place="atms.execution.disk.lease:Lease.release"),
    Point(name="the lease is given back", stage="end", after=True,
          place="atms.execution.disk.lease:Lease.release"),
    Point(name="the run's end is not noted", stage="end",
          place="atms.running.live_sessions:Sessions.end"),
    Point(name="the run's end is noted, and not in the ledger", stage="end", after=True,
          place="atms.running.live_sessions:Sessions.end"),
    Point(name="the run's end is in the ledger", stage="end", after=True,
          place="atms.running.live_ledger:settle"),
)  # fmt: skip
POINTS = (*JOURNAL, *WIRE, *DRIVER, *START, *LEDGER, *BESIDE, *END)
BY_NAME = {point.name: point for point in POINTS}
