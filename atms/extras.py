"""Optional packages: which extra brings which, and the command that installs it here."""

from __future__ import annotations

import json
from importlib import metadata

# module -> extra in setup.cfg
EXTRAS = {"ccxt": "ccxt", "talib": "talib"}


def install_hint(extra: str) -> str:
    """Return the pip command that installs *extra*, fitting how atms itself was installed."""
    target = f".[{extra}]" if _from_checkout() else f"atms[{extra}]"
    return f"pip install '{target}'"


def _from_checkout() -> bool:
    installed = list(metadata.distributions(name="atms"))
    for distribution in installed:
        recorded = distribution.read_text("direct_url.json")
        if recorded:
            return "dir_info" in json.loads(recorded)
    # Building leaves metadata in a checkout (PKG-INFO); what pip installs has METADATA.
    return not any(distribution.read_text("METADATA") for distribution in installed)
