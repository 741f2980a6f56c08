"""The page's scripts and styles, and Bokeh's script from its wheel, ready to stand in a page."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import re
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("assets")
SCRIPTS = (
    "namespace.js", "format.js", "theme.js", "unpack.js", "unpack_derived.js", "unpack_averages.js",
    "unpack_formulas.js", "unpack_replay.js", "data.js", "bins.js", "csv.js",
    "table.js", "table_view.js", "plots.js", "frame.js", "lines.js", "equity.js", "exposure.js",
    "price_marks.js", "price_panes.js", "price.js", "table_chart.js", "bars.js", "histogram.js",
    "rolling.js", "scatter.js", "heatmap.js", "intervals.js", "print.js", "app.js",
)  # fmt: skip
STYLES = ("theme.css", "page.css", "blocks.css", "print.css")
# 5 instead of 9 makes the page 5 kB longer (1 %) and takes half the time.
LEVEL = 5


@dataclass(frozen=True)
class Asset:
    """Something that stands in the page.

    Attributes:
        text: as it stands there.
        hash: what the page's security policy calls the script by: ``sha256-…``; empty of styles.
    """

    text: str
    hash: str = ""


@cache
def script() -> Asset:
    """Return the page's own scripts as one, each file in a scope of its own."""
    parts = ("(() => {\n" + _tight(name) + "})();\n" for name in SCRIPTS)
    text = '"use strict";\n' + "".join(parts)
    return Asset(text, _hash(text.encode()))


def _tight(name: str) -> str:
    """Return a script without what only its authors read: it stands in every page."""
    text = (FOLDER / name).read_text("utf-8")
    text = re.sub(r"^[ \t]*/\*.*?\*/[ \t]*\n", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^[ \t]*//.*\n", "", text, flags=re.MULTILINE)
    return re.sub(r"^[ \t]+", "", text, flags=re.MULTILINE)


@cache
def style() -> Asset:
    """Return the page's styles as one."""
    return Asset("".join((FOLDER / name).read_text("utf-8") for name in STYLES))


@cache
def bokeh() -> Asset:
    """Return Bokeh's script, compressed (zlib, base64); the hash is of the script itself.

    The package is found and not imported: the import would cost half a second a run.

    Raises:
        FileNotFoundError: Bokeh is not installed, or came without its script.
    """
    spec = importlib.util.find_spec("bokeh")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("bokeh is not installed: the page's charts need its script")
    source = (Path(spec.origin).parent / "server/static/js/bokeh.min.js").read_bytes()
    return Asset(packed(source), _hash(source))


def packed(content: bytes) -> str:
    """Return *content* compressed, as text that may stand in a page."""
    return base64.b64encode(zlib.compress(content, LEVEL)).decode("ascii")


def _hash(source: bytes) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source).digest()).decode("ascii")
