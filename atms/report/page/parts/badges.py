"""The verdicts in the header: what has to be known before a number is believed."""

from __future__ import annotations

from collections.abc import Iterator

from atms.report.page.blocks import Badge, State
from atms.report.page.parts.given import Given, counted

# Our own rule, after the size from which textbooks call a sample's mean roughly normal.
FEW_TRADES = 30
_SHOWN = 5  # problems that a badge names
_COSTS = (
    "spread_cost", "slippage_cost", "impact_cost", "funding_cost", "borrow_cost", "interest_cost",
    "liquidation_cost",
)  # fmt: skip


def badges(given: Given) -> list[Badge]:
    """Return the run's verdicts, in the order of the header; what has none says nothing."""
    return [
        *_status(given),
        *_missing(given),
        _audit(given),
        *_warmup(given),
        _costs(given),
        _enough(given),
        *_broke(given),
        *_cash_added(given),
        *_currencies(given),
        *_warnings(given),
    ]


def _status(given: Given) -> Iterator[Badge]:
    result = given.result
    if result.status in ("failed", "interrupted"):
        why = (result.failure.strip().splitlines() or ["it does not say why"])[0]
        detail = f"The run broke off: {why}. Everything here is of the time up to then."
        yield Badge("status", f"Run {result.status}", "bad", detail)
    elif result.status == "running":
        detail = "The run has not ended: the page shows what was known when it was made."
        yield Badge("status", "Still running", "none", detail)


def _missing(given: Given) -> Iterator[Badge]:
    if given.missing:
        yield Badge("missing", "Parts are missing", "bad", " ".join(given.missing))


def _audit(given: Given) -> Badge:
    audits = given.result.audit
    if not audits:
        return Badge("audit", "Data not audited", "none", "No audit of the bars was kept.")
    problems = [
        f"{audit.feed}: {finding.detail}" for audit in audits for finding in audit.problems()
    ]
    if not problems:
        checked = counted(len(audits), "feed")
        return Badge("audit", "Data OK", "good", f"The audit of {checked} found nothing wrong.")
    failed = any(audit.verdict == "fail" for audit in audits)
    detail = "; ".join(problems[:_SHOWN])
    if len(problems) > _SHOWN:
        detail += f"; and {len(problems) - _SHOWN} more, under Data audit"
    title = "Data fail the audit" if failed else f"Data: {counted(len(problems), 'warning')}"
    return Badge("audit", title, "bad" if failed else "warn", f"{detail}.")


def _warmup(given: Given) -> Iterator[Badge]:
    warmup = given.result.warmup
    if given.result.mode != "backtest":
        return
    if not warmup and given.missing:
        detail = "Whether bars stood before the time range is not known: that is missing."
        yield Badge("warmup", "Warm-up unknown", "none", detail)
    elif not warmup:
        detail = (
            "No bars stood before the time range: indicators begin with the run's first bars, and "
            "the strategy with the first bar on which they are all there."
        )
        yield Badge("warmup", "No warm-up", "none", detail)
    elif "were wanted" in warmup:
        yield Badge("warmup", "Short warm-up", "warn", f"{warmup}.")
    else:
        yield Badge("warmup", "Warm-up OK", "good", f"{warmup}.")


def _costs(given: Given) -> Badge:
    """Tell what is charged, by the config, and by what the run paid."""
    mode = given.result.mode
    if mode == "live":
        return Badge("costs", "Real costs", "none", "Fees and prices are the venue's own.")
    fees, others = _charged(given)
    if others:
        said = f"Charged beside fees: {', '.join(others)}."
        if not fees:
            said = f"Charged: {', '.join(others)}; no fees."
        return Badge("costs", "Costs on", "good", said)
    detail = (
        "Nothing is charged for spread, slippage, impact, funding and borrow: the result promises "
        "too much."
    )
    if fees:
        return Badge("costs", "Fees only", "warn", detail)
    return Badge("costs", "No costs", "warn", f"No fees either. {detail}")


def _charged(given: Given) -> tuple[bool, list[str]]:
    broker, metrics = given.result.config.broker, given.metrics
    fees = bool(broker.commission) or bool(metrics.get("fees"))
    ways = {
        "slippage": broker.slippage and any(broker.slippage.model_dump().values()),
        "impact": broker.impact and broker.impact.coefficient,
        "funding": broker.funding,
        "borrow": broker.borrow,
        "interest": broker.interest and any(broker.interest.model_dump().values()),
    }
    named = [name for name, value in ways.items() if value]
    named += [name.removesuffix("_cost") for name in _COSTS if metrics.get(name)]
    return fees, list(dict.fromkeys(named))


def _enough(given: Given) -> Badge:
    trades = given.metrics.get("trades") or 0
    rule = f"Our own rule: figures of fewer than {FEW_TRADES} closed trades are mostly chance."
    if not trades:
        said = given.result.explanation or "No trade has been closed."
        return Badge("trades", "No closed trades", "warn", f"{_sentence(said)} {rule}")
    if trades < FEW_TRADES:
        return Badge("trades", "Few trades", "warn", f"{counted(trades, 'closed trade')}. {rule}")
    return Badge("trades", "Enough trades", "good", f"{counted(trades, 'closed trade')}. {rule}")


def _broke(given: Given) -> Iterator[Badge]:
    if given.sampled is not None and given.sampled.broke:
        detail = (
            "The account's value fell to nothing: figures of returns are undefined from then on."
        )
        yield Badge("broke", "Account went broke", "bad", detail)


def _cash_added(given: Given) -> Iterator[Badge]:
    flows = given.result.cash_flows
    moved = flows[flows["kind"].isin(("deposit", "withdrawal"))]
    if not len(moved):
        return
    total = f"{moved['amount'].sum():+,.2f} {given.currency} in {counted(len(moved), 'movement')}"
    detail = f"{total}. Returns are time-weighted, without it; values are what the account held."
    state: State = "none"
    if given.sampled is not None and not given.sampled.exact:
        state = "warn"
        detail += (
            " What is left of the run does not say on which side of a bar's fills the cash came: "
            "months, drawdowns and intervals are of what the account held, cash included."
        )
    yield Badge("cash", "Cash was added or taken", state, detail)


def _currencies(given: Given) -> Iterator[Badge]:
    found = list(dict.fromkeys(feed.currency for feed in given.result.feeds))
    if len(found) > 1:
        detail = (
            f"The feeds are in {', '.join(found)}; the account has one currency, {found[0]}, and "
            "books every amount in it without a conversion."
        )
        yield Badge("currencies", "Several currencies", "warn", detail)


def _warnings(given: Given) -> Iterator[Badge]:
    # What the audit warns of has a badge of its own.
    warnings = [line for line in given.result.warnings if not line.startswith("data audit of")]
    if warnings:
        more = f" And {len(warnings) - _SHOWN} more." if len(warnings) > _SHOWN else ""
        detail = " ".join(_sentence(line) for line in warnings[:_SHOWN]) + more
        yield Badge("warnings", counted(len(warnings), "warning"), "warn", detail)


def _sentence(line: str) -> str:
    line = line.strip()
    return line if line.endswith((".", "!", "?")) else f"{line}."
