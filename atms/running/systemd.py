"""Telling systemd how a run is: the protocol of sd_notify(3), a datagram of NAME=VALUE lines.

Source: the manual page sd_notify(3), "Standalone Implementations": the socket's name is in
NOTIFY_SOCKET, an absolute path or ``@`` and a name in the abstract namespace; and
sd_watchdog_enabled(3): WATCHDOG_USEC is the time in which a sign is wanted, for the process
WATCHDOG_PID alone.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from atms.running.health import Health

_MICRO = 1e-6


class Notifier:
    """Sends a run's signs to the service manager; does nothing where there is none.

    A sign of life is sent with a beat only while the strategy passes: one that hangs is ended and
    started again by systemd after its WatchdogSec. While a run begins or is wound down it is always
    sent, because then no strategy passes.

    Args:
        environment: where the manager's variables are.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._ready = False
        self._status = ""
        wanted = environment.get("WATCHDOG_USEC", "")
        whose = environment.get("WATCHDOG_PID", "")
        ours = whose in ("", str(os.getpid()))
        self.patience = int(wanted) * _MICRO / 2 if wanted.isdigit() and ours else None

    def beat(self, health: Health, state: str, strategy_silent: float | None) -> None:
        """Tell how the run is.

        Args:
            health: its own judgement.
            state: of the run, as its status has it.
            strategy_silent: seconds since the strategy's last pass; None: before the first.
        """
        if not self._address:
            return
        words = []
        if health.ready and not self._ready:
            self._ready = True
            words.append("READY=1")
        status = "ready" if health.ready else "; ".join(health.why)
        if status != self._status:
            self._status = status
            words.append(f"STATUS={status.replace(chr(10), ' ')}")
        if self.patience is not None and not self._hangs(state, strategy_silent):
            words.append("WATCHDOG=1")
        if words:
            self._send("\n".join(words))

    def stopping(self) -> None:
        """Tell that the run ends."""
        if self._address:
            self._send("STOPPING=1")

    def _hangs(self, state: str, strategy_silent: float | None) -> bool:
        assert self.patience is not None
        return state == "running" and (strategy_silent or 0.0) > self.patience

    def _send(self, text: str) -> None:
        """Send a datagram; a manager that is not there keeps nobody from trading."""
        name = self._address
        address = "\0" + name[1:] if name.startswith("@") else name
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
                wire.setblocking(False)
                wire.sendto(text.encode(), address)
        except OSError:
            return
