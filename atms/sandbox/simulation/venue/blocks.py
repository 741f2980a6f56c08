"""A simulated chain under an account: a pool, blocks, and blocks undone."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

from atms.sandbox.simulation.venue import booking
from atms.sandbox.simulation.venue.checks import lacks_funds
from atms.sandbox.simulation.venue.holdings import ZERO
from atms.sandbox.simulation.venue.orders import Declined, Order
from atms.sandbox.simulation.venue.records import (
    Charged,
    Executed,
    Finalised,
    Moved,
    Received,
    Record,
    Sealed,
)
from atms.sandbox.simulation.venue.transactions import Block, Transaction, digest
from atms.sandbox.simulation.venue.truth import Venue
from atms.stores.facts import Fee, State
from atms.stores.outcomes import Reason
from atms.stores.requests import Kind, Ticket


class Chain:
    """Carries an account's transactions out, one nonce after the other.

    Args:
        venue: whose account it is.
        deep: how many blocks on top of one make it final.
        gas: what a transaction costs, failed ones too.
        every: how long between blocks; None: they are made by :meth:`mine` alone.
    """

    def __init__(
        self, venue: Venue, *, deep: int = 6, gas: Fee, every: timedelta | None = None
    ) -> None:
        self.venue = venue
        self.deep = deep
        self.gas = gas
        self.every = every
        self.nonce = 0
        self.pool: dict[int, Transaction] = {}
        self.transactions: dict[str, Transaction] = {}
        self.blocks = [Block(0, "genesis", "")]
        self.by_hash = {"genesis": self.blocks[0]}
        self._forks = 0
        self._mark = 0  # what of the venue's log is in blocks
        self._carried: list[Record] = []
        self._final = 0
        if every is not None:
            venue.at(venue.now() + every, self._tick)

    # ---- what a node answers --------------------------------------------------------------------
    @property
    def head(self) -> Block:
        """The newest block."""
        return self.blocks[-1]

    def counts(self, block: Block) -> bool:
        """Return whether a block was not undone."""
        return block.number < len(self.blocks) and self.blocks[block.number] is block

    def next_nonce(self) -> int:
        """Return the first nonce that neither a block nor the pool has."""
        nonce = self.nonce
        while nonce in self.pool:
            nonce += 1
        return nonce

    def settled(self, order: Order) -> bool:
        """Return whether what became of an order can no longer be undone."""
        made = self.transactions.get(order.names[0][3:])
        return made is not None and self.winner(made.nonce) is not None

    def shows(self, order: Order) -> bool:
        """Return whether a transaction of an order waits, or is in a block that is not final."""
        if self.settled(order):
            return False
        known = (self.transactions.get(name[3:]) for name in order.names)
        return any(
            made is not None and (made.block or self.pool.get(made.nonce) is made) for made in known
        )

    def winner(self, nonce: int) -> Transaction | None:
        """Return the transaction that has a nonce for good: its block is final."""
        final = [one for block in self.blocks[: self._final + 1] for one in block.transactions]
        return next((one for one in final if one.nonce == nonce), None)

    def submit(self, raw: bytes) -> Transaction | Declined:
        """Take signed bytes into the pool; the same bytes again change nothing."""
        self.venue.turn()
        said = json.loads(raw)
        name, known = digest(raw), digest(raw) in self.transactions
        made = self.transactions.get(name) or Transaction(
            name, said["nonce"], said["tip"], None, cancels="cancels" in said
        )
        declined = self._refusal(made)
        code = declined.code if declined is not None else ""
        self.venue.record(Received, what="raw", keys=(said["key"],), code=code)
        if declined is not None:
            return declined
        self.transactions[name] = made
        if not known:
            made.order = self._order(said, name)
        if not made.block and not self.venue.chance.hit("drop_transaction"):  # F65
            self.pool[made.nonce] = made
        return made

    # ---- what happens on it ---------------------------------------------------------------------
    def mine(self) -> Block:
        """Make a block of what the pool has in unbroken order of nonces."""
        self.venue.turn()
        parent, number = self.head, self.head.number + 1
        text = f"{parent.hash} {number} {self._forks} {self.next_nonce()}"
        block = Block(number, hashlib.sha256(text.encode()).hexdigest()[:16], parent.hash)
        self.blocks.append(block)
        self.by_hash[block.hash] = block
        while self.nonce in self.pool:
            made = self.pool.pop(self.nonce)
            self.nonce += 1
            made.block = block.hash
            block.transactions.append(made)
            self._apply(made, block)
        block.records = [*self._carried, *self._since_mark()]
        self._carried = []
        self._finalise()
        return block

    def reorg(self, depth: int) -> None:
        """Undo the newest blocks; what was in them waits in the pool again, or is gone (F66)."""
        self.venue.turn()
        self._carried += self._since_mark()
        for _ in range(min(depth, self.deep - 1, self.head.number - self._final)):
            block = self.blocks.pop()
            for made in reversed(block.transactions):
                self._undo(made, block)
            block.undone = self._since_mark()
            moved = [one for one in block.records if isinstance(one, Moved)]
            self._carried = [*moved, *self._carried]
        self._forks += 1

    def spend_elsewhere(self) -> None:
        """Let another program of the same account use the next nonce (F65)."""
        name = digest(f"elsewhere {self.nonce} {self._forks} {len(self.blocks)}".encode())
        made = Transaction(name, self.nonce, 10**9, None, cancels=False)
        self.transactions[name] = self.pool[self.nonce] = made

    def send_elsewhere_again(self) -> None:
        """Let that program send again what was lost of its own: no later nonce is used before."""
        for made in self.transactions.values():
            theirs = made.order is None and not made.cancels
            if theirs and not made.block and made.nonce >= self.nonce:
                self.pool.setdefault(made.nonce, made)

    def forget_pool(self) -> None:
        """Let the node forget what no block has (F65)."""
        self.pool.clear()

    def _tick(self) -> None:
        self.mine()
        if self.venue.chance.hit("reorg"):
            depth = self.venue.chance.whole(1, 5)
            before = self.head.number
            self.reorg(depth)
            while self.head.number < before:
                self.mine()
        assert self.every is not None
        self.venue.at(self.venue.now() + self.every, self._tick)

    def _order(self, said: dict[str, Any], name: str) -> Order | None:
        """Return what a new transaction is for; one that cancels what never came is for nothing."""
        if "cancels" in said:
            canceled = self.transactions.get(said["cancels"])
            order = canceled.order if canceled is not None else None
            if order is not None:
                order.names = (*order.names, f"tx:{name}")
                self.venue.tell(order)
            return order
        worst = Decimal(said["worst"]) if said["worst"] is not None else None
        ticket = Ticket(
            key=said["key"], instrument=said["instrument"], side=said["side"],
            qty=Decimal(said["qty"]), kind=Kind.MARKET, worst=worst,
        )  # fmt: skip
        return self.venue.pend(ticket, f"tx:{name}")

    def _refusal(self, made: Transaction) -> Declined | None:
        if made.block:
            return None  # it is known
        if made.nonce < self.nonce:
            return Declined("nonce too low", Reason.OTHER)
        rival = self.pool.get(made.nonce)
        if rival is not None and rival is not made and rival.tip >= made.tip:
            return Declined("underpriced", Reason.OTHER)
        balance = self.venue.holdings.balances.get(self.gas.asset, ZERO)
        return Declined("no gas", Reason.FUNDS) if balance < self.gas.amount else None

    def _apply(self, made: Transaction, block: Block) -> None:
        order, venue = made.order, self.venue
        if order is None:
            return
        name = f"gas:{made.hash}:{block.hash}"
        booking.charge(venue, self.gas, name, order.ticket.instrument, order=order, final=False)
        if made.cancels:
            venue.end(order, State.CANCELED)
            return
        ticket, price = order.ticket, venue.prices[order.ticket.instrument]
        if ticket.worst is not None and (price - ticket.worst) * ticket.side > 0:
            venue.end(order, State.REFUSED, Reason.SLIPPAGE)
        elif lacks_funds(venue, order, price):
            venue.end(order, State.REFUSED, Reason.FUNDS)
        else:
            exec_ = f"{venue.account}:{made.hash}:0"
            booking.mined(venue, order, ticket.qty, price, exec_, block.hash)
            order.filled, order.state = ticket.qty, State.FILLED
            venue.tell(order)

    def _undo(self, made: Transaction, block: Block) -> None:
        order, venue = made.order, self.venue
        made.block, self.nonce = "", made.nonce
        if not venue.chance.hit("lose_in_reorg"):
            self.pool[made.nonce] = made
        if order is None:
            return
        back = Fee(asset=self.gas.asset, amount=-self.gas.amount)
        name = f"gas:{made.hash}:{block.hash}:back"
        exec_ = f"{venue.account}:{made.hash}:0"
        order.state, order.reason = State.PENDING, None
        if exec_ in venue.executions:
            booking.void(venue, exec_, "reorg")
        else:
            venue.tell(order)
        booking.charge(venue, back, name, order.ticket.instrument, order=order, final=False)

    def _finalise(self) -> None:
        while self._final < self.head.number - self.deep:
            self._final += 1
            block = self.blocks[self._final]
            for row in self.executed(block):
                booking.finalise(self.venue, row)
            for charged in self.charged(block):
                self.venue.record(Sealed, charge=charged)
            for made in block.transactions:
                self._settle(made)
        self._mark = len(self.venue.log)

    def _settle(self, winner: Transaction) -> None:
        """Let everything that wanted a nonce end, now that one has it for good.

        What cancels may have come when the node did not know what it cancels.
        """
        for made in list(self.transactions.values()):
            if made.nonce == winner.nonce and made.order is not None:
                if made.order.open and winner.cancels:
                    self.venue.end(made.order, State.CANCELED)
                elif made.order.open:
                    self.venue.end(made.order, State.REFUSED, Reason.OTHER)
                elif made is winner:
                    self.venue.tell(made.order)

    def _since_mark(self) -> list[Record]:
        rows = [one for one in self.venue.log[self._mark :] if not isinstance(one, Finalised)]
        self._mark = len(self.venue.log)
        return rows

    def charged(self, block: Block) -> list[Charged]:
        """Return the fees of a block."""
        return [one for one in block.records if isinstance(one, Charged) and one.fee.amount > 0]

    def executed(self, block: Block) -> list[Executed]:
        """Return the executions of a block that counts."""
        return [one for one in self.venue.executions.values() if one.witness == block.hash]
