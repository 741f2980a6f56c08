"""Run folders that the ledger does not know, filed later: after an outage, or into a new one."""

from __future__ import annotations

import contextlib
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
        moved: there already, and the ledger now knows where they lie.
        left: folder -> why it was not filed.
    """

    filed: list[Path] = field(default_factory=list)
    known: list[Path] = field(default_factory=list)
    moved: list[Path] = field(default_factory=list)
    left: dict[Path, str] = field(default_factory=dict)


def sync(out: Path, url: str, folders: Sequence[Path] = ()) -> Synced:
    """File the runs under *out*, or those of *folders*, that the ledger does not know.

    A run that was made with ``ledger.enabled: false`` is filed only if its folder is named.

    Raises:
        LedgerError: the database cannot be read or written; what was filed before stays filed.
    """
    done = Synced()
    there = {row["id"]: Path(row["folder"]) for row in ledger.list_runs(url)}
    for folder in folders or _found(out):
        try:
            run_id = str(artefacts.read_manifest(folder).get("run_id"))
            known = there.get(run_id)
            if known is not None and (known == folder.resolve() or _holds(known, run_id)):
                done.known.append(folder)
                continue
            if changed := artefacts.altered(folder):
                done.left[folder] = f"{', '.join(changed)}: not what the manifest has the hash of"
                continue
            result = read_result(folder)
        except OutputError as error:
            done.left[folder] = str(error).removeprefix(f"{folder}: ")
            continue
        if not (folders or result.config.ledger.enabled):
            done.left[folder] = "made with ledger.enabled: false; name it to file it all the same"
            continue
        ledger.file_run(result, folder, artefacts.manifest_hash(folder), url)
        there[result.id] = folder.resolve()
        (done.filed if known is None else done.moved).append(folder)
    return done


def _holds(folder: Path, run_id: str) -> bool:
    with contextlib.suppress(OutputError):
        return artefacts.read_manifest(folder).get("run_id") == run_id
    return False


def _found(out: Path) -> list[Path]:
    """Return the run folders under *out*; a hidden one was never finished."""
    folders = (path.parent for path in out.glob(f"*/{artefacts.MANIFEST}"))
    return sorted(folder for folder in folders if not folder.name.startswith("."))
