"""A sandbox of Binance spot in a thread of its own."""

from __future__ import annotations

from typing import Any

from atms.sandbox.binance.server import Sandbox
from atms.sandbox.venue.threads import ServingThread


class SandboxThread(ServingThread):
    """``with SandboxThread(config) as thread``: serves until the block ends."""

    sandbox: Sandbox

    def _make(self, config: Any) -> Any:
        return Sandbox(config)
