"""Endpoints beside the spot API that a client of the venue asks for (sapi, fapi, dapi)."""

from __future__ import annotations

from typing import Any

from atms.sandbox.binance.endpoints import Request

Json = dict[str, Any]


def restrictions(request: Request) -> Json:
    """GET /sapi/v1/account/apiRestrictions."""
    request.params.done()
    assert request.key is not None
    return {
        "ipRestrict": False,
        "createTime": request.key.created,
        "enableReading": True,
        "enableWithdrawals": request.key.may_withdraw,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "enableFutures": False,
        "permitsUniversalTransfer": False,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": True,
        "enableSpotAndMarginTrading": True,
        "enablePortfolioMarginTrading": False,
    }


def coins(request: Request) -> list[Json]:
    """GET /sapi/v1/capital/config/getall."""
    request.params.done()
    return [
        {
            "coin": asset,
            "depositAllEnable": True,
            "withdrawAllEnable": True,
            "name": asset,
            "free": f"{free:f}",
            "locked": f"{request.venue.desk.wallet.locked[asset]:f}",
            "freeze": "0",
            "withdrawing": "0",
            "ipoing": "0",
            "ipoable": "0",
            "storage": "0",
            "isLegalMoney": False,
            "trading": True,
            "networkList": [],
        }
        for asset, free in request.venue.desk.wallet.free.items()
    ]


def system_status(request: Request) -> Json:
    """GET /sapi/v1/system/status."""
    return {"status": 0, "msg": "normal"}


def no_pairs(request: Request) -> list[Json]:
    """GET /sapi/v1/margin/allPairs and its like: the account has none."""
    return []


def no_contracts(request: Request) -> Json:
    """GET /fapi/v1/exchangeInfo and /dapi/v1/exchangeInfo: there are none."""
    return {
        "timezone": "UTC",
        "serverTime": request.venue.clock.now(),
        "rateLimits": [],
        "exchangeFilters": [],
        "assets": [],
        "symbols": [],
    }
