"""Which lines a TA-Lib function reads: those of one feed by their names, or each one given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_FREE = ("price0", "price1", "periods")  # TA-Lib's names of inputs that are no price of a bar


def inputs_of(name: str, wanted: Mapping[str, Any], datas: Sequence[Any]) -> list[Any]:
    """Return the lines that a function reads, in TA-Lib's order.

    Args:
        name: the function's.
        wanted: its inputs as TA-Lib describes them.
        datas: what the indicator was given: one feed, or a line for each input.

    Raises:
        ValueError: a feed has no line of a name, or the number of datas is wrong.
    """
    columns, is_free = _columns(wanted)
    if len(datas) == len(columns) and (len(columns) > 1 or columns == ["close"]):
        return [data.lines[0] for data in datas]  # a feed's first line is its close
    if len(datas) == 1 and not is_free:
        return _by_name(name, columns, datas[0])
    words = list(wanted) if is_free else columns
    one_feed = "" if is_free else "one feed, or "
    raise ValueError(
        f"talib.{name}: was given {len(datas)} inputs; give {one_feed}a line for each of "
        f"{', '.join(words)}"
    )


def _columns(wanted: Mapping[str, Any]) -> tuple[list[str], bool]:
    columns = [one for value in wanted.values() for one in _listed(value)]
    return columns, any(key in _FREE for key in wanted)


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def _by_name(name: str, columns: Sequence[str], data: Any) -> list[Any]:
    known = data.lines.getlinealiases()
    if len(columns) == 1 and columns[0] not in known:  # a line by itself, or an indicator
        return [data.lines[0]]
    missing = [column for column in columns if column not in known]
    if missing:
        raise ValueError(
            f"talib.{name}: reads {', '.join(columns)} of a feed, and what it was given has no "
            f"{', '.join(missing)}; give a line for each"
        )
    return [getattr(data.lines, column) for column in columns]
