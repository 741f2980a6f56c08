"""What every part of the config is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen part of the config."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
