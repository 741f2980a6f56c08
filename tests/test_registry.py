"""Names become classes: registered ones, installed ones, modules and files; and what is missing."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import backtrader as bt
import pytest

from atms import registry
from atms.errors import ConfigError, StrategyError, UnknownName
from atms.extras import install_hint


@pytest.fixture
def install(tmp_path: Path, monkeypatch) -> Callable[..., Path]:
    """Install a distribution as pip would leave it: a dist-info folder, and its modules."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)

    def call(name: str, *, files: dict[str, str] | None = None, **info: str) -> Path:
        folder = site / f"{name}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        for file, text in info.items():
            (folder / file.replace("__", ".")).write_text(text)
        for file, text in (files or {}).items():
            (site / file).write_text(text)
        return site

    yield call
    for module in [name for name in sys.modules if name.startswith("third_")]:
        del sys.modules[module]


BASES = {
    "strategies": "bt.Strategy",
    "feeds": "bt.feed.DataBase",
    "indicators": "bt.Indicator",
    "analyzers": "bt.Analyzer",
    "sizers": "bt.Sizer",
}


def module_with(kind: str) -> str:
    lines = "    lines = ('x',)\n" if kind == "indicators" else "    pass\n"
    return f"import backtrader as bt\n\n\nclass Third({BASES[kind]}):\n{lines}"


# ---- installed packages --------------------------------------------------------------------------
@pytest.mark.parametrize("kind", BASES)
def test_an_installed_package_registers_under_its_group(kind: str, install) -> None:
    install(
        "third-party",
        files={f"third_{kind}.py": module_with(kind)},
        entry_points__txt=f"[atms.{kind}]\nthird = third_{kind}:Third\n",
    )
    assert registry.names(kind)["third"] == f"third_{kind}:Third"
    found = registry.load(kind, "third")
    assert (found.__module__, found.__name__) == (f"third_{kind}", "Third")


def test_an_installed_strategy_is_listed_and_runs(install, frame, cli) -> None:
    install(
        "third-party",
        files={"third_run.py": module_with("strategies")},
        entry_points__txt="[atms.strategies]\nthird = third_run:Third\n",
    )
    frame(30).to_csv("bars.csv")
    Path("c.yaml").write_text("data: {feeds: [{source: bars.csv}]}\nstrategy: third\n")
    _, out, _ = cli("strategies", "list", "--json")
    assert "third" in [row["name"] for row in json.loads(out)]
    code, out, err = cli("backtest", "-c", "c.yaml")
    assert code == 0, err
    assert out.startswith("Third on ")


def test_a_broken_installed_strategy_does_not_hide_the_others(install, cli) -> None:
    install(
        "third-party",
        files={"third_broken.py": "import nowhere_at_all\n"},
        entry_points__txt=(
            "[atms.strategies]\nbroken = third_broken:Third\ngone = third_gone:Third\n"
        ),
    )
    code, out, err = cli("strategies", "list", "--json")
    assert code == 0, err
    rows = {row["name"]: row["summary"] for row in json.loads(out)}
    assert "nowhere_at_all" in rows["broken"]
    assert "third_gone" in rows["gone"]
    assert rows["ma_cross"].startswith("Long while")


def test_an_installed_package_does_not_take_over_a_name_of_ours(install) -> None:
    install(
        "third-party",
        files={"third_over.py": module_with("strategies")},
        entry_points__txt="[atms.strategies]\nma_cross = third_over:Third\n",
    )
    assert registry.load("strategies", "ma_cross").__name__ == "MovingAverageCross"


def test_an_installed_name_is_suggested_too(install) -> None:
    install(
        "third-party",
        files={"third_near.py": module_with("strategies")},
        entry_points__txt="[atms.strategies]\nlonely = third_near:Third\n",
    )
    with pytest.raises(UnknownName, match="did you mean 'lonely'"):
        registry.load("strategies", "lonelly")


# ---- modules and files ---------------------------------------------------------------------------
MINE = "import backtrader as bt\n\n\nclass Mine(bt.Strategy):\n    pass\n"


@pytest.mark.parametrize("name", list(registry.BUILT_IN["strategies"]))
def test_every_registered_strategy_loads(name: str) -> None:
    assert issubclass(registry.load("strategies", name), bt.Strategy)


@pytest.mark.parametrize("kind", registry.BUILT_IN)
def test_every_registered_name_is_there(kind: str) -> None:
    for name in registry.BUILT_IN[kind]:
        assert isinstance(registry.load(kind, name), type)


def test_the_strategies_folder_is_the_registry() -> None:
    import atms.strategies

    folder = Path(atms.strategies.__file__).parent
    files = {path.stem for path in folder.glob("*.py") if not path.name.startswith("_")}
    assert files == set(registry.BUILT_IN["strategies"])


@pytest.mark.parametrize(
    ("kind", "module", "name"),
    [
        ("strategies", "atms.strategies.ma_cross", "MovingAverageCross"),
        ("sizers", "backtrader.sizers", "PercentSizer"),
        ("analyzers", "backtrader.analyzers", "SharpeRatio"),
        ("indicators", "backtrader.indicators", "SMA"),
        ("feeds", "backtrader.feeds", "GenericCSVData"),
    ],
)
def test_a_class_is_named_by_module_and_class(kind: str, module: str, name: str) -> None:
    expected = getattr(importlib.import_module(module), name)
    assert registry.load(kind, f"{module}:{name}") is expected


def test_a_module_of_the_current_folder_is_found(workdir: Path) -> None:
    (workdir / "third_here").mkdir()
    (workdir / "third_here" / "__init__.py").touch()
    (workdir / "third_here" / "deep.py").write_text(MINE)
    try:
        assert registry.load("strategies", "third_here.deep:Mine").__name__ == "Mine"
    finally:
        for module in ("third_here", "third_here.deep"):
            sys.modules.pop(module, None)


@pytest.mark.parametrize("spec", ["sub/mine.py:Mine", "sub/mine.py", "./sub/mine.py", "{}"])
def test_a_class_is_named_by_its_file(spec: str, workdir: Path) -> None:
    (workdir / "sub").mkdir()
    file = workdir / "sub" / "mine.py"
    file.write_text(MINE)
    assert registry.load("strategies", spec.format(file)).__name__ == "Mine"


def test_a_file_imports_its_siblings_by_their_plain_names(workdir: Path) -> None:
    (workdir / "sub").mkdir()
    (workdir / "sub" / "third_sibling.py").write_text("WORD = 'found'\n")
    (workdir / "sub" / "mine.py").write_text(
        MINE.replace("    pass", "    word = third_sibling.WORD").replace(
            "import backtrader as bt", "import backtrader as bt\nimport third_sibling"
        )
    )
    try:
        assert registry.load("strategies", "sub/mine.py").word == "found"
    finally:
        sys.modules.pop("third_sibling", None)


def test_a_class_that_a_file_only_imports_is_not_its_own(workdir: Path) -> None:
    (workdir / "mine.py").write_text(
        MINE + "\n\nfrom atms.strategies.buy_and_hold import BuyAndHold\n"
    )
    assert registry.load("strategies", "mine.py").__name__ == "Mine"


def test_two_files_of_one_name_are_two_modules(workdir: Path) -> None:
    for folder in ("a", "b"):
        (workdir / folder).mkdir()
        (workdir / folder / "mine.py").write_text(MINE.replace("pass", f"place = {folder!r}"))
    places = [registry.load("strategies", f"{folder}/mine.py").place for folder in ("a", "b")]
    assert places == ["a", "b"]


def test_a_file_that_has_changed_is_read_anew(workdir: Path) -> None:
    # A notebook keeps its process while the user edits the strategy beside it.
    (workdir / "mine.py").write_text(MINE.replace("pass", "word = 'old'"))
    assert registry.load("strategies", "mine.py").word == "old"
    (workdir / "mine.py").write_text(MINE.replace("pass", "word = 'renewed'"))
    assert registry.load("strategies", "mine.py").word == "renewed"


@pytest.mark.parametrize(
    ("kind", "spec", "words"),
    [
        ("strategies", "ma_crss", "strategies: there is no 'ma_crss'; did you mean 'ma_cross'?"),
        ("strategies", "zzz", "there are: breakout, buy_and_hold, grid"),
        ("strategies", "atms.strategies.ma_cross:MovingAverageCros", "'MovingAverageCross'?"),
        ("strategies", "nowhere_at_all:Mine", "nowhere_at_all: there is no such module"),
        ("strategies", "atms.nowhere:Mine", "atms.nowhere: there is no such module"),
        ("strategies", "nowhere.py:Mine", "nowhere.py: no such file"),
        ("strategies", "mine.py:Min", "did you mean 'Mine'?"),
        ("strategies", "backtrader.sizers:PercentSizer", "is no backtrader"),
        ("strategies", "json:dumps", "is no backtrader"),
        ("sizers", "atms.strategies.ma_cross:MovingAverageCross", "is no backtrader"),
        ("analyzers", "backtrader.sizers:PercentSizer", "is no backtrader"),
        ("indicators", "backtrader.analyzers:SharpeRatio", "is no backtrader"),
        ("feeds", "mine.py:Mine", "is no backtrader"),
        ("sizers", "zzz", "sizers: there is no 'zzz'"),
    ],
)
def test_what_is_not_there_or_of_the_wrong_kind_is_refused(
    kind: str, spec: str, words: str, workdir: Path
) -> None:
    (workdir / "mine.py").write_text(MINE)
    with pytest.raises(UnknownName) as caught:
        registry.load(kind, spec)
    assert words in str(caught.value)
    assert isinstance(caught.value, ConfigError)


def test_a_module_that_misses_another_is_not_called_missing_itself(workdir: Path) -> None:
    (workdir / "third_needs.py").write_text("import nowhere_at_all\n")
    with pytest.raises(StrategyError, match="No module named 'nowhere_at_all'"):
        registry.load("strategies", "third_needs:Mine")


# ---- the command that installs an extra ----------------------------------------------------------
@pytest.mark.parametrize(
    ("recorded", "command"),
    [
        # pip leaves direct_url.json where it installed from a folder or a URL; PEP 610.
        (
            '{"url": "file:///home/me/atms", "dir_info": {"editable": true}}',
            "pip install '.[ccxt]'",
        ),
        ('{"url": "file:///home/me/atms", "dir_info": {}}', "pip install '.[ccxt]'"),
        (None, "pip install 'atms[ccxt]'"),
        (
            '{"url": "https://example.org/atms.git", "vcs_info": {"vcs": "git"}}',
            "pip install 'atms[ccxt]'",
        ),
    ],
    ids=["editable", "folder", "index", "git"],
)
def test_the_command_for_an_extra_fits_how_atms_was_installed(
    recorded: str | None, command: str, install
) -> None:
    install("atms", **({"direct_url__json": recorded} if recorded else {}))
    assert install_hint("ccxt") == command


def test_in_a_checkout_the_leftovers_of_building_do_not_hide_how_it_was_installed(
    install, monkeypatch
) -> None:
    # An editable install leaves atms.egg-info in the checkout, and `python -m atms` looks there
    # first. It says nothing of where atms came from.
    site = install(
        "atms", direct_url__json='{"url": "file:///home/me/atms", "dir_info": {"editable": true}}'
    )
    checkout = site.parent / "checkout"
    (checkout / "atms.egg-info").mkdir(parents=True)
    (checkout / "setup.cfg").touch()
    (checkout / "atms.egg-info" / "PKG-INFO").write_text(
        "Metadata-Version: 2.1\nName: atms\nVersion: 1.0\n"
    )
    monkeypatch.syspath_prepend(checkout)
    assert install_hint("ccxt") == "pip install '.[ccxt]'"
