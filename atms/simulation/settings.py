"""A simulated broker's settings, held against each other and the datas."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from atms.simulation.costs import Slippage
from atms.simulation.gating import name_of
from atms.simulation.liquidity import check_share


def check_settings(p: Any, datas: list[Any]) -> None:
    """Refuse what contradicts itself or has no data.

    Raises:
        ValueError: with the name of the setting.
    """
    if p.slippage is not None and (p.slip_perc or p.slip_fixed):
        raise ValueError("slippage: give it, or Backtrader's slip_perc and slip_fixed, not both")
    if p.participation is not None:
        check_share(p.participation)
    if p.latency.total_seconds() < 0:
        raise ValueError(f"latency: is {p.latency}, and must not be below 0")
    if p.latency and not p.intrabar:
        raise ValueError("latency: needs intrabar, finer bars to be measured against")
    if not (p.borrow >= 0 and math.isfinite(p.borrow)):
        raise ValueError(f"borrow: is {p.borrow}, and must not be below 0")
    names = [data._name for data in datas]
    for setting in ("intrabar", "rules"):
        for name in getattr(p, setting) or {}:
            if name not in names:
                raise ValueError(f"{setting}: there is no data {name!r}; there are {names}")
    known = {(p.instruments or {}).get(name, name) for name in map(name_of, datas)}
    named = p.limits.max_position if p.limits is not None else None
    for instrument in named if isinstance(named, Mapping) else ():
        if instrument not in known:
            raise ValueError(
                f"limits: max_position: there is no {instrument!r}; there are {sorted(known)}"
            )
    for data in datas:
        _check_lines(p, data)


def _check_lines(p: Any, data: Any) -> None:
    lines = data.getlinealiases()
    slippage = p.slippage.get(data._name) if isinstance(p.slippage, dict) else p.slippage
    wanted = []
    if isinstance(slippage, Slippage) and slippage.half_spread:
        wanted += [("slippage.half_spread", "bid"), ("slippage.half_spread", "ask")]
    if p.funding is not None:
        wanted += [("funding", p.funding.rate), ("funding", p.funding.mark)]
    for setting, line in wanted:
        if line not in lines:
            raise ValueError(f"{setting}: {data._name} has no column {line!r}")
