"""Ids that the venue gives: client order ids of its own making, and counters."""

from __future__ import annotations

import itertools
import secrets

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def client_id() -> str:
    """Return a client order id as the venue makes one: 22 letters and digits."""
    return "".join(_LETTERS[byte % 62] for byte in secrets.token_bytes(22))


def api_key() -> str:
    """Return a new key or secret: 64 letters and digits."""
    return "".join(_LETTERS[byte % 62] for byte in secrets.token_bytes(64))


class Counters:
    """Numbers that only grow, and start where a busy venue's would."""

    def __init__(self) -> None:
        self.order = itertools.count(1_000_001).__next__
        self.trade = itertools.count(5_000_001).__next__
        self.list = itertools.count(7001).__next__
        self.execution = itertools.count(9_000_001).__next__
        self.rank = itertools.count().__next__
