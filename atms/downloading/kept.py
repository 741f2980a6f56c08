"""How a download that broke off goes on, in words."""

from __future__ import annotations

from datetime import timedelta

from atms.downloading.patience import seconds
from atms.errors import AtmsError, LedgerError, OutputError
from atms.stores.base import RateLimited, Unreachable

PASSING = (RateLimited, Unreachable, LedgerError, OutputError)


def further(kept: str, error: AtmsError | None) -> str:
    """Return what is kept, and that the same command goes on, and when.

    Args:
        kept: empty: nothing is; then there is nothing to say of an error that does not pass.
    """
    if not kept and error is not None and not isinstance(error, PASSING):
        return ""
    when = ""
    if isinstance(error, RateLimited) and error.after is not None:
        when = f", in {seconds(error.after + timedelta(seconds=1))}"
    if not kept:
        return f"nothing was added this time; the same command goes on{when}"
    return f"{kept}; the same command goes on there{when}"
