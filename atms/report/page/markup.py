"""Blocks as HTML that says its numbers without any script; everything from outside is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from atms.report.page.blocks import Badge, Block, Chart, Code, Column, Contents, Figure, Table, Text
from atms.report.page.formats import exact, formatted

STATES = {"good": "good", "warn": "warning", "bad": "bad", "none": "for information"}
# Drawn from series, which are too long to be a table in the markup.
OF_SERIES = ("equity", "price", "exposure")
WIDE = (*OF_SERIES, "heatmap")
# Their tables say what they draw and hardly more.
DRAWN_WHOLE = ("heatmap", "histogram", "lines", "intervals")


def header(contents: Contents) -> str:
    """Return the page's head: title, what ran, the badges."""
    about = "".join(
        f"<div><dt>{escape(label)}</dt><dd>{escape(str(value))}</dd></div>"
        for label, value in contents.about
    )
    badges = "".join(_badge(badge) for badge in contents.badges)
    return (
        f'<header class="top"><div class="heading"><h1>{escape(contents.title)}</h1>'
        '<div id="theme" class="controls" role="group" aria-label="Colours"></div></div>'
        f'<dl class="about">{about}</dl><div class="badges">{badges}</div></header>'
    )


def _badge(badge: Badge) -> str:
    """Return a badge that opens without a script."""
    return (
        f'<details class="badge {badge.state}" id="badge-{escape(badge.id)}">'
        f'<summary title="{escape(badge.detail)}"><span class="mark" aria-hidden="true"></span>'
        f'{escape(badge.title)}<span class="unseen">: {STATES[badge.state]}. '
        f"{escape(badge.detail)}</span></summary><p>{escape(badge.detail)}</p></details>"
    )


def strip(figures: Iterable[Figure]) -> str:
    """Return the page's main numbers."""
    cells = "".join(_figure(figure) for figure in figures)
    if not cells:
        return ""
    return f'<dl class="strip" aria-label="Main figures">{cells}</dl>'


def _figure(figure: Figure) -> str:
    value = formatted(figure.value, figure.kind, figure.unit)
    lines = ""
    if figure.interval is not None:
        low, high = (formatted(bound, figure.kind) for bound in figure.interval)
        lines += f'<dd class="interval">95 %: {low} to {high}</dd>'
    if figure.against:
        lines += f'<dd class="against">{escape(figure.against)}</dd>'
    return (
        f'<div id="figure-{escape(figure.id)}"><dt>{escape(figure.title)}</dt><dd class="value"'
        f' data-value="{escape(exact(figure.value))}">{escape(value)}</dd>{lines}</div>'
    )


def section(title: str, ident: str, blocks: Sequence[Block]) -> str:
    """Return a section; a table that only one of its charts draws is folded under that chart."""
    charts = [block for block in blocks if isinstance(block, Chart)]
    tables = {block.id: block for block in blocks if isinstance(block, Table)}
    under: dict[str, Chart] = {}
    for chart in charts:
        drawn = tables.get(chart.table)
        if drawn is not None and drawn.id not in under and _said_by(drawn, chart):
            under[drawn.id] = chart
    folded = {chart.id: tables[table] for table, chart in under.items()}
    standing = [block for block in blocks if not (isinstance(block, Table) and block.id in under)]
    parts = "".join(_paired(standing, folded))
    return (
        f'<section id="{escape(ident)}" aria-labelledby="{escape(ident)}-title">'
        f'<h2 id="{escape(ident)}-title">{escape(title)}</h2><div class="blocks">{parts}</div>'
        "</section>"
    )


def _paired(blocks: Sequence[Block], folded: dict[str, Table]) -> Iterator[str]:
    """Yield blocks; a chart of bars and the table that follows it stand side by side."""
    place = 0
    while place < len(blocks):
        pair = blocks[place : place + 2]
        texts = [_block(block, folded) for block in pair]
        if len(pair) == 2 and _beside(*pair):
            yield f'<div class="pair">{"".join(texts)}</div>'
            place += 2
        else:
            yield texts[0]
            place += 1


def _beside(one: Block, other: Block) -> bool:
    if not (isinstance(one, Chart) and isinstance(other, Table)):
        return False
    short = not other.tall and not other.series
    return one.kind == "bars" and other.id == one.table and short


def _said_by(table: Table, chart: Chart) -> bool:
    """Return whether the chart draws so much of the table that it need not stand open."""
    if chart.kind in DRAWN_WHOLE or (chart.kind in OF_SERIES and table.series):
        return True
    return (
        chart.kind == "bars" and len(table.columns) <= len({chart.x, chart.by, *chart.y} - {""}) + 1
    )


def _block(block: Block, folded: dict[str, Table]) -> str:
    if isinstance(block, Text):
        return f'<p class="said {block.state}">{escape(block.text)}</p>'
    if isinstance(block, Code):
        return (
            f'<details class="code" id="{escape(block.id)}"><summary>{escape(block.title)}'
            f'</summary><pre tabindex="0">{escape(block.text)}</pre></details>'
        )
    if isinstance(block, Chart):
        return _chart(block, folded.get(block.id))
    return table(block)


def _chart(chart: Chart, behind: Table | None) -> str:
    """Return a chart's place, and the table that it draws."""
    rows = _behind(chart, behind)
    size = "wide" if chart.kind in WIDE else "small"
    name = escape(chart.title)
    return (
        f'<figure class="chart {size} {chart.kind}" id="{escape(chart.id)}" role="figure" '
        f'aria-label="{name}"><figcaption>{name}</figcaption>'
        '<div class="controls"></div><div class="legend" role="group" '
        f'aria-label="Shown in {name}"></div><div class="readout" aria-hidden="true"></div>'
        '<div class="plot"></div><p class="status" role="status"></p>'
        f'<p class="unscripted">Drawn by a script, which has not run.</p>{rows}</figure>'
    )


def _behind(chart: Chart, table_behind: Table | None) -> str:
    """Return the way to a chart's numbers, for who cannot or will not read the picture."""
    rows = ""
    if chart.kind in ("price", "exposure") or (chart.kind == "equity" and table_behind is None):
        rows = (
            '<details class="behind" data-rows="visible"><summary>Table: the part that is shown'
            "</summary></details>"
        )
    if table_behind is not None:
        name = escape(table_behind.title)
        rows += (
            f'<details class="behind"><summary>Table: {name}</summary>{table(table_behind)}'
            "</details>"
        )
    if rows:
        return rows
    return f'<p class="behind"><a href="#{escape(chart.table)}">Table: what this draws</a></p>'


def table(one: Table) -> str:
    """Return a table; of a tall one the place where the script puts it."""
    note = f'<p class="note">{escape(one.note)}</p>' if one.note else ""
    if one.tall or one.series:
        return (
            f'<div class="table tall" id="{escape(one.id)}" data-title="{escape(one.title)}">'
            f"<h3>{escape(one.title)}</h3>"
            '<p class="unscripted">This table is long: it needs scripts. The run’s files beside '
            f"this page have the same rows.</p>{note}</div>"
        )
    head = "".join(
        f'<th scope="col" class="kind-{column.kind}">{_title(column)}</th>'
        for column in one.columns
    )
    body = "".join(_row(row, one) for row in one.rows)
    return (
        f'<div class="table" id="{escape(one.id)}"><div class="scroll" tabindex="0" role="group" '
        f'aria-label="{escape(one.title)}"><table><caption>{escape(one.title)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{note}</div>"
    )


def _title(column: Column) -> str:
    title, unit = column.title, column.unit
    return escape(f"{title} ({unit})" if unit and unit not in title else title)


def _row(row: Sequence[object], one: Table) -> str:
    cells = ""
    for value, column in zip(row, one.columns, strict=True):
        number = exact(value)
        said = f' data-value="{number}"' if number else ""
        text = escape(formatted(value, column.kind))
        cells += f'<td class="kind-{column.kind}"{said}>{text}</td>'
    return f"<tr>{cells}</tr>"
