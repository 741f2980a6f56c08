"""The clock and the time zones: stamps, signatures of orders and TLS rest on them."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from atms import _version
from atms.doctor.check import Check

# No right clock is before this: the package did not exist.
EARLIEST = datetime(2026, 11, 1, tzinfo=UTC)
_SLACK = timedelta(days=1)
_SET_IT = "set the clock: timedatectl set-ntp true"


def clock(now: datetime | None = None) -> list[Check]:
    """Check the clock and the time zones.

    Args:
        now: the time to take for the clock's, aware; default: the clock's.
    """
    return [_time(now or datetime.now(UTC)), _local_zone(), _zones()]


def _time(now: datetime) -> Check:
    found = f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if now < EARLIEST:
        return Check("clock", "fail", f"{found}: before this version of atms was made", _SET_IT)
    installed = datetime.fromtimestamp(Path(_version.__file__).stat().st_mtime, UTC)
    if now + _SLACK < installed:
        return Check("clock", "warn", f"{found}: before atms was installed here", _SET_IT)
    if not time.get_clock_info("monotonic").monotonic:
        return Check("clock", "warn", f"{found}; it has no monotonic one beside it", _SET_IT)
    return Check("clock", "ok", f"{found}, and a monotonic one beside it")


def _local_zone() -> Check:
    """Check that the local zone is one; an unknown name in TZ is UTC without a word."""
    named = os.environ.get("TZ", "").removeprefix(":")
    here = datetime.now().astimezone()
    if "/" in named and not named.startswith("/") and not _known(named):
        found = f"TZ={named} names no zone: local times are those of {here:%Z}, {here:%z}"
        return Check("local zone", "warn", found, "export TZ=Europe/Berlin, or unset TZ")
    return Check("local zone", "ok", f"UTC{here:%z} ({here:%Z}); atms itself works in UTC")


def _zones() -> Check:
    if not _known("America/New_York"):
        hint = "pip install tzdata"
        return Check("time zones", "fail", "there is no America/New_York", hint)
    return Check("time zones", "ok", "America/New_York is known")


def _known(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
