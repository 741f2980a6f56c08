"""What goes wrong, in words that a user knows."""

from __future__ import annotations

from atms.chaos.tally import NOTHING

_WORDS = {
    NOTHING: "nothing goes wrong",
    "lose_request": "a request never arrives",
    "late_request": "a request arrives late",
    "lose_reply": "an answer is lost",
    "server_error": "done, and answered by an error",
    "late_reply": "an answer comes late",
    "late_fill_before_ack": "a fill before the answer",
    "clock_off": "refused for the clock",
    "clock_set": "the machine's clock is off",
    "venue_clock_jumps": "the venue's clock is off",
    "rate_limited": "too many requests",
    "spent_elsewhere": "others spend the rate budget",
    "venue_down": "nobody can be reached",
    "auth_failed": "the key is not taken",
    "duplicate_fact": "news told twice",
    "drop_fact": "news lost on the stream",
    "reorder_facts": "news out of order",
    "late_fact": "news comes late",
    "stream_silent": "the stream falls silent",
    "link_drops": "the connection drops",
    "stream_fails": "the stream breaks",
    "read_lag": "an order is not shown yet",
    "partial_snapshot": "the account half answered",
    "refuse_order": "an order is refused",
    "reject_after_accept": "accepted, then rejected",
    "order_vanishes": "an order vanishes",
    "fill_at_cancel": "a fill as it is cancelled",
    "refuse_stop": "a stop is refused",
    "stop_renamed": "a stop changes its number",
    "late_bar": "a bar comes late",
    "drop_bar": "a bar is lost",
    "duplicate_bar": "a bar told twice",
    "reorder_bars": "bars out of order",
    "revised_bar": "a bar is revised",
    "feed_silent": "bars fall silent",
    "feed_fails": "the stream of bars breaks",
    "absurd_bar": "a bar with an absurd price",
    "reorg": "blocks are undone",
    "drop_transaction": "a transaction is forgotten",
    "lose_in_reorg": "lost with an undone block",
    "outage": "the venue is down for a while",
    "cash_moved": "cash moves from outside",
    "corrected": "a fill is corrected",
    "process_killed": "the process is killed",
    "process_ended": "the process is stopped",
}


def words_of(fault: str) -> str:
    """Return a fault in words; one without any by its name."""
    return _WORDS.get(fault, fault.replace("_", " "))
