"""A snapshot that is put together of several answers, on every exchange alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from atms.stores.base import AuthFailed, RateLimited, Unreachable
from atms.stores.facts import Fact, Part, Snapshot


async def gathered(
    at: datetime, reads: Mapping[Part, Callable[[], Awaitable[tuple[Fact, ...]]]]
) -> Snapshot:
    """Return a snapshot of the parts that could be read.

    Raises:
        RateLimited, AuthFailed: at the first part; Unreachable: no part could be read.
    """
    parts: dict[Part, tuple[Fact, ...]] = {}
    failure: Unreachable | None = None
    for part, read in reads.items():
        try:
            parts[part] = await read()
        except (RateLimited, AuthFailed):
            raise
        except Unreachable as error:
            failure = error
    if not parts and failure is not None:
        raise failure
    return Snapshot(
        at=at, cursor=None, parts=frozenset(parts), atomic=False,
        facts=tuple(fact for facts in parts.values() for fact in facts),
    )  # fmt: skip
