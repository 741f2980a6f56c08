"""The orders: what became of them, and why some were refused."""

from __future__ import annotations

from typing import Any

import pandas as pd

from atms.report.page.blocks import Block, Column, Section, Table, Text
from atms.report.page.parts.given import Given, counted, micros, plain

_LISTED = 300  # orders; the page has to stay small
_REFUSED = ("rejected", "margin")
_ALWAYS = ("order_id", "symbol", "side", "type", "size", "status")


def orders(given: Given) -> Section:
    """Return orders by status, refusals by reason, and the orders themselves if they are few."""
    frame = given.result.orders
    if not len(frame):
        bars = given.metrics.get("bars") or 0
        said = f"The strategy placed no order on {counted(bars, 'bar')}."
        return Section("orders-section", "Orders", [Text(said, "warn")])
    blocks: list[Block] = [_statuses(frame), *_refusals(frame), *_list(given, frame)]
    return Section("orders-section", "Orders", blocks)


def _statuses(frame: pd.DataFrame) -> Table:
    by_type = frame.groupby(["status", "type"], dropna=False).size().sort_values(ascending=False)
    counts = frame["status"].value_counts()
    rows = [
        [status, int(count), count / len(frame), _types(by_type.loc[status])]
        for status, count in counts.items()
    ]
    columns = (
        Column("status", "Status"),
        Column("orders", "Orders", "count"),
        Column("share", "Share", "percent"),
        Column("types", "Of them"),
    )
    return Table("statuses", "Orders by status", columns, rows)


def _types(counts: pd.Series) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items())


def _refusals(frame: pd.DataFrame) -> list[Block]:
    refused = frame[frame["status"].isin(_REFUSED)]
    if not len(refused):
        return [Text("No order was refused.")]
    codes = refused["code"].astype(object).where(refused["code"].notna(), refused["status"])
    keys = [codes.rename("code"), refused["symbol"]]
    found = refused.groupby(keys, sort=False, dropna=False)
    rows = sorted(
        ([code, symbol, len(part), _text(part["reason"].iloc[-1])]
         for (code, symbol), part in found),
        key=lambda row: (-row[2], str(row[0]), str(row[1])),
    )  # fmt: skip
    columns = (
        Column("code", "Refused by"),
        Column("symbol", "Symbol"),
        Column("orders", "Orders", "count"),
        Column("reason", "The last one's reason"),
    )
    title = f"Refused orders: {len(refused):,} of {len(frame):,}"
    return [Table("refusals", title, columns, rows[:_LISTED], tall=len(rows) > 20)]


def _list(given: Given, frame: pd.DataFrame) -> list[Block]:
    if len(frame) > _LISTED:
        said = f"There are {len(frame):,} orders: orders.parquet in the run's folder has them all."
        return [Text(said)]
    money = given.currency
    columns = (
        Column("order_id", "Order"),
        Column("created_ts", "Made", "time"),
        Column("symbol", "Symbol"),
        Column("side", "Side"),
        Column("type", "Type"),
        Column("size", "Size", "number"),
        Column("price", "Price", "price", money),
        Column("status", "Status"),
        Column("filled", "Filled", "number"),
        Column("average_price", "Average price", "price", money),
        Column("fee", "Fee", "money", money),
        Column("why", "Why"),
        Column("tag", "Tag"),
        Column("reason", "Reason"),
    )
    told = [one for one in columns if one.key in _ALWAYS or frame[one.key].notna().any()]
    values: list[Any] = [
        micros(frame[column.key]) if column.kind == "time" else _values(frame, column)
        for column in told
    ]
    rows = [plain(row) for row in zip(*values, strict=True)]
    return [Table("orders", "Orders", told, rows, tall=True)]


def _values(frame: pd.DataFrame, column: Column) -> Any:
    values = frame[column.key]
    if column.kind != "text":
        return pd.to_numeric(values, errors="coerce").to_numpy()
    return [_text(value) for value in values]


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)
