"""One seed, told in order: bars, decisions, faults, what the venue did, processes that die."""

from __future__ import annotations

from atms.chaos.setting import Setting
from atms.chaos.trial import Trial, judged
from atms.chaos.world import World
from atms.execution.core.core import Core
from atms.sandbox.simulation.venue.records import Executed, Received, Record

_STAMP = 23  # characters of a line's time: down to the millisecond


def tell(setting: Setting, seed: int) -> tuple[list[str], Trial]:
    """Run a seed once and return its story, oldest first, and what came of it.

    Raises:
        ConfigError, DataError: as `run_seed`.
    """
    story: list[str] = []
    world = World(setting, seed, Core, story)
    world.run()
    for stage, venue in zip(world.stages, setting.venues, strict=True):
        for record in stage.venue.history:
            text = _of_venue(record)
            if text:
                at = f"{record.at:%Y-%m-%d %H:%M:%S.%f}"[:_STAMP]
                story.append(f"{at}  at {venue.name}: {text}")
    story.sort(key=lambda line: line[:_STAMP])
    return story, judged(world, seed)


def _of_venue(record: Record) -> str:
    match record:
        case Executed(version=1):
            side = "bought" if record.side > 0 else "sold"
            return f"{side} {record.qty} {record.instrument.partition(':')[2]} at {record.price}"
        case Received():
            said = f"refused: {record.code}" if record.code else "taken"
            return f"a request to {record.what}: {said}"
        case _:
            return ""
