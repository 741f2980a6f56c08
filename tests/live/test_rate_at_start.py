"""A run that starts while the venue lets nothing through: it waits, and says so."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace

from tests.live.making import write_run
from tests.live.processes import Starter
from tests.live.venue import WIDE, Venue


def test_a_start_waits_for_the_end_of_a_ban_and_says_so(
    starter: Starter, serve: Callable[..., Venue]
) -> None:
    venue = serve(limits=replace(WIDE, ban=2))
    venue.call(venue.sandbox.faults.once, "ban")
    write_run("Hold")
    process = starter.start("live", "-c", "live.yaml", "--yes")
    process.until(lambda: ": running" in process.err, "it is not ready")
    process.send(signal.SIGTERM)
    assert process.wait() == 0, process.err
    assert "trying again in 2 s" in process.err
    (ban,) = venue.of("ban")
    first, *asked = venue.of("request")
    assert first["code"] == -1003  # it brought the ban
    assert all(line["at"] >= ban["until"] for line in asked)  # nobody asks meanwhile


def test_a_start_gives_up_where_a_ban_lasts_for_long(
    starter: Starter, serve: Callable[..., Venue]
) -> None:
    venue = serve(limits=replace(WIDE, ban=3600))
    venue.call(venue.sandbox.faults.once, "ban")
    write_run("Hold")
    process = starter.run("live", "-c", "live.yaml", "--yes")
    assert process.code == 4
    assert "error: binance-spot-loopback" in process.err
    assert "Traceback" not in process.err
