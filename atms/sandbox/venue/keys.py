"""Keys of the account."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ApiKey:
    """A key of the account and what it may do.

    Attributes:
        passphrase: what some venues want besides; empty: none.
        created: venue milliseconds.
    """

    key: str
    secret: str
    may_withdraw: bool = False
    created: int = 0
    passphrase: str = ""
