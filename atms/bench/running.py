"""Measurements in child processes: nothing of one shows in the next."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

from atms.bench.jobs import Job, Sample
from atms.errors import RunError


def run_job(job: Job) -> Sample:
    """Measure *job* in a process of its own.

    Raises:
        RunError: the run failed; the last line of what it said is in the message.
    """
    command = [sys.executable, "-m", "atms.bench.child", json.dumps(asdict(job))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        said = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise RunError(f"{job}: {said}")
    return Sample(**json.loads(done.stdout.splitlines()[-1]))
