"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "info", "warn", "fail"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what.
        verdict: ``info`` is for what may be either way; with ``warn`` runs may go wrong, with
            ``fail`` they do.
        found: how it stands.
        hint: the way out; empty if none is needed, or if *found* says it already.
        exit_code: what the command line leaves with if this fails: that of the error which a run
            would end with, see :mod:`atms.errors`.
    """

    name: str
    verdict: Verdict
    found: str
    hint: str = ""
    exit_code: int = 2
