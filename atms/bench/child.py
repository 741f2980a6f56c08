"""One measurement, in a process of its own: ``python -m atms.bench.child JOB``, JSON in and out."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from dataclasses import asdict
from importlib import import_module
from typing import Any

import backtrader as bt

from atms.bench.jobs import Job, Sample
from atms.bench.meter import Meter
from atms.bench.outcome import of_run, of_trials
from atms.bench.rows import BY_NAME
from atms.bench.shares import Shares
from atms.engine import Cerebro


def measure(job: Job) -> Sample:
    """Run *job* in this process and measure it; what a process ran before would show."""
    row = BY_NAME[job.row]
    if row.kind == "recorded" and job.ours:
        return _recorded(job)
    work = import_module(f"atms.bench.work.{row.work}")
    cerebro = (Cerebro if job.ours else bt.Cerebro)(**work.SETTINGS)
    work.prepare(cerebro, job.bars, *([job.trials] if row.kind == "trials" else []))
    meter, shares = Meter(), Shares()
    with meter, shares if job.profile else nullcontext():
        found = cerebro.run()
    fills, outcome = of_trials(found) if row.kind == "trials" else of_run(found[0])
    return _sample(meter, shares, cerebro, fills, outcome)


def _recorded(job: Job) -> Sample:
    from atms.bench.recorded import run_recorded  # all of atms, which the other rows do not need

    shares = Shares()
    meter, *ran = run_recorded(job.bars, shares if job.profile else nullcontext())
    return _sample(meter, shares, *ran)


def _sample(meter: Meter, shares: Shares, cerebro: Any, fills: int, outcome: str) -> Sample:
    explain = getattr(cerebro, "explain", None)
    return Sample(
        meter.user,
        meter.system,
        meter.memory,
        fills,
        outcome,
        str(explain()) if explain is not None else "",
        shares.found(),
    )


def main() -> None:
    """Measure the job on the command line and print the sample."""
    sample = measure(Job(**json.loads(sys.argv[1])))
    sys.stdout.write(f"{json.dumps(asdict(sample))}\n")


if __name__ == "__main__":
    main()
