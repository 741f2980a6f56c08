"""What ``atms chaos`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from atms.chaos.campaign import Findings
from atms.chaos.frequency import Frequency
from atms.chaos.reads import noted_reads
from atms.chaos.setting import Setting
from atms.chaos.silence import silenced
from atms.chaos.tally import DONE, NOTHING, Share
from atms.chaos.trial import Difference
from atms.chaos.watching import Decision
from atms.chaos.words import words_of
from atms.chaos.world import World
from atms.execution.core.core import Core

_MOST = 10  # violations that are listed
_MANY = 2_000  # bars of the past: to read more takes most of the time


def heading(setting: Setting) -> list[str]:
    """Return what is tried, in lines."""
    lines = [f"{setting.config.strategy.name}, {setting.length} bars of {setting.lead} in a trial"]
    for venue in setting.venues:
        kind = f"a venue like {venue.profile.name}"
        kind += "" if venue.alike else ", for want of a nearer one"
        feeds = (
            f"{feed.symbol or feed.name} {setting.histories[feed.name].timeframe} along "
            f"{setting.histories[feed.name].source}"
            for feed in venue.feeds
        )
        lines.append(f"{venue.name}: {kind}: {', '.join(feeds)}")
    most, name = max((setting.past(name), name) for name in setting.histories)
    if most > _MANY:
        lines.append(
            f"each process first reads the past, up to {most:,} bars of {name}, as live would: "
            "that takes most of the time; fewer by data.warmup, as in --set data.warmup=100"
        )
    return lines


def show(page: Console, setting: Setting, findings: Findings) -> None:
    """Print what seeds came to; no figure, where a seed went two ways."""
    for line in heading(setting):
        page.print(line, markup=False, soft_wrap=True)
    if findings.differences or not findings.seeds:
        return
    for name, text in _figures(findings):
        page.print(f"{name:<12}{text}", markup=False, soft_wrap=True)
    for seed, line in findings.violations[:_MOST]:
        page.print(f"  seed {seed}: {line}", markup=False, soft_wrap=True)
    if len(findings.violations) > _MOST:
        page.print(f"  and {len(findings.violations) - _MOST} more")
    page.print()
    page.print("What the strategy did, bar by bar, while something went wrong, and one bar after:")
    page.print(_table(findings))
    for text, number in findings.errors.most_common():
        times = "once" if number == 1 else f"{number:,} times"
        page.print(f"raised {times}, first in seed {findings.raised_in[text]}:")
        page.print(text, markup=False, soft_wrap=True)


def _figures(found: Findings) -> list[tuple[str, str]]:
    done, codes = found.done, ", ".join(f"{code} {n}" for code, n in found.codes.most_common())
    return [
        ("seeds", f"{found.seeds}, each run twice, both ways alike; {found.bars:,} bars"),
        ("violations", f"{len(found.violations)}"),
        ("orders", f"{found.intents:,} meant for a venue, at most {found.most} there for one"),
        ("processes", f"{found.processes:,}; {_recovery(found)}"),
        (
            "strategy",
            f"{done['orders']:,} orders, {done['fills']:,} fills, {done['taken back']:,} taken "
            f"back, {done['refused']:,} refused{f' ({codes})' if codes else ''}, "
            f"{done['errors']:,} errors"
            + f"; {done['past']:,} on bars of the past, which are not sent"
            * bool(done["past"]),
        ),
    ]


def _recovery(found: Findings) -> str:
    if not found.ready or not found.resolved:
        return "none was ready"
    return (
        f"ready {median(found.ready):.1f} s after its start, {max(found.ready):.1f} s at worst; "
        f"nothing in doubt after {median(found.resolved):.1f} s, {max(found.resolved):.1f} s at "
        "worst"
    )


def _table(findings: Findings) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("what goes wrong", no_wrap=True)
    for head in ("seeds", "times", "bars", "orders a 100 bars", *DONE):
        table.add_column(head, justify="right", no_wrap=True)
    for name, share in _ordered(findings.shares):
        times = "" if name == NOTHING else f"{share.hits:,}"
        rate = f"{100 * share.done['orders'] / share.bars:.1f}"
        cells = (f"{share.done[kind]:,}" for kind in DONE)
        table.add_row(words_of(name), f"{share.seeds:,}", times, f"{share.bars:,}", rate, *cells)
    return table


def _ordered(shares: dict[str, Share]) -> list[tuple[str, Share]]:
    """Return nothing first, then what happened most."""
    return sorted(shares.items(), key=lambda one: (one[0] != NOTHING, -one[1].hits, one[0]))


def differs(setting: Setting, found: Difference) -> str:
    """Return the first differing decision of a seed, and what the strategy reads, in lines."""
    lines = [f"seed {found.seed} went another way when it was run again: no figure is given"]
    if found.first is None and found.second is None:
        return "\n".join([*lines, "no decision differs: this is a fault of the simulation's"])
    lines += [f"run one: {_decided(found.first)}", f"run two: {_decided(found.second)}"]
    reads = reads_of(setting, found.seed)
    if reads:
        lines += [f"it reads {one}" for one in reads]
    else:
        lines.append("does it read the wall clock, unseeded chance, or a file?")
    lines.append("take the time from the bars, and chance from a random.Random(seed) of its own")
    return "\n".join(lines)


def _decided(one: Decision | None) -> str:
    if one is None:
        return "does nothing more"
    bar = "before its first bar" if one.bar is None else f"on the bar of {one.bar:%Y-%m-%d %H:%M}"
    return f"{one.at:%Y-%m-%d %H:%M:%S}, process {one.life}, {bar}: {one.what}"


def reads_of(setting: Setting, seed: int) -> Sequence[str]:
    """Return where the strategy reads the wall clock or unseeded chance: in one more run."""
    with silenced(), noted_reads() as found:
        World(setting, seed, Core).run()
    return list(found)


def no_order(setting: Setting, found: Findings, often: Frequency | None) -> str:
    """Return that nothing was tested, and how many bars would do.

    Args:
        often: what a long trial has shown; None: there was none.
    """
    text = (
        f"the strategy made no order in {found.seeds} of {found.seeds} seeds of {setting.length:,} "
        f"bars: nothing was tested; "
    )
    if often is None:
        return f"{text}try more --bars, or other parameters"
    text += f"where nothing goes wrong it made {often.orders:,} in {often.bars:,} bars"
    if not often.on:
        return f"{text}: try other parameters, or other bars"
    if often.wanted > setting.length:
        return f"{text}: give more bars, with --bars {often.wanted}"
    return f"{text}: give more --seeds"


def as_json(setting: Setting, found: Findings) -> dict[str, Any]:
    """Return the findings as plain values; no figure, where a seed went two ways."""
    about = {
        "strategy": setting.config.strategy.name,
        "venues": {venue.name: venue.profile.name for venue in setting.venues},
        "bars": setting.length,
        "seeds": {"asked": found.asked, "run": found.seeds},
        "differences": [
            {"seed": one.seed, "first": _decided(one.first), "second": _decided(one.second)}
            for one in found.differences
        ],
    }
    if found.differences or not found.seeds:
        return about
    return {
        **about,
        "violations": [{"seed": seed, "text": text} for seed, text in found.violations],
        "orders": {"meant": found.intents, "most_for_one": found.most},
        "recovery": {
            "starts": found.processes,
            "ready_s": {"median": _median(found.ready), "worst": max(found.ready, default=None)},
            "resolved_s": {
                "median": _median(found.resolved), "worst": max(found.resolved, default=None),
            },
        },
        "strategy": setting.config.strategy.name,
        "done": {kind: found.done[kind] for kind in (*DONE, "past")},
        "refused": dict(found.codes),
        "errors": [
            {"text": text, "times": number, "seed": found.raised_in[text]}
            for text, number in found.errors.most_common()
        ],
        "faults": {
            name: {
                "seeds": share.seeds, "times": share.hits, "bars": share.bars,
                **{kind: share.done[kind] for kind in DONE},
            }
            for name, share in _ordered(found.shares)
        },
    }  # fmt: skip


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None
