"""Secrets are named, never written, and never printed: nowhere, whatever is asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from atms.config import load_config
from atms.errors import ConfigError

BASE = """\
data:
  feeds:
    - {source: bars.csv, symbol: X, venue: main}
strategy: {name: ma_cross, params: {fast: 3, slow: 8}}
report: {picture: false}
"""
STORE = """\
stores:
  main:
    venue: kraken
    key: ${KRAKEN_KEY}
    secret: file:secret.txt
    passphrase: ${FROM_ENV_FILE}
"""
KEY, SECRET, PASSPHRASE, PASSWORD = "k3y-Zq81", "s3cret-Wv52", "phr4se-Tn37", "passw0rd-Lm64"
SECRETS = (KEY, SECRET, PASSPHRASE, PASSWORD)


@pytest.fixture
def secretive(workdir: Path, frame, monkeypatch) -> Path:
    """A folder whose config names a secret in each way that there is."""
    frame(60).to_csv(workdir / "bars.csv")
    (workdir / "c.yaml").write_text(BASE + STORE)
    (workdir / "secret.txt").write_text(SECRET + "\n")
    (workdir / ".env").write_text(f"FROM_ENV_FILE={PASSPHRASE}\n")
    monkeypatch.setenv("KRAKEN_KEY", KEY)
    return workdir


def assert_silent(*texts: str) -> None:
    for text in texts:
        for secret in SECRETS:
            assert secret not in text


def assert_folder_silent(folder: Path) -> None:
    """Search every byte of every file below *folder* but those that hold the secrets."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    assert found
    for path in found:
        if path.parent == folder and path.name in ("secret.txt", ".env", "url.yaml"):
            continue
        content = path.read_bytes()
        for secret in SECRETS:
            assert secret.encode() not in content, path


def test_secrets_come_from_the_environment_a_file_and_the_env_file(secretive) -> None:
    store = load_config("c.yaml").config.stores["main"]
    assert store.key is not None
    assert store.secret is not None
    assert store.passphrase is not None
    assert store.key.reveal() == KEY
    assert store.secret.reveal() == SECRET
    assert store.passphrase.reveal() == PASSPHRASE


VERBS = [
    ("config", "show"),
    ("config", "show", "--json"),
    ("config", "explain"),
    ("config", "explain", "--json"),
    ("config", "validate"),
    ("config", "validate", "--json"),
    ("backtest",),
    ("backtest", "--json"),
]


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_no_verb_prints_a_secret(verb: tuple[str, ...], secretive, cli) -> None:
    code, out, err = cli(*verb, "-c", "c.yaml")
    assert code == 0, err
    assert out
    assert_silent(out, err)


def test_no_file_of_a_run_nor_the_ledger_holds_a_secret(secretive, cli) -> None:
    code, _, err = cli("backtest", "-c", "c.yaml")
    assert code == 0, err
    (folder,) = (secretive / "runs").iterdir()
    assert "${KRAKEN_KEY}" in (folder / "manifest.json").read_text()
    assert (secretive / "atms.db").exists()
    assert_folder_silent(secretive)
    for verb in (("runs", "list"), ("runs", "show", "last"), ("trades",)):
        for form in ((), ("--json",)):
            code, out, err = cli(*verb, *form)
            assert code == 0, err
            assert_silent(out, err)


def test_explain_shows_the_reference_and_a_fingerprint(secretive, cli) -> None:
    _, out, _ = cli("config", "explain", "-c", "c.yaml", "--json")
    shown = {row["key"]: row["value"] for row in json.loads(out)}

    def fingerprint(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()[:8]

    assert shown["stores.main.key"] == f"${{KRAKEN_KEY}} (sha256:{fingerprint(KEY)})"
    assert shown["stores.main.secret"] == f"file:secret.txt (sha256:{fingerprint(SECRET)})"


def test_explain_says_of_a_secret_that_it_is_not_set(secretive, cli, monkeypatch) -> None:
    monkeypatch.delenv("KRAKEN_KEY")
    (secretive / "secret.txt").unlink()
    _, out, _ = cli("config", "explain", "-c", "c.yaml", "--json")
    shown = {row["key"]: row["value"] for row in json.loads(out)}
    assert shown["stores.main.key"] == "${KRAKEN_KEY} (not set)"
    assert shown["stores.main.secret"] == "file:secret.txt (not set)"


@pytest.mark.parametrize("reference", ["${NOWHERE}", "file:nowhere.txt", "file:empty.txt"])
def test_a_secret_that_is_not_set_is_an_error_when_it_is_needed(reference: str, workdir) -> None:
    (workdir / "empty.txt").write_text("\n")
    (workdir / "c.yaml").write_text(
        BASE + f"stores: {{main: {{venue: kraken, key: '{reference}'}}}}\n"
    )
    key = load_config("c.yaml", environment={}).config.stores["main"].key
    assert key is not None
    with pytest.raises(ConfigError) as caught:
        key.reveal()
    assert str(caught.value) == f"the secret {reference} is not set"


def test_printing_a_config_prints_no_secret(secretive) -> None:
    loaded = load_config("c.yaml")
    assert_silent(repr(loaded), str(loaded.config), repr(loaded.config.model_dump()))
    assert_silent(loaded.config.model_dump_json())
    assert "${KRAKEN_KEY}" in repr(loaded.config)


@pytest.mark.parametrize(
    "stores",
    [
        f"{{main: {{venue: kraken, key: {KEY}}}}}",
        f"{{main: {{venue: kraken, key: 'x${{KRAKEN_KEY}}{KEY}'}}}}",
        f"{{main: {{venue: kraken, key: [{KEY}]}}}}",
        f"{{main: {{venue: kraken, kay: {KEY}}}}}",
        f"{{main: {KEY}}}",
        f"{{main: [{KEY}]}}",
        KEY,
        f"[{KEY}]",
    ],
)
def test_a_secret_that_is_written_in_the_config_is_refused_and_not_repeated(
    stores: str, workdir, cli
) -> None:
    (workdir / "c.yaml").write_text(BASE + f"stores: {stores}\n")
    code, out, err = cli("config", "explain", "-c", "c.yaml")
    assert code == 2
    assert "c.yaml:6: stores" in err
    assert_silent(out, err)


def test_a_written_secret_is_told_how_it_should_be_named(workdir, cli) -> None:
    (workdir / "c.yaml").write_text(BASE + f"stores: {{main: {{venue: kraken, key: {KEY}}}}}\n")
    _, _, err = cli("config", "validate", "-c", "c.yaml")
    assert "c.yaml:6: stores.main.key:" in err
    assert "${ENV_NAME} or file:PATH" in err


# What YAML cannot read, because a secret may begin with anything.
AWKWARD = [f"@{KEY}", f"[{KEY}", f'"{KEY}', f"*{KEY}", f"%{KEY}", f"{KEY}: {KEY}: x"]


@pytest.mark.parametrize("value", [KEY, *AWKWARD])
@pytest.mark.parametrize("where", ["environment", ".env", "--set"])
def test_a_secret_given_where_its_name_belongs_is_not_repeated(
    where: str, value: str, workdir, cli, monkeypatch
) -> None:
    (workdir / "c.yaml").write_text(BASE + "stores: {main: {venue: kraken}}\n")
    options = []
    if where == "environment":
        monkeypatch.setenv("ATMS__STORES__MAIN__KEY", value)
    elif where == ".env":
        (workdir / ".env").write_text(f"ATMS__STORES__MAIN__KEY='{value}'\n")
    else:
        options = ["--set", f"stores.main.key={value}"]
    code, out, err = cli("config", "explain", "-c", "c.yaml", *options)
    assert code == 2
    assert_silent(out, err)


@pytest.mark.parametrize("value", [*AWKWARD, f"!{KEY} x"])
def test_a_secret_that_yaml_cannot_read_is_not_repeated_from_a_file(
    value: str, workdir, cli
) -> None:
    (workdir / "c.yaml").write_text(BASE + f"stores:\n  main:\n    key: {value}\n")
    code, out, err = cli("config", "explain", "-c", "c.yaml")
    assert code == 2
    assert "c.yaml:" in err
    assert_silent(out, err)


# ---- the ledger's password -----------------------------------------------------------------------
URLS = [
    f"postgresql://me:{PASSWORD}@db.example/atms",
    f"postgresql+psycopg://me:{PASSWORD}@db.example:5432/atms?sslmode=require",
    f"postgresql://db.example/atms?user=me&password={PASSWORD}",
    f"postgresql//me:{PASSWORD}@db.example/atms",  # a slip: no database URL
]
WAYS: dict[str, Callable[[str, pytest.MonkeyPatch], list[str]]] = {}


def way(function: Callable[[str, pytest.MonkeyPatch], list[str]]) -> None:
    WAYS[function.__name__] = function


@way
def file(url: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    Path("url.yaml").write_text(f"ledger: {{url: '{url}'}}\n")
    return ["-c", "url.yaml"]


@way
def reference(url: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("LEDGER_URL", url)
    Path("url.yaml").write_text("ledger: {url: '${LEDGER_URL}'}\n")
    return ["-c", "url.yaml"]


@way
def common(url: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("DATABASE_URL", url)
    return []


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("given", WAYS)
@pytest.mark.parametrize("verb", [("config", "show"), ("config", "explain", "--json")])
def test_the_password_of_the_ledger_is_not_shown(
    verb: tuple[str, ...], given: str, url: str, secretive, cli, monkeypatch
) -> None:
    options = WAYS[given](url, monkeypatch)
    code, out, err = cli(*verb, "-c", "c.yaml", *options)
    assert code in (0, 2), err  # what is no URL may be refused here
    assert_silent(out, err)


@pytest.mark.parametrize("url", URLS)
def test_the_password_of_the_ledger_is_in_no_file_and_no_error_of_a_run(
    url: str, secretive, cli, monkeypatch
) -> None:
    options = WAYS["reference"](url, monkeypatch)
    code, out, err = cli("backtest", "-c", "c.yaml", *options)
    assert code in (2, 4)
    assert "bug in atms" not in err
    assert_silent(out, err)
    assert_folder_silent(secretive)


@pytest.mark.parametrize("url", URLS[:3])
def test_the_password_of_the_ledger_is_not_in_a_printed_config(url: str, secretive) -> None:
    config = load_config("c.yaml", {"ledger": {"url": url}}).config
    assert_silent(repr(config), str(config.ledger))


def test_a_ledger_given_by_reference_is_shown_by_reference(secretive, cli, monkeypatch) -> None:
    # Else what `config show` prints would be no config: its password would be three stars.
    options = WAYS["reference"](URLS[0], monkeypatch)
    code, out, _ = cli("config", "show", "-c", "c.yaml", *options)
    assert code == 0
    Path("shown.yaml").write_text(out)
    assert load_config("shown.yaml").config.ledger.url == URLS[0]


def test_a_reference_without_its_variable_is_told_with_all_the_rest(workdir, cli) -> None:
    (workdir / "c.yaml").write_text(BASE + "ledger:\n  url: ${NOWHERE}\nbroker:\n  csh: 1\n")
    code, _, err = cli("config", "validate", "-c", "c.yaml")
    assert code == 2
    assert "c.yaml:7: ledger.url: " in err
    assert "${NOWHERE} is not set" in err
    assert "c.yaml:9: broker.csh: unknown key" in err
