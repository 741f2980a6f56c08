"""What orders need that no venue sees to by itself: found out after every event, as they stand."""

from __future__ import annotations

from atms.execution.core.step import Step
from atms.execution.emulation import arming, expiring, pairing, protecting, serving, watching


def drive(step: Step) -> None:
    """Do what is due."""
    if step.core.capabilities is not None:
        expiring.look(step)
        pairing.look(step)
        arming.look(step)
        protecting.look(step)
        arming.look(step)  # an entry that a bracket does not want any more
        watching.look(step)
    serving.tell_news(step)
