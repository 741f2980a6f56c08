"""Whether a picture can be drawn here."""

from __future__ import annotations

import io
import os

from atms.doctor.check import Check
from atms.engine.stock import headless


def pictures() -> Check:
    """Draw a small picture as a run does, without a display and without pyplot."""
    try:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(1, 1))
        FigureCanvasAgg(figure)
        figure.savefig(io.BytesIO(), dpi=10)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        named = os.environ.get("MPLBACKEND")
        hint = "unset MPLBACKEND" if named else "pip install --force-reinstall matplotlib"
        said = str(error).partition(";")[0]  # what follows lists every backend
        return Check("pictures", "fail", f"matplotlib cannot draw: {said}", hint)
    where = "no display, and none is needed" if headless() else "a display is there"
    return Check("pictures", "ok", f"matplotlib {matplotlib.__version__} draws; {where}")
