"""Signed bytes, and the blocks that they come into."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from atms.sandbox.simulation.venue.orders import Order
from atms.sandbox.simulation.venue.records import Record


@dataclass
class Transaction:
    """Signed bytes, and what is in them; without an order: somebody else's.

    Attributes:
        block: hash of the block that it is in; empty: in none that counts.
    """

    hash: str
    nonce: int
    tip: int
    order: Order | None
    cancels: bool
    block: str = ""


@dataclass
class Block:
    """A block, the records that its making made, and those that its undoing made."""

    number: int
    hash: str
    parent: str
    transactions: list[Transaction] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    undone: list[Record] = field(default_factory=list)


def digest(raw: bytes) -> str:
    """Return the hash that signed bytes go by."""
    return hashlib.sha256(raw).hexdigest()[:24]
