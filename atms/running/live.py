"""Config -> a paper or live run: looked at first, then run, ended by policy."""

from __future__ import annotations

import logging
import secrets
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import backtrader as bt

from atms import registry
from atms.artefacts import config_yaml
from atms.config import Config, LoadedConfig, missing_limits
from atms.engine import StockCerebro
from atms.engine.collecting import settling
from atms.errors import AtmsError, ConfigError, StrategyError, VenueError
from atms.execution.broker.desk import Files
from atms.execution.broker.gating import LiveWatch
from atms.execution.broker.opening import EndedEarly
from atms.execution.disk.files import AccountFiles
from atms.risk import Day, Gate
from atms.running import vitals
from atms.running.answers import answer_of
from atms.running.beating import Heart
from atms.running.components import add_strategy
from atms.running.events import tell
from atms.running.health import told
from atms.running.health_server import HealthServer
from atms.running.kept import Kept
from atms.running.live_log import logging_to
from atms.running.live_parts import add_live_feeds, live_cerebro, watch_of
from atms.running.live_stores import make_store, manner_of, run_name, store_names
from atms.running.live_views import LONGEST_VIEW, AccountView, patient_view
from atms.running.noting import NotedBroker
from atms.running.pasts import with_pasts
from atms.running.plan import Plan
from atms.running.session import Session, SessionFolder, this_process
from atms.running.trading import Trading
from atms.running.trading_day import load_day, save_day
from atms.stores.base import Store
from atms.usercode import describe, where_raised

Mode = Literal["paper", "live", "shadow"]


@dataclass
class LiveRun:
    """One paper or live run, from the first look to its end.

    Args:
        config: what to run.
        mode: on what.
        strategy: a class, in the place of the one that the config names.
        takeover: end the process that has an account.
    """

    config: Config
    mode: Mode
    strategy: type[bt.Strategy] | None = None
    takeover: bool = False
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._check()
        self.kind = self.strategy or registry.load("strategies", self.config.strategy.name)
        section = self.config.execution
        self.state = section.folder
        self.trading = Trading(
            self.state, align=section.align, on_stop=section.on_stop, files=self._open_files,
            manner=manner_of(self.config),
        )  # fmt: skip
        self.stores: dict[str, Store] = {}
        self.health: str | None = None
        self._report: Callable[[], dict[str, Any]] = lambda: told(self.id, {}, 0.0)
        self._gate: Gate | None = None
        self._kept: Day | None = None
        self._has_account = False  # whether it ever had one of its accounts
        self.name = run_name(self.config)
        self.id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{self.name}-{secrets.token_hex(2)}"

    # ---- before -----------------------------------------------------------------------------
    def _check(self) -> None:
        LoadedConfig(self.config).require_live()
        if self.mode == "live":
            if self.config.run.paper_trading:
                raise ConfigError(
                    "run.paper_trading is true, or PAPER_TRADING is: live trading is forbidden"
                )
            missing = missing_limits(self.config)
            if missing:
                raise ConfigError(f"live needs its limits: give {', '.join(missing)}")

    def look(self, hears: Callable[[str], None] = lambda text: None) -> list[AccountView]:
        """Connect to every account and return how it stands; nothing is changed.

        A venue that lets nothing through now is waited for, for two minutes at most.

        Args:
            hears: takes why it waits.

        Raises:
            VenueError: an account cannot be reached or read, or its key may withdraw.
        """
        for name in store_names(self.config):
            store = make_store(self.config, name, self.mode, self.state)
            self.stores[name] = with_pasts(self.config, name, store, self.warnings.append)
        most = len(self.stores) * LONGEST_VIEW
        views = answer_of(self.trading.host, self._views(hears), within=most)
        for view in views:
            self.warnings += view.warnings
            if view.can_withdraw and self.mode == "live":
                raise VenueError(
                    f"stores.{view.store}: its key may withdraw; make one that may trade alone"
                )
        return views

    async def _views(self, hears: Callable[[str], None]) -> list[AccountView]:
        return [
            await patient_view(self.config, name, store, hears)
            for name, store in self.stores.items()
        ]

    # ---- running ----------------------------------------------------------------------------
    def run(self) -> None:
        """Trade until the run is stopped; then act by policy and close everything.

        Raises:
            StrategyError: the strategy raised; the accounts were wound down by policy.
            AtmsError: an account cannot be had, or not kept.
        """
        session = self._session()
        with ExitStack() as stack:
            self._serve_health(stack)  # a port that is taken ends it before anything is begun
            folder = SessionFolder.create(self.state, session, config_yaml(self.config))
            stack.enter_context(logging_to(folder.path, self.id, self.config))
            tell(f"run begins: {session.strategy}, {session.mode}", asdict(session))
            self._run(folder)

    def _run(self, folder: SessionFolder) -> None:
        self.kept = Kept(self, folder.path)
        heart = Heart(self.trading, folder, self.mode, self._keep_day, self._beside)
        self._report = heart.report
        status = "failed"
        try:
            cerebro = self._cerebro()
            heart.begin(cerebro)
            with self._signals(), settling() as settle:
                self.trading.on_open.append(settle)
                cerebro.run()
            self.trading.raise_failure()
            status = "finished"
        except EndedEarly as early:
            tell(str(early), {}, logging.WARNING)
            status = "finished"
        except KeyboardInterrupt:
            status = "interrupted"
            raise
        except Exception as error:
            tell(f"run failed: {error}", {"error": type(error).__name__}, logging.ERROR, error=True)
            if isinstance(error, AtmsError):
                raise
            raise self._raised(error) from error
        finally:
            self.trading.close()
            heart.end(self.trading.left, refused=status == "failed" and not self._has_account)
            self.kept.close(status)
            tell(f"run ended: {status}", {"status": status, "left": self.trading.left})

    def _serve_health(self, stack: ExitStack) -> None:
        port = self.config.operations.health_port
        if port is not None:
            server = HealthServer(port, lambda: self._report())
            stack.callback(server.close)
            self.health = server.url

    def _beside(self) -> dict[str, Any]:
        """Return what a beat tells beside the accounts; on the loop's side."""
        writer = self.kept.ledger
        return {
            "feeds": vitals.feeds(self.trading),
            "ledger": vitals.ledger(None if writer is None else writer.state),
            "recorder": vitals.recorder(self.kept.recorder),
            "health": self.health,
        }

    def _cerebro(self) -> StockCerebro:
        cerebro = live_cerebro(self.config)
        plan = Plan(self.config, cerebro, self.kind, warnings=self.warnings)
        add_live_feeds(cerebro, self.trading, self.config, self.stores)
        broker = self.trading.broker(self.base, watch=self._watch(), kind=NotedBroker)
        cerebro.setbroker(broker)
        add_strategy(plan)
        self.kept.follow(cerebro, broker)
        return cerebro

    def _open_files(self, account: str) -> Files:
        """Take an account, and let the ledger know which run its next entries are of."""
        files = AccountFiles.open(self.state, account, takeover=self.takeover)
        try:
            self.kept.take(account)
            self._has_account = True
        except BaseException:
            files.close()
            raise
        return files

    @property
    def base(self) -> str:
        """The currency that equity is told in."""
        first = next(feed for feed in self.config.data.feeds if feed.store)
        section = self.config.stores[first.store or ""]
        return section.base or self.stores[first.store or ""].base

    def _watch(self) -> LiveWatch | None:
        """Return the gate of the config's limits; None: there are none."""
        watch = watch_of(self.config, self.trading, self.stores, load_day(self._day_file))
        self._gate = None if watch is None else watch.gate
        return watch

    @property
    def _day_file(self) -> Path:
        return self.state / "strategies" / self.name / "day.json"

    def _keep_day(self) -> None:
        """Keep the day's loss; a full disk is no reason to stop trading."""
        day = None if self._gate is None else self._gate.day
        if day is not None and day != self._kept:
            self._kept = day
            with suppress(OSError):
                save_day(self._day_file, day)

    def _session(self) -> Session:
        pid, started = this_process()
        return Session(
            id=self.id, mode=self.mode, pid=pid, started=started,
            accounts=tuple(store.account for store in self.stores.values()),
            strategy=self.kind.__name__, begun=datetime.now(UTC).isoformat(),
            on_stop=self.config.execution.on_stop, state=str(self.state),
        )  # fmt: skip

    def _raised(self, error: Exception) -> StrategyError:
        where = where_raised(error.__traceback__)
        at = f" in {where}" if where else ""
        return StrategyError(f"strategy {self.kind.__name__} raised{at}: {describe(error)}")

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """End by policy at the first SIGTERM or Ctrl-C; a second one ends at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

        def ask(number: int, frame: FrameType | None) -> None:
            for one in before:
                signal.signal(one, signal.default_int_handler)
            self.trading.end()

        for number in before:
            signal.signal(number, ask)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
