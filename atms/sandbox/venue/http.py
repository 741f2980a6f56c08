"""The one place that needs aiohttp, which comes with ccxt."""

from __future__ import annotations

from atms.errors import MissingExtra
from atms.extras import install_hint

try:
    from aiohttp import WSMsgType, web
except ModuleNotFoundError as error:
    raise MissingExtra(f"the sandbox needs aiohttp: {install_hint('ccxt')}") from error

__all__ = ["WSMsgType", "web"]
