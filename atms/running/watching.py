"""A process beside a live run: when its heartbeat stops, it is ended, and acted for."""

from __future__ import annotations

import time
from collections.abc import Callable

from atms.config import Config
from atms.running.session import SessionFolder
from atms.running.taking_over import act

_EVERY = 0.5  # seconds between looks


def watch(
    folder: SessionFolder,
    config: Config,
    after: float,
    say: Callable[[str], None] = lambda line: None,
) -> tuple[str, ...]:
    """Watch a run to its end; if it dies or hangs, wind its accounts down by its policy.

    Args:
        after: seconds without a heartbeat.
        say: takes what is being done, a line each.

    Returns:
        What could not be done, in words.

    Raises:
        LeaseHeld: its process cannot be ended.
        VenueError: an account cannot be reached.
    """
    policy = config.execution.on_stop
    say(f"watching run {folder.session.id}: on_stop is {policy}; Ctrl-C ends the watching alone")
    while True:
        if folder.status.get("state") == "ended":
            say(f"run {folder.session.id} ended")
            return ()
        if not folder.session.runs:
            say(f"run {folder.session.id} died: {policy}")
            return act(folder, config, policy, say)
        if folder.silence > after:
            say(f"run {folder.session.id} has no heartbeat for {after:g} s: {policy}")
            folder.session.kill()
            return act(folder, config, policy, say)
        time.sleep(_EVERY)
