"""The ``execution`` section: how orders are worked, and what happens around a stop."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field

from atms.config.layers import process_environment
from atms.config.section import Section
from atms.config.units import DurationField


class ExecutionSection(Section):
    """Paper and live; a backtest checks it and has no use for it."""

    align: DurationField = Field(
        timedelta(milliseconds=250),
        description="How long a bar waits for those of other feeds that are due at its time.",
    )
    on_stop: Literal["leave", "cancel", "flatten"] = Field(
        "leave",
        description="What a stop does: leave orders and positions, cancel open orders, or close "
        "positions too.",
    )
    unknown_position: Literal["halt", "adopt", "ignore"] = Field(
        "halt",
        description="What becomes of a position that no order of ours explains: start no orders, "
        "take it as ours, or leave it out.",
    )
    emulated_protection: bool = Field(
        False,
        description="true agrees to protective orders that only this process keeps, where the "
        "venue has none.",
    )
    state_dir: Path | None = Field(
        None,
        description="The folder of the accounts' journals; default: atms in XDG_STATE_HOME, or "
        "~/.local/state.",
    )

    @property
    def folder(self) -> Path:
        """The folder of the accounts' journals, whether it is there or not."""
        if self.state_dir is not None:
            return self.state_dir.expanduser()
        base = Path(process_environment().get("XDG_STATE_HOME", ""))
        # A relative one is to be ignored: XDG Base Directory Specification.
        return (base if base.is_absolute() else Path("~/.local/state").expanduser()) / "atms"
