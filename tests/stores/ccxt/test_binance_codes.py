"""Every code of Binance spot's errors.md, and what it means for a write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from atms.stores.ccxt.calls import Said
from atms.stores.ccxt.profiles.binance.codes import REASONS, UNKNOWN, complaint, judge
from atms.stores.outcomes import Reason

R = Reason
# code -> what a write that was answered with it is; None: nobody knows
TABLE: dict[int, Reason | None] = {
    -1000: None, -1001: None, -1002: R.NO_PERMISSION, -1003: R.RATE, -1006: None, -1007: None,
    -1008: None, -1010: R.OTHER, -1013: R.FILTER, -1014: R.OTHER, -1015: R.RATE, -1016: None,
    -1020: R.OTHER, -1021: R.CLOCK, -1022: R.NO_PERMISSION, -1033: R.OTHER, -1034: R.RATE,
    -1035: R.OTHER, -1100: R.OTHER, -1101: R.OTHER, -1102: R.OTHER, -1103: R.OTHER, -1104: R.OTHER,
    -1105: R.OTHER, -1106: R.OTHER, -1108: R.OTHER, -1111: R.FILTER, -1112: R.OTHER,
    -1114: R.OTHER, -1115: R.OTHER, -1116: R.OTHER, -1117: R.OTHER, -1118: R.OTHER, -1119: R.OTHER,
    -1120: R.OTHER, -1121: R.OTHER, -1122: R.OTHER, -1125: R.OTHER, -1127: R.OTHER, -1128: R.OTHER,
    -1130: R.OTHER, -1134: R.OTHER, -1135: R.OTHER, -1139: R.OTHER, -1145: R.OTHER, -1151: R.OTHER,
    -1152: R.OTHER, -1153: R.OTHER, -1155: R.OTHER, -1158: R.OTHER, -1160: R.OTHER, -1161: R.OTHER,
    -1165: R.OTHER, -1166: R.OTHER, -1168: R.OTHER, -1169: R.OTHER, -1170: R.OTHER, -1171: R.OTHER,
    -1172: R.OTHER, -1173: R.OTHER, -1174: R.OTHER, -1175: R.OTHER, -1176: R.OTHER, -1177: R.OTHER,
    -1178: R.OTHER, -1179: R.OTHER, -1180: R.OTHER, -1181: R.RATE, -1182: R.OTHER, -1183: R.OTHER,
    -1184: R.OTHER, -1185: R.OTHER, -1186: R.OTHER, -1187: R.OTHER, -1188: R.OTHER, -1189: R.OTHER,
    -1190: R.OTHER, -1191: R.LIMITS, -1194: R.OTHER, -1196: R.OTHER, -1197: R.OTHER,
    -1198: R.OTHER, -1199: R.OTHER, -1210: R.OTHER, -1211: R.OTHER, -1220: R.CLOSED_MARKET,
    -1221: R.OTHER, -1222: R.OTHER, -1223: R.OTHER, -1224: R.OTHER, -1225: R.OTHER, -2010: R.OTHER,
    -2011: R.NOT_OPEN, -2013: R.NOT_OPEN, -2014: R.NO_PERMISSION, -2015: R.NO_PERMISSION,
    -2016: R.OTHER, -2021: None, -2022: None, -2026: R.NOT_OPEN, -2035: R.OTHER, -2036: R.OTHER,
    -2038: R.OTHER, -2039: R.OTHER, -2042: R.LIMITS,
}  # fmt: skip
# what errors.md does not list, and the venue has been seen to send
UNDOCUMENTED = {-1099: R.NO_PERMISSION, -1131: R.CLOCK, -2008: R.NO_PERMISSION}

MESSAGES = [
    (-2010, "Account has insufficient balance for requested action.", R.FUNDS),
    (-2010, "Duplicate order sent.", R.DUPLICATE_KEY),
    (-2010, "Order would trigger immediately.", R.WOULD_TRIGGER),
    (-2010, "Order would immediately match and take.", R.WOULD_TAKE),
    (-2010, "Market is closed.", R.CLOSED_MARKET),
    (-1013, "Market is closed.", R.CLOSED_MARKET),
    (-2010, "This action is disabled on this account.", R.NO_PERMISSION),
    (-2010, "This account may not place or cancel orders.", R.NO_PERMISSION),
    (-2010, "This symbol is not permitted for this account.", R.NO_PERMISSION),
    (-2010, "This symbol is restricted for this account.", R.NO_PERMISSION),
    (-2010, "Rest API trading is not enabled.", R.NO_PERMISSION),
    (-2010, "Price * QTY is zero or less.", R.FILTER),
    (-2010, "The relationship of the prices for the orders is not correct.", R.OTHER),
    (-2010, "Stop loss orders are not supported for this symbol.", R.OTHER),
    (-2010, "words that nobody has read yet", R.OTHER),
    (-1013, "Filter failure: LOT_SIZE", R.FILTER),
    (-1013, "Filter failure: NOTIONAL", R.FILTER),
    (-1013, "Filter failure: PERCENT_PRICE_BY_SIDE", R.FILTER),
    (-1013, "Filter failure: MAX_NUM_ORDERS", R.LIMITS),
    (-1013, "Filter failure: MAX_NUM_ALGO_ORDERS", R.LIMITS),
    (-1013, "Filter failure: MAX_POSITION", R.LIMITS),
    (-1013, "Filter failure: EXCHANGE_MAX_NUM_ORDERS", R.LIMITS),
    (-2011, "Unknown order sent.", R.NOT_OPEN),
    (-2011, "Order was not canceled due to cancel restrictions.", R.NOT_OPEN),
    (-2011, "This account may not place or cancel orders.", R.NO_PERMISSION),
]


def said(status: int, code: int | None, text: str = "words") -> Said:
    parsed = {"code": code, "msg": text} if code is not None else None
    found = complaint(status, {}, "<html>words</html>", parsed)
    assert found is not None
    return found


@pytest.mark.parametrize(("code", "reason"), [*TABLE.items(), *UNDOCUMENTED.items()])
def test_a_code_of_the_venue_has_its_reason(code: int, reason: Reason | None) -> None:
    assert judge(said(400, code)) is reason


def test_the_table_has_no_code_that_this_test_does_not_know() -> None:
    known = {str(code) for code in (*TABLE, *UNDOCUMENTED)}
    assert set(REASONS) | UNKNOWN == known
    assert not set(REASONS) & UNKNOWN


@pytest.mark.parametrize(("code", "text", "reason"), MESSAGES)
def test_a_message_says_more_than_its_code(code: int, text: str, reason: Reason) -> None:
    assert judge(said(400, code, text)) is reason


@pytest.mark.parametrize("code", [-1, -1999, -3000, -4116, -9999])
def test_what_became_of_a_write_with_an_unknown_code_is_not_known(code: int) -> None:
    assert judge(said(400, code)) is None


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("code", [None, -1000, -2010, -1013, -1003])
def test_nothing_is_known_after_a_servers_failure_whatever_it_says(
    status: int, code: int | None
) -> None:
    assert judge(said(status, code)) is None


def test_a_page_of_somebody_in_between_tells_nothing_of_a_write() -> None:
    assert judge(said(404, None)) is None
    assert judge(said(400, None)) is None


@pytest.mark.parametrize("status", [403, 418, 429])
def test_what_is_turned_away_at_the_door_is_refused_for_its_rate(status: int) -> None:
    found = said(status, None)
    assert judge(found) is Reason.RATE
    assert found.retry_after is not None
    assert found.bans


def test_the_venue_says_how_long_to_be_silent() -> None:
    body = {"code": -1003, "msg": "Too much request weight used."}
    found = complaint(429, {"Retry-After": "17"}, "", body)
    assert found is not None
    assert found.retry_after == timedelta(seconds=17)


def test_a_ban_without_a_header_lasts_until_its_message_says() -> None:
    until = datetime.now(UTC) + timedelta(minutes=5)
    text = f"Way too much request weight used; IP banned until {int(until.timestamp() * 1000)}."
    found = complaint(418, {}, "", {"code": -1003, "msg": text})
    assert found is not None
    assert found.retry_after is not None
    assert timedelta(minutes=4, seconds=50) < found.retry_after <= timedelta(minutes=5)


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("Too many new orders; current limit is 100 orders per 10 SECOND.", timedelta(seconds=10)),
        ("Too many new orders; current limit is 200000 orders per 1 DAY.", timedelta(days=1)),
    ],
)
def test_too_many_orders_do_not_stop_cancels(text: str, wait: timedelta) -> None:
    found = complaint(429, {}, "", {"code": -1015, "msg": text})
    assert found is not None
    assert (found.retry_after, found.bans) == (wait, False)
    assert judge(found) is Reason.RATE


def test_an_answer_without_a_complaint_is_none() -> None:
    assert complaint(200, {}, "[]", []) is None
    assert complaint(200, {}, "{}", {"code": 200}) is None
    assert complaint(200, {}, "{}", {"orderId": 1}) is None


def test_a_page_in_place_of_an_answer_is_told_without_its_tags() -> None:
    found = complaint(502, {}, "<html>\n<b>Bad   gateway</b></html>", None)
    assert str(found) == "HTTP 502: Bad gateway"
