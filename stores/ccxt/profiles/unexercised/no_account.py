"""A profile's side of accounts and streams, where nobody tried any: it refuses all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

from atms.stores.base import never_tried
from atms.stores.ccxt.calls import Answer, Call
from atms.stores.ccxt.profile import Ask
from atms.stores.facts import Cursor, Fact, Page, Snapshot
from atms.stores.outcomes import Acked, Looked
from atms.stores.requests import Key, Prepared, Refs, Request


class NoAccount:
    """No key, no account, no order, no stream."""

    place: str

    async def account(self, ask: Ask) -> str:
        """Refuse."""
        self._refuse()

    def permissions(self) -> Call:
        """Refuse."""
        self._refuse()

    def may_withdraw(self, reply: Any) -> bool | None:
        """Return nothing: it is not asked."""
        return None

    # ---- streams ----------------------------------------------------------------------------
    def market_url(self, urls: Mapping[str, Any], channel: str) -> str:
        """Refuse."""
        self._refuse()

    def private_url(self, urls: Mapping[str, Any]) -> str:
        """Refuse."""
        self._refuse()

    def subscribe(
        self, names: Collection[str], number: int, *, on: bool
    ) -> Sequence[Mapping[str, Any]]:
        """Return nothing."""
        return ()

    def streamed(self, message: Mapping[str, Any]) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Return nothing."""
        return ()

    def greetings(self, exchange: Any, number: int) -> Sequence[Mapping[str, Any]]:
        """Return nothing."""
        return ()

    def answered(self, message: Mapping[str, Any]) -> Answer | None:
        """Return nothing."""
        return None

    def ends(self, message: Mapping[str, Any]) -> bool:
        """Return False."""
        return False

    def facts(self, message: Mapping[str, Any]) -> tuple[Fact, ...]:
        """Return nothing."""
        return ()

    # ---- orders -----------------------------------------------------------------------------
    def unfit(self, request: Request) -> str:
        """Return why nothing is sent."""
        return str(never_tried(self.place))

    def known(self, request: Request) -> tuple[tuple[Key, str], ...]:
        """Return nothing."""
        return ()

    def write(self, prepared: Prepared) -> Call:
        """Refuse."""
        self._refuse()

    def acked(self, prepared: Prepared, reply: Any) -> Acked:
        """Refuse."""
        self._refuse()

    def learn(self, names: Collection[str]) -> None:
        """Do nothing."""

    async def lookup(self, ask: Ask, key: Key, refs: Refs, at: datetime) -> Looked:
        """Refuse."""
        self._refuse()

    async def log(
        self, ask: Ask, after: Cursor | None, raws: Sequence[str], at: datetime, rows: int
    ) -> Page:
        """Refuse."""
        self._refuse()

    async def snapshot(self, ask: Ask, raws: Sequence[str], at: datetime) -> Snapshot:
        """Refuse."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise never_tried(self.place)
