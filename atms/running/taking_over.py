"""A second process that ends a live run and acts in its place."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

from atms.config import Config
from atms.execution.broker.desk import Desk
from atms.execution.broker.opening import wait_until_ready
from atms.execution.broker.winding_down import Policy
from atms.running.beating import accounts_status
from atms.running.live_stores import make_store, manner_of, store_names, symbols_of
from atms.running.session import STALE, SessionFolder
from atms.running.trading import Trading

ASKED = 2.0  # seconds that a run has to say that it stops
READY = 60.0  # seconds that an account may take
WINDING_DOWN = 45.0  # seconds that it may then take


def end(
    folder: SessionFolder,
    config: Config,
    what: Literal["stop", "flatten"],
    say: Callable[[str], None] = lambda line: None,
) -> tuple[str, ...]:
    """Ask a run to end; if it does not, end it, take its accounts, and do what it should have.

    Args:
        config: what it runs.
        what: ``stop`` acts by ``execution.on_stop``; ``flatten`` closes everything.
        say: takes what is being done, a line each.

    Returns:
        What could not be done, in words.

    Raises:
        RunError, LeaseHeld: its process cannot be ended.
        VenueError: an account cannot be reached.
    """
    policy: Policy = "flatten" if what == "flatten" else config.execution.on_stop
    if folder.session.runs:
        folder.ask(what)
        say(f"asked run {folder.session.id} to {what}")
        if _ends_by_itself(folder):
            return tuple(folder.status.get("left", ()))
        say(f"it does not answer: ending process {folder.session.pid}")
        folder.session.kill()  # whether the venue can be reached, or not
    elif what == "stop":
        say("its process is gone already")
    return act(folder, config, policy, say)


def act(
    folder: SessionFolder,
    config: Config,
    policy: Policy,
    say: Callable[[str], None] = lambda line: None,
) -> tuple[str, ...]:
    """Take the accounts of a run, from whoever has them, and wind them down by policy."""
    state, mode = config.execution.folder, folder.session.mode
    trading = Trading(state, on_stop=policy, takeover=True, manner=manner_of(config))
    try:
        for name in store_names(config):
            desk = trading.desk(make_store(config, name, mode, state))
            desk.symbols += symbols_of(config, name)
            desk.begin()
        wait_until_ready(trading.desks, trading.passes, READY, lambda: _take(trading.desks))
        say(f"the accounts are taken: {policy}")
    finally:
        trading.close()
    _tell(folder, trading)
    return trading.left


def _tell(folder: SessionFolder, trading: Trading) -> None:
    """Write into a dead run's status how it has ended: it holds what it held as it died."""
    ended = {"state": "ended", "left": trading.left}
    folder.beat(folder.status | accounts_status(trading, {}) | ended)


def _take(desks: Sequence[Desk]) -> None:
    """Take what accounts tell, which nobody here hears; raise why one cannot be had."""
    for desk in desks:
        desk.take()
        if desk.failed is not None:
            raise desk.failed


def _ends_by_itself(folder: SessionFolder) -> bool:
    """Return whether a run ends that was asked to."""
    begun = time.monotonic()
    while time.monotonic() - begun < WINDING_DOWN:
        if not folder.session.runs:
            return True
        # Its heart may beat on and take the request, while its strategy hangs.
        deaf = folder.status.get("state") not in ("closing", "ended") or folder.silence > STALE
        if deaf and time.monotonic() - begun > ASKED:
            return False
        time.sleep(0.1)
    return False
