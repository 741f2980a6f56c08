"""Everything else that a run is known by: all figures, hashes, versions, warnings, log, config."""

from __future__ import annotations

import json
from typing import Any

from atms.report.page.blocks import Block, Code, Column, Section, Table, Text
from atms.report.page.parts.given import Given
from atms.report.page.parts.meanings import MEANINGS
from atms.report.summary import json_safe

_LONGEST = 20_000  # characters of a log; of a longer one its two ends


def appendix(given: Given) -> Section:
    """Return all figures with their meanings, the manifest, warnings, log and config."""
    result = given.result
    blocks: list[Block] = [_figures(given), *_manifest(given)]
    blocks += [Text(line, "warn") for line in result.warnings]
    if result.failure:
        blocks.append(Code("failure", "Why the run broke off", result.failure))
    if result.analyzers:
        text = json.dumps(json_safe(result.analyzers), indent=2)
        blocks.append(Code("analyzers", "Analyzers", shortened(text, "analyzers.json")))
    if result.log:
        blocks.append(Code("log", "Log", shortened(result.log, "run.log")))
    if given.config_text:
        blocks.append(Code("config", "Config, whole", given.config_text))
    return Section("appendix-section", "Appendix", blocks)


def shortened(text: str, file: str) -> str:
    """Return a text; of a long one both ends, with a line between them that says so."""
    left_out = len(text) - _LONGEST
    if left_out <= 0:
        return text
    half = _LONGEST // 2
    said = f"\n... {left_out:,} characters are left out here; {file} has them ...\n"
    return text[:half] + said + text[-half:]


def _figures(given: Given) -> Table:
    columns = (
        Column("name", "Figure"),
        Column("value", "Exact value"),
        Column("meaning", "What it is"),
    )
    rows = [[name, _exact(value), MEANINGS.get(name, "")] for name, value in given.metrics.items()]
    note = "As in metrics.json; a dash is undefined."
    return Table("figures", "All figures", columns, rows, note=note)


def _exact(value: Any) -> str | None:
    value = json_safe(value)
    return None if value is None else value if isinstance(value, str) else repr(value)


def _manifest(given: Given) -> list[Block]:
    found = given.result.provenance
    rows = [
        *(["all", name, digest] for name, digest in found.hashes.items()),
        *(["code", name, digest] for name, digest in found.code.items()),
        *(["data", name, digest] for name, digest in found.data.items()),
    ]
    versions = [[name, version] for name, version in found.versions.items()]
    of_hashes = (Column("of", "Of"), Column("name", "Name"), Column("sha256", "SHA-256"))
    of_versions = (Column("package", "Package"), Column("version", "Version"))
    return [
        *([Table("hashes", "Hashes", of_hashes, rows, tall=len(rows) > 20)] if rows else []),
        *([Table("versions", "Versions", of_versions, versions)] if versions else []),
    ]
