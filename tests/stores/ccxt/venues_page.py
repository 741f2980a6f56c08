"""docs/venues.md as text: the table of what was tried, and where each line is from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from enum import Enum
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any

from atms.stores.capabilities import Budget, Capabilities
from atms.stores.ccxt import profiles
from tests.stores.ccxt.conformance import behaviours, sources_of

TRIED = ("<!-- tried -->", "<!-- end of tried -->")
FROM = ("<!-- from -->", "<!-- end of from -->")
PASSED, ABSENT, FAILED, MISSING = "yes", "–", "FAILED", "not run"
_RANGES = ((ascii_lowercase, "a-z"), (ascii_uppercase, "A-Z"), (digits, "0-9"))
_MORE_TIME = ((3600, "h"), (60, "min"), (1, "s"))

Cells = Mapping[str, Mapping[str, tuple[str, str]]]  # venue -> test -> (cell, why it was skipped)
_NOT_THERE = ". Not there: "


def replaced(page: str, marks: tuple[str, str], text: str) -> str:
    """Return a page with another text between two marks."""
    before, _, rest = page.partition(marks[0])
    _, _, after = rest.partition(marks[1])
    return f"{before}{marks[0]}\n{text.strip()}\n\n{marks[1]}{after}"


def between(page: str, marks: tuple[str, str]) -> str:
    """Return what stands between two marks."""
    return page.partition(marks[0])[2].partition(marks[1])[0].strip()


def spoken(test: str) -> str:
    """Return a test's name as the sentence that it is."""
    return test.removeprefix("test_").replace("_", " ")


# ---- what was tried ----------------------------------------------------------------------------
def tried(cells: Cells) -> str:
    """Return one table a part of the contract: one row a venue, one column a behaviour."""
    return "\n\n".join(
        "\n".join(_part(heading, columns, cells)) for heading, columns in behaviours().items()
    )


def _part(heading: str, columns: Mapping[str, str], cells: Cells) -> Iterator[str]:
    yield f"### {heading}\n"
    yield row(["venue", *columns])
    yield row(["---"] * (len(columns) + 1))
    for venue, found in cells.items():
        yield row([venue, *(found.get(test, (MISSING, ""))[0] for test in columns.values())])
    yield ""
    for column, test in columns.items():
        yield f"- **{column}** {spoken(test)}{_why_not(test, cells)}"


def _why_not(test: str, cells: Cells) -> str:
    """Return why a behaviour is not there, and at which venues."""
    whys: dict[str, list[str]] = {}
    for venue, found in cells.items():
        cell, why = found.get(test, (MISSING, ""))
        if cell == ABSENT:
            whys.setdefault(why, []).append(venue)
    if not whys:
        return ""
    told = (
        f"{why} ({'all' if len(venues) == len(cells) else ', '.join(venues)})"
        for why, venues in whys.items()
    )
    return f"{_NOT_THERE}{'; '.join(told)}"


def read_back(text: str) -> dict[str, dict[str, tuple[str, str]]]:
    """Return what `tried` wrote so."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for heading, columns in behaviours().items():
        part = text.partition(f"### {heading}\n")[2].partition("###")[0]
        for line in part.splitlines():
            cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
            if line.startswith("| ") and cells[0] not in ("venue", "---"):
                told = dict(zip(columns.values(), cells[1:], strict=True))
                found.setdefault(cells[0], {}).update((one, (told[one], "")) for one in told)
        for column, test in columns.items():
            told_of = part.partition(f"- **{column}** {spoken(test)}{_NOT_THERE}")[2].splitlines()
            for why in told_of[0].split("; ") if told_of else ():
                reason, _, venues = why.removesuffix(")").rpartition(" (")
                for venue in list(found) if venues == "all" else venues.split(", "):
                    found[venue][test] = (ABSENT, reason)
    return found


# ---- where it is from --------------------------------------------------------------------------
def lines_from(venues: Sequence[str]) -> str:
    """Return one table a venue: a line of its profile, what it says, and where it is from."""
    return "\n\n".join("\n".join(_from(venue)) for venue in venues)


def _from(venue: str) -> Iterator[str]:
    told, can = sources_of(venue), profiles.profile(venue).capabilities
    yield f"### {venue}\n"
    for name, place in told["sources"].items():
        yield f"- **{name}**: {place}"
    yield ""
    yield row(["line", "as the profile says", "from"])
    yield row(["---"] * 3)
    for line, source in told["fields"].items():
        yield row([f"`{line}`", value_of(can, line), str(source)])


def row(cells: Sequence[str]) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def value_of(can: Capabilities, line: str) -> str:
    """Return what a profile says in one of its lines, for people."""
    if line == "can_withdraw":
        return "asked of the key"
    room, _, name = line.rpartition(".")
    if room == "budgets":
        return _budget(next(one for one in can.budgets if one.name == name))
    value = _words(getattr(can.keys if room == "keys" else can, name))
    if name == "alphabet":
        for letters, short in _RANGES:
            value = value.replace(letters, short)
        return f"`{value}`"
    return value


def _budget(budget: Budget) -> str:
    return f"{budget.units:,} in {_words(budget.per)}, by {budget.shared_by}"


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, timedelta):
        return _time(value.total_seconds())
    if isinstance(value, frozenset):
        return " ".join(sorted(map(_words, value))) or "none"
    return str(value)


def _time(seconds: float) -> str:
    unit, name = next((one for one in _MORE_TIME if seconds % one[0] == 0), (1, "s"))
    return f"{seconds / unit:g} {name}"
