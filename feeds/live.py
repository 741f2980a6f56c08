"""Bars of a store as a Backtrader feed: its history, then what comes, as one stream.

Works under any Cerebro and patches nothing. A strategy sees what it sees in a backtest of the
same bars, with these limits, which are Backtrader's:

- Cerebro switches preload and runonce off. Timers fire with bars alone. ``oldsync`` and
  optimizing are refused.
- A resampled bar is delivered with the bar that ends it: where that one does not come, with the
  next. One that is not over when the run stops is not delivered.
- With ``exactbars=1``, a replay with ``adjbartime=True`` beside other feeds loses bars, as it
  does in a backtest.
- Datas that are not live share a run only if they are over before the first live bar.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

import backtrader as bt

from atms.errors import AtmsError, ConfigError, RunError
from atms.feeds.copies import copy_of, may_force, waits
from atms.feeds.flow import Flow, checked
from atms.feeds.history import Zone, backtrader_timeframe, end_of_session, with_lines
from atms.feeds.lanes import Lane, Ready, step_of, store_timeframe
from atms.feeds.listening import BarStore, Listener
from atms.feeds.passes import Passes
from atms.feeds.seam import Seam, Turned
from atms.feeds.times import END_OF_DAY
from atms.model import Timeframe

log = logging.getLogger(__name__)
_NAN = float("nan")


class LiveFeed(bt.feed.DataBase):
    """One instrument's bars from a store.

    Make one with :func:`live_feed`. ``notify_data`` hears CONNECTED, DELAYED (bars of the past
    follow), LIVE, DISCONNECTED, and NOTSUBSCRIBED when the key is not taken; each in its place
    between the bars. ``notify_store`` hears :class:`atms.feeds.passes.Notice`.

    Params:
        store: where bars come from; connected.
        passes: shared by all live feeds of the run.
        instrument: the store's id of it.
        start: from when on bars are wanted, aware; None: from now on.
        omits_empty: whether the store has no bar where nothing was traded.
        fills: whether such an interval becomes a flat bar.
        checks_holes: whether history is asked about each such interval; see
            :class:`atms.feeds.seam.Seam`.
        probe: seconds beyond a bar's length that the stream may be silent before history is
            asked whether it lost something; None: never.
        flow: names of lines besides a bar's own; see :func:`atms.feeds.flow.checked`. Bars of the
            past have none: NaN.

    Attributes:
        live: whether the bar that the strategy sees was delivered live: orders may be made on it.
        lane: its queue.
    """

    params = (
        ("store", None),
        ("passes", None),
        ("instrument", ""),
        ("start", None),
        ("omits_empty", False),
        ("fills", False),
        ("checks_holes", True),
        ("probe", 10.0),
        ("flow", ()),
        ("sessionend", END_OF_DAY),
    )

    def __init__(self) -> None:
        super().__init__()
        store: BarStore = self.p.store
        if self.p.dataname is None:
            symbol = self.p.instrument.removeprefix(f"{store.account}:")
            self.p.dataname = self._dataname = symbol
        self.live = False
        self._given: tuple[float, Ready] | None = None

    @property
    def late(self) -> int:
        """How many stamps went on without this feed, though it owed a bar."""
        return self.lane.late

    @property
    def error(self) -> AtmsError | None:
        """Why the feed ended, if it did so by an error."""
        return self.lane.error

    @property
    def begun(self) -> bool:
        """Whether it listens, or has."""
        return hasattr(self, "_listener")

    @property
    def silence(self) -> float | None:
        """Seconds since the stream said something; None: not yet."""
        heard = self._listener.heard
        return None if heard is None else (self.p.passes.host.now() - heard).total_seconds()

    def islive(self) -> bool:
        """Say that Cerebro is to ask bar by bar."""
        return True

    def haslivedata(self) -> bool:
        """Return whether something waits to be delivered."""
        return len(self.lane) > 0

    def setenvironment(self, env: Any) -> None:
        """Let Cerebro hear the notices."""
        super().setenvironment(env)
        env.addstore(self.p.passes)

    def start(self) -> None:
        """Begin to listen.

        Raises:
            ConfigError: the timeframe has no bars at a store, or Cerebro runs in a way that live
                feeds do not know.
        """
        super().start()
        self._laststatus = None  # else Backtrader takes CONNECTED for told
        if not self.replaying:
            # Cerebro looks for the time of a step among the datas that are not resampled, and
            # fails where a resampled one comes alone. This one has no other that comes with it.
            self.resampling = 0
        timeframe = store_timeframe(self.p.timeframe, self.p.compression, self._name)
        self._refuse_modes()
        passes: Passes = self.p.passes
        now = passes.host.now()
        zone: tzinfo = self._gettz() or UTC
        self.live, self._given = False, None
        self.lane = Lane(self._name, timeframe, zone, now, self.p.omits_empty)
        seam = Seam(
            start=self.p.start or now,
            step=step_of(timeframe),
            omits_empty=self.p.omits_empty,
            fills=self.p.fills,
            checks_holes=self.p.checks_holes,
        )
        self._listener = Listener(
            self.p.store, self.p.instrument, str(timeframe), step=step_of(timeframe), seam=seam,
            lane=self.lane, passes=passes, probe=self.p.probe,
        )  # fmt: skip
        passes.join(self)
        passes.host.spawn(self._listener.listen())
        passes.host.spawn(self._listener.supply())
        self._flow = Flow(self.p.store, self.p.instrument, self.p.flow, self._lost)
        if self.p.flow:
            passes.host.spawn(self._flow.listen())

    def stop(self) -> None:
        """Listen no more."""
        super().stop()
        with contextlib.suppress(RunError):  # the host is closed, and its tasks with it
            self.p.passes.host.call(self._listener.stop)
            self.p.passes.host.call(self._flow.stop)

    def _lost(self, why: str) -> None:
        log.warning("%s: no order book or trades now: %s", self._name, why)

    def _refuse_modes(self) -> None:
        cerebro = self._env
        if cerebro.p.oldsync:
            raise ConfigError(f"{self._name}: oldsync does not work with live feeds; leave it out")
        if cerebro._dooptimize:
            raise ConfigError(f"{self._name}: a live feed runs once; optimize on its history")

    # ---- a pass, as the passes see it -----------------------------------------------------------
    def do_qcheck(self, onoff: bool, qlapse: float) -> None:
        """Begin a pass: Cerebro asks this of each data before it moves any."""
        self._qcheck = 0.0
        self.p.passes.begin(self)

    def holds(self) -> bool:
        """Return whether there is a bar that Cerebro has not delivered yet."""
        return self._given is not None or waits(self)

    def heed(self, word: Turned) -> None:
        """Tell the strategy that the feed is now so."""
        self.put_notification(getattr(self, word.status))

    def give(self, stamp: float, ready: Ready) -> None:
        """Take a bar, for Cerebro to load in this pass."""
        self._given = (stamp, ready)

    # ---- a pass, as Cerebro sees it -------------------------------------------------------------
    def next(self, datamaster: Any = None, ticks: bool = True) -> bool | None:
        """Move on to the bar of this pass; None: there is none now, False: there will be none."""
        if self.p.passes.ended or not self.holds():
            return False if self._is_over() else None
        moved: bool | None = super().next(datamaster, ticks)
        self.p.passes.moved = self.p.passes.moved or bool(moved)
        return moved

    def _load(self) -> bool | None:
        if self._given is None:
            return False if self._is_over() else None
        (stamp, ready), self._given = self._given, None
        if stamp > self.todate:
            self.lane.over = True
            return False
        bar, lines = ready.bar, self.lines
        for line in lines:
            line[0] = _NAN
        lines.datetime[0] = stamp
        lines.open[0], lines.high[0] = float(bar.open), float(bar.high)
        lines.low[0], lines.close[0] = float(bar.low), float(bar.close)
        lines.volume[0] = _NAN if bar.volume is None else float(bar.volume)
        if ready.live and self.p.flow:
            for name, value in self._flow.values(bar).items():
                getattr(lines, name)[0] = value
        self.live = ready.live
        return True

    def qbuffer(self, savemem: int = 0, replaying: bool = False) -> None:
        """Save memory, and keep the one bar more that filters need."""
        super().qbuffer(savemem=savemem, replaying=replaying or bool(self._filters))

    def _is_over(self) -> bool:
        return self.p.passes.ended or self.lane.over

    # ---- copies, and what they make of the bars -------------------------------------------------
    def clone(self, **kwargs: Any) -> Any:
        """Return a data with the same bars; ``resampledata`` and ``replaydata`` ask for it."""
        return copy_of(self, **kwargs)

    def copyas(self, _dataname: str, **kwargs: Any) -> Any:
        """Return a data with the same bars and another name."""
        return copy_of(self, _dataname, **kwargs)

    def _check(self, forcedata: Any = None) -> None:
        """Let a resampler end its bar by another feed's, if none of its own bars is missing.

        Without *forcedata* Backtrader ends it by the wall clock, and the bar that comes a moment
        later would be in the next one.
        """
        if may_force(self, forcedata):
            super()._check(forcedata)

    def _last(self, datamaster: Any = None) -> int:
        """Deliver nothing at the end: a bar that is not over is none."""
        return 0

    def _getnexteos(self) -> tuple[datetime, float]:
        """Return the end of the session that the present bar is in, as a history feed does."""
        if self._tz is None or self._calendar is not None or not len(self):
            return super()._getnexteos()  # type: ignore[no-any-return]
        return end_of_session(self)


def live_feed(
    store: BarStore,
    passes: Passes,
    instrument: str,
    timeframe: str | Timeframe,
    *,
    start: datetime | None = None,
    name: str = "",
    zone: str | None = None,
    flow: Sequence[str] = (),
    **params: Any,
) -> LiveFeed:
    """Return a feed of a store's bars, for ``cerebro.adddata``.

    Args:
        store: connected already.
        passes: shared by all live feeds of the run.
        instrument: the store's id, ``<account>:<symbol>``.
        timeframe: the length of a bar, ``1m``.
        start: from when on bars are wanted, aware; None: from now on.
        name: the feed's name in Backtrader; else the symbol.
        zone: the IANA zone in which the strategy sees times; default UTC.
        flow: names of lines besides a bar's own: ``bid``, ``trades`` ...
        params: others of :class:`LiveFeed`.

    Raises:
        ValueError: *timeframe* is none.
        ConfigError: a line that is not known.
    """
    if isinstance(timeframe, str):
        timeframe = Timeframe.parse(timeframe)
    kind = with_lines(LiveFeed, checked(flow, f"{name or instrument}.lines"))
    feed: LiveFeed = kind(
        store=store,
        passes=passes,
        instrument=instrument,
        start=start,
        name=name,
        flow=tuple(flow),
        tz=Zone(zone) if zone and zone != "UTC" else None,
        **backtrader_timeframe(timeframe),
        **params,
    )
    return feed
