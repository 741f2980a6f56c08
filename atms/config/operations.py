"""The ``operations`` section: what paper and live keep and tell for those who look after them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from atms.config.section import Section


class OperationsSection(Section):
    """Paper and live; it decides no order."""

    log: bool = Field(True, description="Write log.jsonl, a line of JSON an event.")
    log_level: Literal["debug", "info", "warning"] = Field(
        "info", description="From what on atms itself is written to it."
    )
    log_max_mb: float = Field(
        10.0, gt=0, allow_inf_nan=False, description="How large a log file gets, megabytes."
    )
    log_files: int = Field(5, ge=1, le=1000, description="How many of them are kept in all.")
    health_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="The port on 127.0.0.1 on which /health answers; 0: a free one; null: none.",
    )
