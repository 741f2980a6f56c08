"""What is sent to an exchange and what comes back: requests as data, refusals, and silence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any


class Said(Exception):  # noqa: N818 - read as a sentence: raise Said
    """A venue answered, and not with what was asked for.

    Attributes:
        status: of HTTP, or of the answer to a websocket request.
        code: the venue's own, empty where the answer has none.
        text: the venue's words.
        retry_after: how long the venue wants to be left alone; None: it does not say.
        bans: whether that is of all requests, and not of new orders alone.
    """

    def __init__(
        self,
        status: int,
        code: str,
        text: str,
        retry_after: timedelta | None = None,
        *,
        bans: bool = True,
    ) -> None:
        super().__init__(status, code, text)
        self.status = status
        self.code = code
        self.text = text
        self.retry_after = retry_after
        self.bans = bans

    def with_text(self, text: str) -> Said:
        """Return the same with other words."""
        return Said(self.status, self.code, text, self.retry_after, bans=self.bans)

    def __str__(self) -> str:
        return f"{self.code or f'HTTP {self.status}'}: {self.text}"


class NotLeft(Exception):  # noqa: N818
    """No byte of a request left."""


class Lost(Exception):  # noqa: N818
    """A request left, or may have; no answer came.

    Attributes:
        after: our own budget kept it back, for so long; None: that was not why.
    """

    def __init__(self, text: str = "", after: timedelta | None = None) -> None:
        super().__init__(text)
        self.after = after


@dataclass(frozen=True, kw_only=True)
class Batch:
    """An endpoint that takes several requests of another one in one.

    Attributes:
        method: ccxt's own name of it.
        size: how many it takes; it costs as much with fewer.
        join: the parameters of each -> the parameters of the one request.
        part: what each asked for and the answer -> the answer of each; `Said`: it is refused.
    """

    method: str
    size: int
    join: Callable[[Sequence[Mapping[str, Any]]], Mapping[str, Any]]
    part: Callable[[Sequence[Mapping[str, Any]], Any], Sequence[Any]]


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request.

    Attributes:
        method: ccxt's own name of the endpoint, as ``privatePostOrder``; *args*: of a unified one.
        costs: name of a budget -> units that this takes from it.
        expects: codes of refusals that the caller wants to see as `Said`.
        turn: of the requests of one name each waits until the one before is answered, or for a
            second; empty: it waits for none. For venues that want requests in their order.
        rows: what is sent in place of *params*, where the venue wants a list of them.
        batch: what may carry it together with others of the same moment; None: it leaves alone.
    """

    method: str
    args: tuple[Any, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    costs: Mapping[str, int] = field(default_factory=dict)
    expects: frozenset[str] = frozenset()
    turn: str = ""
    rows: Sequence[Mapping[str, Any]] = ()
    batch: Batch | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer to a request over a websocket.

    Attributes:
        id: the request's number; empty where the venue does not repeat it: it is of the request
            that has waited longest.
        said: it was refused.
    """

    id: str
    said: Said | None = None
