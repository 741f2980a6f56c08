"""Names of instruments: the source's and the paper account's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from atms.stores.market import Instrument

Some = TypeVar("Some")


class Naming:
    """Turns ids; a source knows its account when it is connected.

    Args:
        account: the paper account's.
        source: has an account.
    """

    def __init__(self, account: str, source: Any) -> None:
        self._account = account
        self._source = source

    def symbol(self, instrument: str) -> str:
        """Return the symbol of an instrument of ours."""
        return instrument.removeprefix(f"{self._account}:")

    def theirs(self, instrument: str) -> str:
        """Return the source's id of an instrument of ours."""
        return f"{self._source.account}:{self.symbol(instrument)}"

    def ours(self, instrument: Instrument) -> Instrument:
        """Return the source's instrument under our id."""
        return replace(instrument, id=self._named(instrument.id))

    def renamed(self, told: Some) -> Some:
        """Return a bar, a quote or what else has an instrument, under our id."""
        name = getattr(told, "instrument", None)
        return told if name is None else replace(told, instrument=self._named(name))  # type: ignore[type-var]

    def _named(self, theirs: str) -> str:
        return f"{self._account}:{theirs.removeprefix(f'{self._source.account}:')}"
