"""What venues charge, as their public sources told it on a day; one YAML file a venue.

A preset holds no number that was not read in one of the sources that it names. What no source
told is a required key, which the user gives.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml

from atms.errors import UnknownName, did_you_mean

_SUFFIX = ".yaml"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where numbers were read.

    Attributes:
        what: dotted keys under ``broker`` that it covers, or ``max_leverage``.
        url: its address.
        at: its version: a commit, a date of its own, or ``undated``.
        says: the numbers as it gives them.
    """

    what: tuple[str, ...]
    url: str
    at: str
    says: str


@dataclass(frozen=True, kw_only=True)
class Preset:
    """The costs of one kind of account at one venue.

    Attributes:
        name: the value of ``broker.preset``.
        venue: the venue and the kind of account, for people.
        read: the day on which the sources were read.
        broker: keys and values as a user writes them under ``broker``, percentages as text.
        max_leverage: the most that this kind of account allows; None where no source told.
        required: dotted keys under ``broker`` that the user must give -> why, and what to give.
        not_modelled: costs of the venue that the preset leaves out.
        sources: where the numbers were read.
    """

    name: str
    venue: str
    read: datetime.date
    broker: dict[str, Any]
    max_leverage: float | None
    required: dict[str, str]
    not_modelled: tuple[str, ...]
    sources: tuple[Source, ...]


def presets() -> tuple[str, ...]:
    """Return the names of all presets, sorted."""
    files = (file.name for file in resources.files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in files if name.endswith(_SUFFIX)))


def read_preset(name: str) -> Preset:
    """Return the preset of that name, its dicts new at every call.

    Raises:
        UnknownName: there is none of that name.
    """
    known = presets()
    if name not in known:
        near = did_you_mean(name, known) or "; there are: " + ", ".join(known)
        raise UnknownName(f"broker.preset: there is no {name!r}{near}")
    text = resources.files(__name__).joinpath(name + _SUFFIX).read_text(encoding="utf-8")
    raw = yaml.safe_load(text)
    return Preset(
        name=name,
        venue=raw["venue"],
        read=raw["read"],
        broker=raw["broker"],
        max_leverage=raw["max_leverage"],
        required=raw["required"],
        not_modelled=tuple(raw["not_modelled"]),
        sources=tuple(_source(**source) for source in raw["sources"]),
    )


def _source(*, what: str, url: str, at: str, says: str) -> Source:
    keys = tuple(key.strip() for key in what.split(","))
    return Source(what=keys, url=url, at=at, says=says)
