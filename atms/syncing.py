"""Run folders that the ledger does not know, filed later: after an outage, or into a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from atms import artefacts, ledger
from atms.errors import OutputError
from atms.stored import read_result


@dataclass
class Synced:
    """What became of the folders that were looked at.

    Attributes:
        filed: now in the ledger.
        known: there already.
        left: folder -> why it was not filed.
    """

    filed: list[Path] = field(default_factory=list)
    known: list[Path] = field(default_factory=list)
    left: dict[Path, str] = field(default_factory=dict)


def sync(out: Path, url: str, folders: Sequence[Path] = ()) -> Synced:
    """File the runs under *out*, or those of *folders*, that the ledger does not know.

    A run that was made with ``ledger.enabled: false`` is filed only if its folder is named.

    Raises:
        LedgerError: the database cannot be read or written; what was filed before stays filed.
    """
    done = Synced()
    there = {row["id"] for row in ledger.list_runs(url)}
    for folder in folders or _found(out):
        try:
            manifest = artefacts.read_manifest(folder)
            if manifest.get("run_id") in there:
                done.known.append(folder)
                continue
            result = read_result(folder)
        except OutputError as error:
            done.left[folder] = str(error)
            continue
        if not (folders or result.config.ledger.enabled):
            done.left[folder] = "made with ledger.enabled: false; name it to file it all the same"
            continue
        ledger.file_run(result, folder, artefacts.manifest_hash(folder), url)
        there.add(result.id)
        done.filed.append(folder)
    return done


def _found(out: Path) -> list[Path]:
    """Return the run folders under *out*; a hidden one was never finished."""
    folders = (path.parent for path in out.glob(f"*/{artefacts.MANIFEST}"))
    return sorted(folder for folder in folders if not folder.name.startswith("."))
