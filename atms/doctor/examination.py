"""Every check, in the order in which one thing rests on the other."""

from __future__ import annotations

from pathlib import Path

from atms.config import Config
from atms.config.sections import LedgerSection, RunSection
from atms.doctor import clock, extension, ledger, live, packages, pictures, places, shadows
from atms.doctor.check import Check
from atms.errors import AtmsError
from atms.running.components import check


def examine(config: Config | None = None, *, connect: bool = True) -> list[Check]:
    """Look at this installation, and return what was found; changes nothing.

    A server that does not answer costs a few seconds, all else well under one.

    Args:
        config: says which ledger and which folder are meant, and is checked itself; None: the
            defaults, ``sqlite:///atms.db`` and ``runs`` in the current folder. Where its feeds name
            stores, these are asked too, each for up to 20 s.
        connect: ask them.
    """
    run = config.run if config else RunSection()
    kept = config.ledger if config else LedgerSection()
    checks = [
        packages.python(),
        *packages.requirements(),
        *packages.extras(),
        extension.extension(),
        shadows.shadows(Path.cwd()),
        *clock.clock(),
        pictures.pictures(),
    ]
    if config is not None:
        checks.append(_valid(config))
    checks.append(places.folder("runs", run.out))
    if kept.enabled:
        checks += ledger.checks(kept.url)
    else:
        checks.append(Check("ledger", "info", "off: ledger.enabled is false"))
    if config is not None:
        checks += live.checks(config, connect=connect)
    return checks


def _valid(config: Config) -> Check:
    try:
        kind = check(config)
    except AtmsError as error:
        hint = "see: python -m atms config validate -c FILE"
        return Check("config", "fail", str(error), hint, error.exit_code)
    return Check("config", "ok", f"valid: {kind.__name__}, {len(config.data.feeds)} feed(s)")
