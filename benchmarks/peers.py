"""Other engines on the same work as ours, in one run: python benchmarks/peers.py [NAME ...]

The work is the benchmark's first row, a cross of two averages over a random walk, long only, 0.1 %
commission. Each engine has an environment of its own, made by sh benchmarks/environments, and a
script in benchmarks/engines written as its own users would. What counts is the CPU time of the
engine's run, user and system: not imports, nor bringing the bars into its shape. That each made as
many fills as ours shows that it did the same work; prices differ where an engine fills elsewhere.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from atms.bench.bars import walk
from atms.bench.jobs import Job
from atms.bench.machine import this_machine
from atms.bench.running import run_job

HERE = Path(__file__).resolve().parent
PEERS = {
    "backtesting_py": "fills at the next open",
    "zipline_reloaded": "fills at the next close",
    "nautilus": "fills at the bar's close",
    "vectorbt_": "no events; compiled before it is timed",
}
OURS, STOCK = "atms", "backtrader"


def main() -> None:
    """Measure by turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PEERS)}")
    parser.add_argument("--bars", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--environments", type=Path, default=HERE, metavar="FOLDER")
    options = parser.parse_args()
    if unknown := set(options.names) - set(PEERS):
        parser.error(f"no peer {', '.join(sorted(unknown))}; there are: {', '.join(PEERS)}")
    found, failed = measure(options)
    show(found, options.bars)
    for name, why in failed.items():
        print(f"{name}: left out: {why}")
    print(this_machine())


def measure(options: argparse.Namespace) -> tuple[dict[str, list[dict[str, Any]]], dict[str, str]]:
    """Return name -> its samples, a round each, and name -> why there are none."""
    samples: dict[str, list[dict[str, Any]]] = defaultdict(list)
    failed: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        file = Path(folder, "bars.npz")
        save(options.bars, file)
        for number in range(options.repeats):
            for name in (STOCK, OURS, *(options.names or PEERS)):
                if name in failed:
                    continue
                print(f"round {number + 1}: {name}", file=sys.stderr)
                try:
                    samples[name].append(run(name, options, file))
                except RuntimeError as error:
                    failed[name] = str(error)
    return {name: got for name, got in samples.items() if name not in failed}, failed


def save(bars: int, file: Path) -> None:
    """Write the walk for the other environments."""
    frame = walk(bars)
    stamps = frame.index.to_numpy().astype("datetime64[ns]").astype(np.int64)
    np.savez(file, datetime=stamps, **{name: frame[name].to_numpy() for name in frame})


def run(name: str, options: argparse.Namespace, file: Path) -> dict[str, Any]:
    """Return one sample: version, user and system CPU seconds, fills.

    Raises:
        RuntimeError: there is none; the message says why.
    """
    if name in (OURS, STOCK):
        one = run_job(Job("cross", name == OURS, options.bars))
        version = this_machine().versions[name]
        return {"version": version, "user": one.user, "system": one.system, "fills": one.fills}
    python = options.environments / f".venv-{name}" / "bin" / "python"
    if not python.exists():
        raise RuntimeError(f"not installed: sh benchmarks/environments {name}")
    command = [str(python), str(HERE / "engines" / f"{name}.py"), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return dict(json.loads(done.stdout.splitlines()[-1]))


def show(found: dict[str, list[dict[str, Any]]], bars: int) -> None:
    """Print a line an engine: CPU seconds, how many times ours, the range, fills."""
    cpu = {name: [one["user"] + one["system"] for one in got] for name, got in found.items()}
    fills = {name: got[0]["fills"] for name, got in found.items()}
    print(f"{bars:,} bars       CPU s   us a bar   times ours     from       to     fills")
    for name, seconds in cpu.items():
        median = statistics.median(seconds)
        pairs = sorted(one / ours for one, ours in zip(seconds, cpu[OURS], strict=True))
        ratio = median / statistics.median(cpu[OURS])
        same = "" if fills[name] == fills[OURS] else "   NOT THE SAME WORK"
        print(
            f"{name:<16} {median:8.3f} {median / bars * 1e6:10.2f} {ratio:12.1f} "
            f"{pairs[0]:8.1f} {pairs[-1]:8.1f} {fills[name]:9,}"
            f"   {found[name][0]['version']} {PEERS.get(name, '')}{same}"
        )


if __name__ == "__main__":
    main()
