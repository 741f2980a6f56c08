"""``atms stores list|show``: which exchanges are known, and which of them were tried."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from atms.cli import options
from atms.cli.guard import guarded
from atms.cli.screen import out, print_json
from atms.stores.ccxt.claims import Claims, claims_of, exchanges
from atms.stores.ccxt.profiles import PROFILES

stores = typer.Typer(no_args_is_help=True, help="The exchanges that a store can be of.")
NOT_EXERCISED = "not exercised"


@stores.command("list")
@guarded
def list_(json_: options.Json = False) -> None:
    """List the exchanges that were tried on a sandbox, and those that ccxt alone knows."""
    others = sorted(set(exchanges()) - set(PROFILES))
    if json_:
        rows = [{"name": name, "exercised": True} for name in sorted(PROFILES)]
        print_json([*rows, *({"name": name, "exercised": False} for name in others)])
        return
    page = out()
    page.print(Text("tried on a sandbox: ", "bold").append(", ".join(sorted(PROFILES)), "not bold"))
    page.print(
        Text(f"{NOT_EXERCISED}, bars for paper and downloads alone: ", "bold").append(
            ", ".join(others), "not bold"
        )
    )


@stores.command("show")
@guarded
def show(
    name: Annotated[str, typer.Argument(help="ccxt's id of an exchange: gate.")],
    json_: options.Json = False,
) -> None:
    """Show what ccxt says that an exchange can, and whether it was ever tried here."""
    claims = claims_of(name)
    if json_:
        print_json(plain(claims))
    else:
        show_claims(claims)


def plain(claims: Claims) -> dict[str, Any]:
    """Return what ccxt says as plain values."""
    return {
        "exchange": claims.exchange,
        "name": claims.name,
        "exercised": claims.exchange in PROFILES,
        "abilities": dict(claims.abilities),
        "markets": list(claims.markets),
        "timeframes": list(claims.timeframes),
        "secrets": list(claims.secrets),
        "testnet": claims.testnet,
    }


def show_claims(claims: Claims) -> None:
    """Print what ccxt says as a table."""
    page = out()
    tried = claims.exchange in PROFILES
    words = "tried on a sandbox: docs/venues.md" if tried else f"{NOT_EXERCISED}: ccxt's word alone"
    page.print(f"[bold]{claims.exchange}[/]  ({claims.name}; {words})")
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for what, said in claims.abilities.items():
        table.add_row(what, said)
    table.add_row("markets", ", ".join(claims.markets) or "none told")
    table.add_row("timeframes", " ".join(claims.timeframes) or "none")
    table.add_row("a key is", ", ".join(claims.secrets) or "not needed")
    table.add_row("test network", "yes" if claims.testnet else "no")
    page.print(table)
    if not tried:
        page.print(
            "Here: its instruments and bars, for paper and data download. No order goes there.",
            soft_wrap=True,
        )
