"""The house stands as docs/architecture.md says: who may import whom, and what is where.

Every module's imports are read from its text, those inside functions too; what is imported for
type checkers alone does not count, because it is never imported.
"""

from __future__ import annotations

import ast
import configparser
import fnmatch
import graphlib
import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import backtrader as bt
import pytest

from atms import registry

ROOT = Path(__file__).resolve().parent.parent
MAPPED = ("analyzers", "configs", "feeds", "stores", "strategies")  # at the top level

# From the ground up; a room imports from its own row and from those above it in this table.
LAYERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("files alone, and words that everything shares",
     ("configs", "samples", "errors", "model", "extras", "steady", "_version")),
    ("the gate: pure, so that it stands in front of the simulated broker and the live one",
     ("risk",)),
    ("needs the words alone; a config knows the venues' presets",
     ("config", "usercode", "localdb", "simulation", "stores", "feeds")),
    ("Backtrader alone, so that they serve any script of a user's",
     ("analyzers", "indicators", "sizers", "strategies", "explain")),
    ("the order path: it knows stores by their seam, and no venue", ("execution",)),
    ("reads a recording, runs nothing; below the runner, so that it can be made again",
     ("report",)),
    ("a drop-in for Cerebro, and its warm-up, which knows the history feed", ("engine",)),
    ("names to classes: imports a module only when it is asked for", ("registry",)),
    ("what a run gives back, where it is kept, how it is found again",
     ("runlog", "ledger", "artefacts", "keeping", "result", "reporting", "stored", "comparing",
      "pruning", "syncing", "importing", "downloading", "project")),
    ("the parts of a run", ("running",)),
    ("puts the parts together, and looks whether they fit", ("runner", "doctor")),
    ("runs what it needs itself", ("seeding", "sandbox", "chaos")),
    ("the faces; the benchmark runs what they run",
     ("api", "scripting", "cli", "bench", "__init__", "__main__")),
)  # fmt: skip
LEVEL = {room: level for level, (_, rooms) in enumerate(LAYERS) for room in rooms}

# Rooms that may import less than what lies below them.
ONLY = {
    "strategies": {"indicators", "explain"},  # a user's file must run in any Cerebro
    "indicators": {"model"},
    "sizers": {"model"},
    "explain": set(),
    "analyzers": set(),  # they take notifications and decide nothing
    "risk": set(),
    "simulation": {"model", "errors", "risk"},
    # Paper matches as a backtest does.
    "stores": {
        "errors",
        "extras",
        "model",
        "simulation",
        "steady",
    },  # paper matches as a backtest does
    "execution": {"errors", "stores", "risk", "steady"},
    "feeds": {"errors", "model", "samples", "stores"},  # the types of the seam, and no venue
    "report": set(),  # so that a picture can be made without the frame
    "registry": {"errors", "usercode"},  # it names the rooms and imports none
}


# What stands beside the venues: the protocol that they fulfil, its types, and what wraps any.
SEAM = {
    f"atms.stores.{name}"
    for name in (
        "base",
        "capabilities",
        "facts",
        "market",
        "outcomes",
        "requests",
        "shadow",
        "elsewhere",
    )
}


@dataclass(frozen=True)
class Import:
    """One import statement's target, and where it stands."""

    module: str
    target: str
    where: str

    @property
    def room(self) -> str:
        return room_of(self.module)

    @property
    def target_room(self) -> str:
        return room_of(self.target)


def room_of(module: str) -> str:
    """Return ``ledger`` for ``atms.ledger.runs``; ``__init__`` for the package itself."""
    return module.split(".")[1] if "." in module else "__init__"


@cache
def sources() -> dict[str, Path]:
    """Return module name -> file, each file once though links lead to it."""
    folders = [("atms", ROOT / "atms"), *((f"atms.{room}", ROOT / room) for room in MAPPED)]
    found = {}
    for package, folder in folders:
        for directory, _, names in os.walk(folder):  # does not follow links
            inner = Path(directory).relative_to(folder).parts
            for name in names:
                if name.endswith(".py"):
                    parts = (package, *inner, name.removesuffix(".py"))
                    found[".".join(parts).removesuffix(".__init__")] = Path(directory) / name
    return found


def module_nodes(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield every import statement but those under ``if TYPE_CHECKING``."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        yield from module_nodes(node)


@cache
def statements() -> tuple[tuple[str, Path, ast.Import | ast.ImportFrom], ...]:
    return tuple(
        (module, path, node)
        for module, path in sources().items()
        for node in module_nodes(ast.parse(path.read_text(encoding="utf-8")))
    )


@cache
def imports() -> tuple[Import, ...]:
    """Return every import of a module of ours by another one of ours."""
    found = []
    for module, path, node in statements():
        where = f"{path.relative_to(ROOT)}:{node.lineno}"
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        else:
            base = node.module or ""
            # `from atms import registry` is the module, `from atms import Result` the face.
            inner = [f"{base}.{alias.name}" for alias in node.names]
            targets = [name if name in sources() else base for name in inner]
        found += [
            Import(module, target, where) for target in targets if target.split(".")[0] == "atms"
        ]
    return tuple(found)


def test_the_reader_of_imports_sees_them() -> None:
    seen = {(one.module, one.target) for one in imports()}
    assert ("atms.api", "atms.runner") in seen
    assert ("atms.feeds.bars", "atms.errors") in seen  # in a mapped folder
    assert ("atms.result", "atms.report.figures") in seen  # inside a function
    assert ("atms.errors", "atms.result") not in seen  # for type checkers alone
    assert ("atms.runner", "atms.registry") in seen  # from atms import registry
    assert len(sources()) > 40


# ---- layers -------------------------------------------------------------------------------------
def test_every_module_has_its_place_in_the_layers() -> None:
    assert {room_of(module) for module in sources()} - set(LEVEL) == set()


def test_imports_point_to_the_same_layer_or_a_lower_one() -> None:
    up = [
        f"{one.where}: {one.room} imports {one.target}"
        for one in imports()
        if LEVEL[one.target_room] > LEVEL[one.room]
    ]
    assert up == []


@pytest.mark.parametrize("room", sorted(ONLY))
def test_a_room_that_may_import_little_imports_no_more(room: str) -> None:
    more = [
        f"{one.where}: {one.target}"
        for one in imports()
        if one.room == room and one.target_room not in {room, *ONLY[room]}
    ]
    assert more == []


def test_nothing_but_the_faces_imports_the_runner() -> None:
    faces = {"api", "cli", "seeding", "bench"}
    assert {one.room for one in imports() if one.target_room == "runner"} <= faces


def test_nothing_imports_the_command_line() -> None:
    assert {one.room for one in imports() if one.target_room == "cli"} <= {"cli", "__main__"}


def test_nothing_of_ours_imports_the_face() -> None:
    assert [one.where for one in imports() if one.target_room == "__init__"] == []


def test_no_room_imports_itself_by_way_of_others() -> None:
    below = {
        room: {one.target_room for one in imports() if one.room == room} - {room} for room in LEVEL
    }
    try:
        graphlib.TopologicalSorter(below).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_the_page_on_architecture_names_every_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = " ".join(re.findall(r"^\| (`.*?`[^|]*)\|", page, re.M))
    rooms = {room_of(module) for module in sources()} - {"__init__", "__main__"}
    # The packages of files alone need no word on who imports them.
    assert rooms - set(re.findall(r"\w+", table)) - {"configs", "samples"} == set()


VENUE_WORDS = re.compile(
    r"binance|kraken|coinbase|ccxt|oanda|ibkr|permid|orderref|alpaca|(?<!ru)nonce|listenkey|txhash",
    re.IGNORECASE,
)  # a venue's way of doing things belongs into its store, and nowhere above the seam


def test_no_venue_word_stands_above_the_seam() -> None:
    above = [
        path
        for module, path in sources().items()
        if module == "atms.feeds.live" or module.startswith("atms.execution")
    ]
    assert len(above) > 60
    assert [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in above
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if VENUE_WORDS.search(line)
    ] == []


def test_no_import_is_relative() -> None:
    relative = [
        f"{path}:{node.lineno}"
        for _, path, node in statements()
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_no_top_level_folder_is_imported_by_its_bare_name() -> None:
    # A folder called strategies stands in a user's repository too, and would be taken for ours.
    bare = []
    for _, path, node in statements():
        names = (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
        )
        bare += [f"{path}:{node.lineno}" for name in names if name.split(".")[0] in MAPPED]
    assert bare == []


# ---- registry -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind, entries in registry.BUILT_IN.items() for name in entries],
)
def test_every_registered_name_loads(kind: str, name: str) -> None:
    module, _, class_name = registry.BUILT_IN[kind][name].partition(":")
    loaded = registry.load(kind, name)
    assert (loaded.__module__, loaded.__name__) == (module, class_name)


def test_the_registry_names_exactly_the_modules_of_the_strategies() -> None:
    registered = {spec.partition(":")[0] for spec in registry.BUILT_IN["strategies"].values()}
    there = {module for module in sources() if module.startswith("atms.strategies.")}
    assert registered == there
    assert {f"atms.strategies.{name}" for name in registry.BUILT_IN["strategies"]} == registered


def test_the_registry_names_exactly_the_stores_that_there_are() -> None:
    packages = {f"atms.stores.{name}" for name in registry.BUILT_IN["stores"]}
    there = {".".join(module.split(".")[:3]) for module in sources() if "atms.stores." in module}
    assert packages == there - SEAM


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        ("strategies", bt.Strategy),
        ("analyzers", bt.Analyzer),
        ("feeds", bt.feed.AbstractDataBase),
        ("indicators", bt.Indicator),
        ("sizers", bt.Sizer),
    ],
)
def test_every_public_class_of_a_room_is_registered(kind: str, base: type) -> None:
    public = {
        f"{module}:{name}"
        for module in sources()
        if module.startswith(f"atms.{kind}.")
        for name, value in vars(importlib.import_module(module)).items()
        if isinstance(value, type)
        and issubclass(value, base)
        and value.__module__ == module
        and not name.startswith("_")
    }
    assert public == set(registry.BUILT_IN[kind].values())


# ---- packaging ----------------------------------------------------------------------------------
@cache
def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def lines(section: str, key: str) -> list[str]:
    return [line for line in setup()[section][key].splitlines() if line]


@pytest.mark.parametrize("room", MAPPED)
def test_a_top_level_folder_is_a_package_reached_by_a_link(room: str) -> None:
    assert (ROOT / room / "__init__.py").is_file()
    assert (ROOT / "atms" / room).is_symlink()
    assert (ROOT / "atms" / room).readlink() == Path("..", room)
    assert f"atms.{room} = {room}" in lines("options", "package_dir")


def test_links_in_the_package_lead_to_the_mapped_folders_and_nowhere_else() -> None:
    links = {path.name for path in (ROOT / "atms").rglob("*") if path.is_symlink()}
    assert links == set(MAPPED)


def test_setup_lists_exactly_the_packages_that_there_are() -> None:
    packages = {module for module, path in sources().items() if path.name == "__init__.py"}
    assert set(lines("options", "packages")) == packages


@pytest.mark.parametrize(
    "package",
    ["atms.samples", "atms.configs", "atms.project", "atms.simulation.presets"],
)
def test_every_file_of_a_data_package_is_packaged(package: str) -> None:
    patterns = [pattern.strip() for pattern in setup()["options.package_data"][package].split(",")]
    folder = ROOT.joinpath(*package.split("."))
    files = [path.name for path in folder.iterdir() if path.is_file() and path.suffix != ".py"]
    assert files
    left_out = [n for n in files if not any(fnmatch.fnmatch(n, pattern) for pattern in patterns)]
    assert left_out == []


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "atms" / "py.typed").is_file()
    assert setup()["options.package_data"]["atms"] == "py.typed"


# ---- what an import brings, and what a type checker sees ----------------------------------------
def test_importing_atms_draws_no_window_and_brings_no_tool_of_tests() -> None:
    # pyplot picks a backend, and Backtrader's plotting picks TkAgg, which needs a display.
    unwanted = ["matplotlib.pyplot", "backtrader.plot", "tkinter", "pytest", "hypothesis", "typer"]
    code = f"import sys, atms; print([name for name in {unwanted} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"


GOOD = """
from pathlib import Path

import atms

config: atms.Config = atms.load_config("config.yaml").config
cash: float = config.broker.cash
result: atms.Result = atms.backtest(config, cash=2 * cash)
again: atms.Result = atms.backtest({"strategy": "ma_cross"}, data="sample:SPY_1d")
folder: Path = result.save("somewhere")
sharpe: float | None = atms.metrics([0.1, 0.2], periods_per_year=252)["sharpe"]
try:
    found: atms.Result = atms.load_run("last")
except atms.StrategyError as error:
    partial: atms.Result | None = error.result
"""
BAD = """
import atms
atms.backtest(42)
cash: int = atms.load_config().config.run.out
atms.metrics([0.1])
atms.load_run()
atms.no_such_name
result: int = atms.backtest("config.yaml")
folder: int = atms.load_run("last").save()
"""


def test_a_users_strictly_typed_script_passes_and_a_wrong_one_does_not(workdir: Path) -> None:
    (workdir / "good.py").write_text(GOOD)
    (workdir / "bad.py").write_text(BAD)
    # What lies inside atms is checked elsewhere: for a user it is an installed package.
    options = ["--strict", "--config-file=", "--follow-imports=silent", "--cache-dir", os.devnull]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "--no-error-summary", "good.py", "bad.py"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "MYPYPATH": str(ROOT)},
    )
    complaints = {line.split(": ")[0] for line in done.stdout.splitlines() if ": error:" in line}
    assert complaints == {f"bad.py:{line}" for line in range(3, 10)}, done.stdout + done.stderr
