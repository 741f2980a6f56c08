"""Like a pool of tokens on a chain: signed bytes, blocks that may be undone, gas."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from atms.sandbox.simulation.venue import snapshots
from atms.sandbox.simulation.venue.base import SimulatedStore
from atms.sandbox.simulation.venue.blocks import Chain
from atms.sandbox.simulation.venue.manners import Manners
from atms.sandbox.simulation.venue.orders import Declined
from atms.sandbox.simulation.venue.records import Ordered, Record
from atms.sandbox.simulation.venue.telling import Teller
from atms.sandbox.simulation.venue.transactions import Block, digest
from atms.stores.capabilities import Budget, Capabilities, KeyRule
from atms.stores.facts import (
    Cursor,
    Fact,
    FillFinal,
    HeadFact,
    OrderFact,
    Page,
    Snapshot,
    State,
    Via,
)
from atms.stores.outcomes import Acked, Found, Looked, Never, NotSeen, Outcome, Reason
from atms.stores.requests import Cancel, Key, Kind, Place, Prepared, Refs, Request

KINDS = frozenset({Kind.MARKET})
MANNERS = Manners(
    unique="none", maker=Decimal(0), taker=Decimal(0), parts=1, heartbeat=12.0, amend="no",
    log="contiguous", page=20, read_lag=timedelta(seconds=30), outcome_bound=timedelta(seconds=300),
    budgets=(
        Budget(
            name="requests", per=timedelta(seconds=1), units=25, shared_by="address", reserve=5
        ),
    ),
)  # fmt: skip


class ChainStore(SimulatedStore):
    """One connection to a node, with the account's signing key.

    An order is a signed transaction: its bytes may be sent again. The venue keeps no key of ours;
    an order is known by its transactions' hashes and its nonce. Fills are told when they are seen;
    ends of orders and gas when they are final.
    """

    order_name = ""

    def __init__(self, chain: Chain, *, base: str = "USD") -> None:
        self.chain = chain
        self._taken: set[int] = set()  # nonces that were signed for, sent or not
        super().__init__(chain.venue, base=base)

    def _capabilities(self) -> Capabilities:
        manners = self.venue.manners
        block = self.chain.every or timedelta(seconds=12)
        return Capabilities(
            keys=KeyRule(
                max_len=0, alphabet="", unique="none", kinds=frozenset(), lookup=False
            ),
            kinds=KINDS, tifs=frozenset({"gtc"}), worst=True, partial_fills=False,
            read_lag=manners.read_lag, outcome_bound=manners.outcome_bound,
            finality=self.chain.deep * block, log="contiguous", snapshot_atomic=True,
            timeframes=frozenset({"1m"}), budgets=manners.budgets,
        )  # fmt: skip

    def used(self, names: Iterable[str]) -> None:
        """Sign nothing else for a nonce that a journal holds: its bytes may be sent again."""
        self._taken |= {int(name[6:]) for name in names if name.startswith("nonce:")}

    async def prepare(self, request: Request) -> Prepared:
        """Sign: the nonce, the bytes and their hash are fixed here.

        Raises:
            Unreachable, RateLimited, AuthFailed: the node tells no nonce.
        """
        if self._unfit(request):
            return Prepared(request=request)
        if isinstance(request, Cancel):
            return self._sign_cancel(request)
        assert isinstance(request, Place)
        (ticket,) = request.tickets
        nonce = await self.wire.read(self.chain.next_nonce, wanted=not ticket.reduces)
        while nonce in self._taken:
            nonce += 1
        self._taken.add(nonce)
        said = {
            "nonce": nonce, "tip": 1, "key": ticket.key, "instrument": ticket.instrument,
            "side": ticket.side, "qty": str(ticket.qty),
            "worst": None if ticket.worst is None else str(ticket.worst),
        }  # fmt: skip
        raw = json.dumps(said).encode()
        refs = ((ticket.key, f"tx:{digest(raw)}"), (ticket.key, f"nonce:{nonce}"))
        return Prepared(request=request, refs=refs, payload=raw, repeatable=True)

    def _sign_cancel(self, request: Cancel) -> Prepared:
        """The same nonce for nothing, and a higher tip."""
        names, nonce = _hashes(request.refs), _nonce(request.refs)
        if not names or nonce is None:
            return Prepared(request=request)
        said = {"nonce": nonce, "tip": 1 + len(names), "key": request.key, "cancels": names[0]}
        raw = json.dumps(said).encode()
        refs = ((request.key, f"tx:{digest(raw)}"),)
        return Prepared(request=request, refs=refs, payload=raw, repeatable=True)

    def _unfit(self, request: Request) -> str:
        if isinstance(request, Place) and len(request.tickets) != 1:
            return "one order a transaction"
        return super()._unfit(request)

    def _arrived(self, prepared: Prepared) -> Outcome:
        if not prepared.payload:
            return self._refused(Declined("no such transaction", Reason.NOT_OPEN))
        made = self.chain.submit(prepared.payload)
        if isinstance(made, Declined):
            return self._refused(made)
        request = prepared.request
        key = request.tickets[0].key if isinstance(request, Place) else request.key
        return Acked(refs=((key, f"tx:{made.hash}"),))

    def _teller(self) -> Teller:
        return _ChainTeller(self.chain)

    def _looked(self, key: Key, refs: Refs) -> Looked:
        chain, nonce = self.chain, _nonce(refs)
        known = [chain.transactions[name] for name in _hashes(refs) if name in chain.transactions]
        for made in known:
            if made.block and made.order is not None:
                facts: list[Fact] = [self.teller.order(self.venue.newest[made.order.id], "poll")]
                return Found(facts=(*facts, *self.teller.fills(made.order, "poll")))
        winner = chain.winner(nonce) if nonce is not None else None
        if winner is not None and (winner not in known or winner.order is None):
            return Never(proof=f"nonce {nonce} was used by another transaction")
        return NotSeen(at=self.venue.now())

    async def log(self, after: Cursor | None, instruments: Sequence[str]) -> Page:
        """Return what blocks did after a block, and first what was undone of it."""
        return await self.wire.read(lambda: self._page(after))

    async def snapshot(self, instruments: Sequence[str]) -> Snapshot:
        """Return the account at the newest block."""
        return await snapshots.atomic(self, instruments, self._end)

    def _head(self) -> Fact:
        return HeadFact(at=self.venue.now(), head=self._end())

    def _end(self) -> Cursor:
        return _place(self.chain.head)

    def _page(self, after: Cursor | None) -> Page:
        chain = self.chain
        if after is None:
            return Page(facts=(), next=self._end(), more=False)
        block = chain.by_hash[after.partition(":")[2]]
        facts: list[Fact] = []
        while not chain.counts(block):
            facts += self._told(block.undone)
            block = chain.by_hash[block.parent]
        first = block.number + 1
        blocks = chain.blocks[first : first + self.venue.manners.page]
        for one in blocks:
            facts += self._told(one.records)
            if one.number > chain.deep:
                facts += self._sealed(chain.blocks[one.number - chain.deep])
        last = blocks[-1] if blocks else block
        return Page(facts=tuple(facts), next=_place(last), more=last is not chain.head)

    def _sealed(self, block: Block) -> list[Fact]:
        """Return what can no longer be undone, now that a block is final."""
        now = self.venue.now()
        finals = [
            FillFinal(at=now, exec=row.exec, version=row.version)
            for row in self.chain.executed(block)
        ]
        return [*finals, *(self.teller.fee(one) for one in self.chain.charged(block))]

    def _told(self, rows: Sequence[Record]) -> list[Fact]:
        return [fact for row in rows for fact in self.teller.facts(row, "poll")]


class _ChainTeller(Teller):
    """Tells no end of an order that may still be undone: until then it works."""

    def __init__(self, chain: Chain) -> None:
        super().__init__(chain.venue, lambda number: "", keeps_keys=False)
        self._chain = chain

    def order(self, row: Ordered, via: Via) -> OrderFact:
        """Return an order's state, its end when that is final."""
        fact = super().order(row, via)
        if self._chain.settled(self._venue.orders[row.order]):
            return fact
        state = State.PENDING if row.state is State.PENDING else State.WORKING
        return replace(fact, state=state, filled=None, reason=None)

    def open_orders(self, instruments: Iterable[str]) -> tuple[OrderFact, ...]:
        """Return the orders that a block or the pool has, and that are not over for good."""
        asked = frozenset(instruments)
        return tuple(
            self.order(self._venue.newest[order.id], "snapshot")
            for order in self._venue.orders.values()
            if order.ticket.instrument in asked and self._chain.shows(order)
        )


def _place(block: Block) -> Cursor:
    return f"{block.number}:{block.hash}"


def _hashes(refs: Refs) -> list[str]:
    return sorted(name[3:] for name in refs if name.startswith("tx:"))


def _nonce(refs: Refs) -> int | None:
    return next((int(name[6:]) for name in sorted(refs) if name.startswith("nonce:")), None)
