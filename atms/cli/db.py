"""``atms db``: the ledger's database."""

from __future__ import annotations

from typing import Annotated

import typer

from atms import ledger
from atms.cli import options
from atms.cli.guard import fail, guarded
from atms.cli.local import local
from atms.cli.screen import out, print_json, say
from atms.config import mask_url
from atms.errors import LedgerError
from atms.ledger.summary import row_counts
from atms.seeding import seed as seed_ledger

db = typer.Typer(
    no_args_is_help=True,
    help="The ledger's database: SQLite, or PostgreSQL by ledger.url or DATABASE_URL.",
)
db.add_typer(local, name="local")
_NONE = "no tables yet"


@db.command("status")
@guarded
def status(config: options.ConfigFiles = None, json_: options.Json = False) -> None:
    """Show which schema the database has, and what is in it; makes nothing."""
    url = _url(config)
    schema = ledger.schema_status(url)
    up_to_date = schema.found == schema.wanted
    counts = row_counts(url) if up_to_date else {}
    if json_:
        print_json(
            {
                "url": mask_url(url),
                "schema": schema.found,
                "wanted": schema.wanted,
                "up_to_date": up_to_date,
                "rows": counts,
            }
        )
        return
    page = out()
    page.print(f"ledger   {mask_url(url)}", markup=False, soft_wrap=True)
    page.print(f"schema   {schema.found or _NONE} (this atms works with {schema.wanted})")
    for table, count in counts.items():
        page.print(f"{table:<16} {count:>12,}", style="" if count else "dim")
    if schema.found is None:
        say("the tables are made with the first run, or by: python -m atms db create")
    elif schema.newer:
        say("it was made by a newer atms: update atms, or choose another ledger.url", "yellow")
    elif not up_to_date:
        say("bring it up to date: python -m atms db upgrade", "yellow")


@db.command("create")
@guarded
def create(config: options.ConfigFiles = None, json_: options.Json = False) -> None:
    """Make the database, if the server does not have it, and its tables."""
    _changed(_url(config), ledger.create(_url(config)), json_)


@db.command("upgrade")
@guarded
def upgrade(config: options.ConfigFiles = None, json_: options.Json = False) -> None:
    """Bring the schema to the one that this atms works with."""
    _changed(_url(config), ledger.upgrade(_url(config)), json_)


@db.command("downgrade")
@guarded
def downgrade(
    to: Annotated[
        str, typer.Option("--to", metavar="VERSION", help="A schema, or base; default: one back.")
    ] = "-1",
    config: options.ConfigFiles = None,
    json_: options.Json = False,
) -> None:
    """Go back to an earlier schema; what it cannot hold is kept aside for the next upgrade."""
    url = _url(config)
    before = ledger.schema_status(url).found
    after = ledger.downgrade(url, to)
    if json_:
        print_json({"url": mask_url(url), "before": before, "after": after.found})
    else:
        say(f"{mask_url(url)}: schema {before} -> {after.found or _NONE}; no row is lost")


@db.command("check")
@guarded
def check(config: options.ConfigFiles = None, json_: options.Json = False) -> None:
    """Check, for every stored run, that start + fills - fees + flows is the final cash."""
    found = ledger.check_balances(_url(config))
    if json_:
        print_json([vars(imbalance) for imbalance in found])
    for imbalance in found:
        say(
            f"{imbalance.run_id}: {imbalance.account}, {imbalance.currency}: the rows add up to "
            f"{imbalance.expected:,.10g}, and the cash is {imbalance.final:,.10g}",
            "yellow",
        )
    if found:
        fail(f"{len(found)} account(s) do not add up", LedgerError.exit_code)
    if not json_:
        say("every stored run adds up")


@db.command("seed")
@guarded
def seed(config: options.ConfigFiles = None, json_: options.Json = False) -> None:
    """Fill the ledger with sample users, runs and bars, for trying things; twice adds nothing."""
    loaded = options.load(config)
    done = seed_ledger(loaded.config)
    if json_:
        print_json(vars(done))
    else:
        say(f"seeded: {len(done.runs)} run(s), {len(done.users)} user(s), {done.bars:,} bars")


def _url(config: list[str] | None) -> str:
    return options.load(config).config.ledger.url


def _changed(url: str, before: ledger.SchemaStatus, json_: bool) -> None:
    if json_:
        print_json({"url": mask_url(url), "before": before.found, "after": before.wanted})
    elif before.found == before.wanted:
        say(f"{mask_url(url)}: schema {before.wanted}, nothing to do")
    else:
        say(f"{mask_url(url)}: schema {before.found or _NONE} -> {before.wanted}")
