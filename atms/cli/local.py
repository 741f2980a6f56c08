"""``atms db local start|stop|status``: a PostgreSQL server of one's own."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from atms import localdb
from atms.cli import options
from atms.cli.guard import guarded
from atms.cli.screen import out, print_json, say
from atms.localdb import LocalServer

NOT_RUNNING = 1

local = typer.Typer(
    no_args_is_help=True,
    help="A PostgreSQL server of your own, on 127.0.0.1. Its URL is printed with the password, "
    "which guards this server and nothing else.",
)

Folder = Annotated[
    Path | None,
    typer.Option(
        "--dir",
        metavar="DIR",
        help="The server's folder, with all its data. Default: ~/.local/share/atms/postgres, "
        "for root /var/lib/atms/postgres.",
    ),
]


@local.command("start")
@guarded
def start(
    folder: Folder = None,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="On 127.0.0.1. Default: the one it had last, or a free one."
        ),
    ] = None,
    json_: options.Json = False,
) -> None:
    """Start the server, which is made on first use, and print its URL, password included.

    It runs on until it is stopped; the data stay in the folder. One that runs already is no error.
    """
    server = localdb.start(folder or localdb.default_folder(), port=port)
    if server.moved_from is not None:
        say(
            f"warning: port {server.moved_from}, which it had last, is taken: it is on "
            f"{server.port} now",
            "yellow",
        )
    if json_:
        print_json(_described(server))
        return
    _print_url(server)
    say(f"use it:   DATABASE_URL='{server.url}'")
    say("          and in the config: ledger.url: ${DATABASE_URL}")
    say(f"stop it:  python -m atms db local stop{_dir_option(folder)}")


@local.command("stop")
@guarded
def stop(folder: Folder = None, json_: options.Json = False) -> None:
    """Stop the server; its data stay. One that is not running is no error."""
    place = folder or localdb.default_folder()
    stopped = localdb.stop(place)
    if json_:
        print_json({"stopped": stopped, "folder": str(place)})
    else:
        say(f"{place}: {'stopped' if stopped else 'was not running'}")


@local.command("status")
@guarded
def status(folder: Folder = None, json_: options.Json = False) -> None:
    """Print the URL of a running server, password included. Exit code 1 if it is not running."""
    place = folder or localdb.default_folder()
    server = localdb.status(place)
    if json_:
        print_json(_described(server) if server else {"running": False, "folder": str(place)})
    elif server:
        _print_url(server)
        say(f"{server.folder}: running as process {server.pid}, on port {server.port}")
    else:
        say(
            f"{place}: not running; start it with: python -m atms db local start"
            f"{_dir_option(folder)}"
        )
    if server is None:
        raise typer.Exit(NOT_RUNNING)


def _described(server: LocalServer) -> dict[str, Any]:
    return {
        "running": True,
        "folder": str(server.folder),
        "port": server.port,
        "pid": server.pid,
        "url": server.url,
    }


def _print_url(server: LocalServer) -> None:
    out().print(server.url, markup=False, soft_wrap=True)


def _dir_option(folder: Path | None) -> str:
    return f" --dir {shlex.quote(str(folder))}" if folder else ""
