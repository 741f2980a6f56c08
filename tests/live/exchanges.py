"""What the tests of each exchange's live run share: killed, it loses and doubles nothing."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from atms.sandbox.venue.faults import FAULTS
from tests.live.checking import differences, in_doubt
from tests.live.processes import Process, Starter
from tests.live.test_kills import Killer, live
from tests.live.venue import Venue, read_log

KILLS = int(os.environ.get("ATMS_KILLS", "3"))
SEED = int(os.environ.get("ATMS_KILLS_SEED", "1"))
STATE, LEDGER = Path("state"), Path("ledger.db")
START = {"USDT": Decimal(100_000)}
_LOOKS = 20  # looks in a row: a bar from before may be on its way to the strategy
ExecOf = Callable[[dict[str, Any]], str]


def killed(starter: Starter, venue: Venue, exec_of: ExecOf, settle: str = "") -> None:
    """Kill a run of ``live.yaml`` at random lines of the venue's log, and compare everything.

    Args:
        exec_of: a fill's line -> how the store calls it.
        settle: of contracts, the asset that profits are paid in.
    """
    rng = random.Random(SEED)
    killer = Killer(venue)
    for _ in range(KILLS):
        killer.kill(live(starter), "", rng.randint(5, 120))
    process = live(starter)
    for name in FAULTS:
        venue.call(venue.sandbox.faults.set, name, 0.0)
    process.until(lambda: ": running" in process.err, "it is not ready")
    before = venue.count("fill")
    process.until(lambda: venue.count("fill") > before + 1 or in_doubt(STATE), "it does not trade")
    settled(process, venue, exec_of, settle)


def settled(process: Process, venue: Venue, exec_of: ExecOf, settle: str = "") -> None:
    """With the market still, compare journal and ledger with the venue's log, and end the run."""

    def differing(log: list[dict[str, Any]], ledger: Path | None) -> list[str]:
        return differences(log, START, STATE, ledger, settle, exec_of)

    venue.freeze()
    equal = 0

    def still() -> bool:
        nonlocal equal
        equal = 0 if differing(read_log(), None) else equal + 1
        return equal > _LOOKS

    try:
        process.until(still, "journal and venue differ")
    except AssertionError as error:
        error.add_note("\n".join(differing(read_log(), None)))
        raise
    process.send(signal.SIGTERM)
    assert process.wait() == 0, process.err
    log = read_log()
    told = differing(log, LEDGER)
    assert not told, "\n".join(told)
    fills = [line for line in log if line["what"] == "fill"]
    wallet = [line for line in log if line["what"] == "balances"][-1]
    for other in (  # what is lost or doubled would have been seen
        [line for line in log if line is not fills[0]],
        [*log, {**fills[0], "trade": 1}],
        [*log, {**wallet, "USDT": ["1", "0"]}],
    ):
        assert differing(other, LEDGER)
