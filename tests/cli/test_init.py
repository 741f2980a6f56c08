"""``atms init``: what it writes runs as printed, and it never harms what is there."""

from __future__ import annotations

import json
import os
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from atms.errors import ConfigError
from atms.project import making

FILES = {
    "README.md", "config.yaml", "strategies/channel.py", "strategies/__init__.py",
    "tests/test_channel.py", "pytest.ini", ".gitignore",
}  # fmt: skip


def files_in(folder: Path) -> set[str]:
    """Return the files below *folder*, relative to it."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def printed_commands(out: str) -> list[str]:
    """Return the commands that init printed, as a person would copy them."""
    after = out.partition("next:\n")[2].splitlines()
    return [line.strip() for line in after if line.startswith("  ")]


def shell(commands: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run *commands* one after the other in a shell that finds our python first."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-e", "-c", "\n".join(commands)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder that we may not write to; under root we are someone else for the test."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            if root:
                os.seteuid(0)
            Path(name).chmod(0o755)


# ---- what it writes works ------------------------------------------------------------------------
@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A project in a folder with a space in its name, after all its printed commands."""
    above = tmp_path_factory.mktemp("desk")
    init = shell(["python -m atms init 'my project'"], above)
    assert init.returncode == 0, init.stderr
    done = shell(printed_commands(init.stdout), above)
    return above / "my project", (init, done)


def test_the_printed_commands_work_where_the_name_has_a_space(made) -> None:
    init, done = made[1]
    assert done.returncode == 0, done.stdout + done.stderr
    assert printed_commands(init.stdout) == [
        "cd 'my project'",
        "python -m atms backtest -c config.yaml",
        "python -m pytest",
        "python -m atms config validate -c config.yaml",
    ]
    assert "Channel on spy" in done.stdout
    assert "6 passed" in done.stdout
    assert "valid: Channel, 1 feed(s)" in done.stdout


def test_the_example_trades_on_the_bundled_bars(made) -> None:
    project, _ = made
    (folder,) = (project / "runs").iterdir()
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["trades"] > 20  # else there is nothing to look at
    assert metrics["start"].startswith("2010-01-04")  # the first session in the time range


def test_the_tests_pass_without_the_current_folder_on_the_path(made) -> None:
    # `pytest` alone does not put it there, as `python -m pytest` does.
    done = shell(["pytest -q"], made[0])
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")
def test_git_sees_the_project_and_nothing_that_a_run_leaves(made) -> None:
    project, _ = made
    (project / ".env").write_text("EXCHANGE_API_SECRET=x\n")
    seen = shell(["git init -q .", "git ls-files --others --exclude-standard"], project)
    assert set(seen.stdout.split()) == FILES


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ("close > self.top[0]", "close > self.bottom[0]"),
        ("self.data.low(-1)", "self.data.low(0)"),
        (" or close < floor", ""),
    ],
)
def test_the_test_that_comes_with_it_notices_a_broken_rule(rule: str, broken: str) -> None:
    project = Path("project")
    making.make(project)
    strategy = project / "strategies/channel.py"
    text = strategy.read_text()
    assert text.count(rule) == 1
    strategy.write_text(text.replace(rule, broken))
    done = shell(["python -m pytest -q -x"], project)
    assert done.returncode == 1, done.stdout
    assert "1 failed" in done.stdout


def test_the_written_python_is_linted_and_formatted() -> None:
    making.make(Path("project"))
    options = "--isolated --line-length 100"
    rules = "E,F,W,I,B,UP,SIM,PT,D300,D403"
    done = shell(
        [f"ruff check {options} --select {rules} .", f"ruff format {options} --check ."],
        Path("project"),
    )
    assert done.returncode == 0, done.stdout


def test_every_parameter_is_described_with_its_unit(cli) -> None:
    making.make(Path("project"))
    code, out, _ = cli("strategies", "show", "project/strategies/channel.py", "--json")
    shown = json.loads(out)
    assert code == 0
    for name in shown["params"]:
        (line,) = [
            line for line in shown["text"].splitlines() if line.strip().startswith(f"{name}:")
        ]
        assert "in bars" in line or "a fraction" in line


def test_every_template_is_written() -> None:
    templates = {path.name for path in Path(making.__file__).parent.glob("*.txt")}
    assert templates == set(making._FILES.values())


# ---- the strategy's name -------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["my_idea", "MyIdea"])
def test_a_name_of_ones_own_stands_everywhere(name: str, cli) -> None:
    code, _, err = cli("init", "project", "--strategy", name)
    assert code == 0, err
    assert "class MyIdea(bt.Strategy):" in Path("project/strategies/my_idea.py").read_text()
    written = "".join(path.read_text() for path in Path("project").rglob("*") if path.is_file())
    assert "reakout(" not in written
    assert "$" not in written.replace("$schema=", "")
    loaded = cli("config", "validate", "-c", "project/config.yaml")[1]
    assert loaded == "valid: MyIdea, 1 feed(s)\n"
    assert "from strategies.my_idea import MyIdea" in written


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("my idea", "write letters, digits and _: my_idea"),
        ("2fast", "begin with a letter"),
        ("../x", "begin with a letter"),
        ("größe", "write letters, digits"),
        ("", "my_idea"),
        ("class", "my_class"),
        ("pandas", "my_pandas"),
        ("json", "my_json"),
        ("ma_cross", "strategies show ma_cross"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_with_one_that_can(name, said, cli) -> None:
    code, _, err = cli("init", "project", "--strategy", name)
    assert code == 2
    assert said in err
    assert not Path("project").exists()


# ---- what is there is left alone -----------------------------------------------------------------
def test_a_file_of_the_same_name_is_named_and_nothing_is_written(cli) -> None:
    Path("project").mkdir()
    Path("project/config.yaml").write_text("mine\n")
    Path("project/README.md").symlink_to("nowhere")  # there, though it leads to nothing
    code, _, err = cli("init", "project")
    assert code == 2
    assert "has README.md, config.yaml already" in err
    assert "another folder" in err
    assert Path("project/config.yaml").read_text() == "mine\n"
    assert sorted(path.name for path in Path("project").iterdir()) == ["README.md", "config.yaml"]


def test_a_second_time_changes_nothing(cli) -> None:
    assert cli("init", "project")[0] == 0
    Path("project/strategies/channel.py").write_text("mine\n")
    assert cli("init", "project")[0] == 2
    assert Path("project/strategies/channel.py").read_text() == "mine\n"
    assert files_in(Path("project")) == FILES


def test_other_files_in_the_folder_are_no_hindrance(cli) -> None:
    Path("project/strategies").mkdir(parents=True)
    Path("project/strategies/mine.py").write_text("mine\n")
    code, _, err = cli("init", "project")
    assert code == 0, err
    assert files_in(Path("project")) == FILES | {"strategies/mine.py"}


def test_a_file_where_a_folder_must_be_is_named(cli) -> None:
    Path("project").mkdir()
    Path("project/tests").write_text("")
    code, _, err = cli("init", "project")
    assert code == 2
    assert "has tests already" in err
    assert files_in(Path("project")) == {"tests"}


@pytest.mark.parametrize("target", ["notes.txt", "notes.txt/project", "link"])
def test_a_path_that_is_a_file_is_refused(target: str, cli) -> None:
    Path("notes.txt").write_text("mine\n")
    Path("link").symlink_to("nowhere")
    code, _, err = cli("init", target)
    assert code == 2
    assert f"{target.partition('/')[0]}: is no folder" in err
    assert Path("notes.txt").read_text() == "mine\n"


def test_a_folder_that_cannot_be_written_is_an_error_in_one_line(unprivileged: Path, cli) -> None:
    for target in (unprivileged, unprivileged / "project"):
        code, _, err = cli("init", str(target))
        assert code == 1
        assert err.startswith("error: ")
        assert "cannot be written: Permission denied; nothing is left" in err
        assert err.count("\n") == 1
    assert not list(unprivileged.iterdir())


def test_a_file_that_another_program_makes_meanwhile_is_left_alone(cli, monkeypatch) -> None:
    def faster(folder: Path, files: list[Path]) -> None:
        Path("project").mkdir()
        Path("project/pytest.ini").write_text("theirs\n")

    monkeypatch.setattr(making, "_refuse_what_is_there", faster)
    code, _, err = cli("init", "project")
    assert code == 1
    assert "pytest.ini: cannot be written: File exists" in err
    assert files_in(Path("project")) == {"pytest.ini"}
    assert Path("project/pytest.ini").read_text() == "theirs\n"


def test_where_the_disk_is_full_nothing_is_left(cli) -> None:
    Path("project/strategies").mkdir(parents=True)
    Path("project/strategies/mine.py").write_text("mine\n")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Room for the first files, and not for the strategy, the longest.
    resource.setrlimit(resource.RLIMIT_FSIZE, (2200, before[1]))
    try:
        code, _, err = cli("init", "project")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code == 1
    assert "channel.py: cannot be written: File too large" in err
    assert files_in(Path("project")) == {"strategies/mine.py"}
    assert not Path("project/tests").exists()


def test_ctrl_c_leaves_nothing(cli, monkeypatch) -> None:
    real = Path.open

    def interrupted(path: Path, *args: Any, **more: Any) -> Any:
        if path.name == "pytest.ini":
            raise KeyboardInterrupt
        return real(path, *args, **more)

    monkeypatch.setattr(Path, "open", interrupted)
    code, _, err = cli("init", "deep/project")
    assert code == 130
    assert "interrupted; nothing was written" in err
    assert not Path("deep").exists()


def test_the_library_says_what_is_wrong_too(tmp_path: Path) -> None:
    making.make(tmp_path)
    with pytest.raises(ConfigError, match="nothing is overwritten"):
        making.make(tmp_path)


# ---- what it prints ------------------------------------------------------------------------------
def test_without_a_folder_it_is_the_current_one(cli) -> None:
    code, out, _ = cli("init")
    assert code == 0
    assert files_in(Path()) == FILES
    assert not any(command.startswith("cd ") for command in printed_commands(out))


def test_the_command_into_the_folder_is_one_word_to_a_shell(cli) -> None:
    for name in ("it's $HOME", "-rf", "a" * 90):
        code, out, err = cli("init", "--", name)
        assert code == 0, err
        change = printed_commands(out)[0]
        assert shell([change, "test -f config.yaml"], Path()).returncode == 0
        assert len(shlex.split(change)) == 2


def test_with_json_standard_output_is_json_alone(cli) -> None:
    code, out, err = cli("init", "project", "--json")
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert set(told["files"]) == FILES
    assert told["folder"] == str(Path("project").resolve())
    assert told["next"][0] == "cd project"


def test_in_a_pipe_there_is_no_colour_and_no_line_is_broken(cli, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    _, out, _ = cli("init", "project")
    assert "\x1b" not in out
    assert "  python -m atms config validate -c config.yaml\n" in out


def test_help_shows_examples_and_an_unknown_flag_is_usage(cli) -> None:
    code, out, _ = cli("init", "-h")
    assert code == 0
    assert "python -m atms init my-project" in out
    code, _, err = cli("init", "--force")
    assert code == 2
    assert "No such option" in err
