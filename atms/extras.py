"""Optional packages: which extra brings which, and the command that installs it here."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

# module -> extra in setup.cfg
EXTRAS = {"ccxt": "ccxt", "talib": "talib"}


def install_hint(extra: str) -> str:
    """Return the pip command that installs *extra*, fitting how atms itself was installed."""
    target = f".[{extra}]" if _from_checkout() else f"atms[{extra}]"
    return f"pip install '{target}'"


def _from_checkout() -> bool:
    if (Path(__file__).parent.parent / "setup.cfg").exists():
        return True  # an editable install, or a bare clone
    try:
        recorded = metadata.distribution("atms").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return False
    return bool(recorded) and "dir_info" in json.loads(recorded or "{}")
