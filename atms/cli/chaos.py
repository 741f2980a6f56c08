"""``atms chaos``: a strategy under faults."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from atms.chaos.campaign import Findings, cores, run_seeds
from atms.chaos.frequency import how_often
from atms.chaos.hanging import PATIENCE
from atms.chaos.setting import Setting, prepare
from atms.chaos.story import tell
from atms.chaos.trial import run_seed
from atms.cli import options
from atms.cli.chaos_tables import as_json, differs, heading, no_order, reads_of, show
from atms.cli.guard import INTERRUPTED, fail, guarded
from atms.cli.screen import errors, out, print_json, say
from atms.config import LoadedConfig
from atms.errors import RunError

NOT_REPEATABLE = 5


@guarded
def chaos(
    config: options.ConfigFiles = None,
    strategy: options.StrategyName = None,
    param: options.Params = None,
    set_: options.Settings = None,
    timerange: options.Timerange = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many trials.")] = 500,
    bars: Annotated[
        int, typer.Option("--bars", min=20, help="Bars of the shortest feed in a trial.")
    ] = 200,
    profile: Annotated[
        str | None,
        typer.Option("--profile", help="The kind of every venue. Default: by the config's."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data", metavar="FILE", help="Bars of feeds without a source: a file, or sample:NAME."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Repeat one seed, and tell its story.")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Processes. Default: one a processor.")
    ] = None,
    hang: Annotated[
        float, typer.Option("--hang", min=1, help="Seconds that one call of the strategy may take.")
    ] = PATIENCE,
    json_: options.Json = False,
) -> None:
    """Try a strategy where everything goes wrong: lost answers, dead streams, kills.

    The config's strategy trades as it would live, in virtual time, on simulated
    venues, along bars of the past. Nothing real is reached; no account is needed.
    Each seed draws a part of the bars, faults and kills, and is run twice. Seed 0
    has no faults.

    Exit codes: 0 good, 1 something was not true, or nothing was tested,
    2 usage or config, 3 data, 5 a seed's second run went another way: the
    strategy reads the clock or unseeded chance. 130 Ctrl-C: what was measured stands.

    Examples:
      python -m atms chaos -c config.yaml
      python -m atms chaos -c config.yaml --seeds 50 --bars 100
      python -m atms chaos -c config.yaml --seed 7
    """
    loaded = options.load(config, strategy, param, set_, timerange)
    setting = prepare(loaded.config, bars=bars, profile=profile, data=data, hang=hang)
    if seed is not None:
        _tell_story(loaded, setting, seed)
        return
    _run(setting, seeds, jobs or cores(), json_)


def _run(setting: Setting, seeds: int, jobs: int, json_: bool) -> None:
    findings, stopped = Findings(seeds), False
    try:
        with (
            closing(run_seeds(setting, range(seeds), jobs)) as running,
            _progress() as progress,
        ):
            task = progress.add_task("seeds", total=seeds)
            for findings in running:
                progress.update(task, completed=findings.seeds)
                if findings.differences:
                    break
    except KeyboardInterrupt:
        stopped = True
    if json_:
        print_json(as_json(setting, findings))
    else:
        show(out(), setting, findings)
    if stopped:
        fail(f"interrupted after {findings.seeds} of {seeds} seeds", INTERRUPTED)
    if findings.differences:
        fail(differs(setting, findings.differences[0]), NOT_REPEATABLE)
    if not json_:
        for line in reads_of(setting, 0):
            say(f"warning: reads {line}: here it changed nothing that the strategy did", "yellow")
    if findings.violations:
        first = findings.violations[0][0]
        fail(f"not everything was true; see its story: --seed {first}", RunError.exit_code)
    if not findings.done["orders"]:
        say("no order was made; looking how often there is one where nothing goes wrong ...")
        fail(no_order(setting, findings, how_often(setting)), RunError.exit_code)


def _tell_story(loaded: LoadedConfig, setting: Setting, seed: int) -> None:
    page = out()
    story, trial = tell(setting, seed)
    for line in heading(setting):
        page.print(line, markup=False, soft_wrap=True)
    page.print(f"seed {seed}: faults: {', '.join(trial.faults) or 'none'}", soft_wrap=True)
    for line in story:
        page.print(line, markup=False, soft_wrap=True)
    for line in trial.found or ["everything was true at the end"]:
        page.print(line, markup=False, soft_wrap=True)
    difference = run_seed(setting, seed).difference
    if difference is not None:
        fail(differs(setting, difference), NOT_REPEATABLE)
    if trial.found:
        fail("not everything was true", RunError.exit_code)


def _progress() -> Progress:
    return Progress(
        TextColumn("chaos"), BarColumn(), MofNCompleteColumn(), TextColumn("seeds"),
        TimeRemainingColumn(), console=errors(), transient=True, redirect_stdout=False,
        disable=not sys.stderr.isatty(),
    )  # fmt: skip
