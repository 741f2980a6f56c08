"""How a download that broke off goes on, in words."""

from __future__ import annotations

from datetime import timedelta

from atms.downloading.patience import seconds
from atms.errors import AtmsError
from atms.stores.base import RateLimited


def further(kept: str, error: AtmsError | None) -> str:
    """Return what is kept (empty: nothing is), and that the same command goes on, and when."""
    when = ""
    if isinstance(error, RateLimited) and error.after is not None:
        when = f", in {seconds(error.after + timedelta(seconds=1))}"
    if not kept:
        return f"nothing was added this time; the same command goes on{when}"
    return f"{kept}; the same command goes on there{when}"
