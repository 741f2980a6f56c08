"""What a strategy wants to find again after a restart: a small dictionary, kept on disk.

A strategy that has an attribute or a property ``strategy_state``, a dict of plain values, is given
its last one back before the first bar: by ``restore_state(dict)`` if it has that, else by setting
``strategy_state``.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from atms.errors import OutputError, StrategyError

NAME = "strategy_state.json"
LIMIT = 64 * 1024  # bytes of JSON, all strategies together
_ATTRIBUTE = "strategy_state"


class StateKeeper:
    """Keeps the states of a run's strategies in one file.

    Args:
        folder: ``<state_dir>/<run name>``; made when there is something to keep.

    Attributes:
        values: strategy -> its state, as it was saved or restored last.
        last_error: why it could not be written; empty while it can.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.values: dict[str, Any] = {}
        self.last_error = ""
        self._text = ""

    def restore(self, strategies: Sequence[Any]) -> tuple[str, ...]:
        """Give strategies back what they had; return the names of those that got something.

        To be called when they have started and before their first bar.

        Raises:
            StrategyError: a strategy has a state and takes none back.
            OutputError: the file cannot be read, or is none of ours.
        """
        kept = self._read()
        given = []
        for name, strategy in _named(strategies):
            if name in kept and _has_state(strategy):
                _give(name, strategy, kept[name])
                given.append(name)
        # What nobody took stays: a strategy may be out of the config for one run.
        self.values, self._text = kept, json.dumps(kept)
        return tuple(given)

    def save(self, strategies: Sequence[Any]) -> bool:
        """Keep the states if one has changed; return whether the file was written.

        To be called once a bar, after ``next()``. A disk that takes nothing does not stop a run:
        ``last_error`` says so, and the next bar tries again.

        Raises:
            StrategyError: a state is no dict of plain values, or is too big.
        """
        values = dict(self.values)
        for name, strategy in _named(strategies):
            if _has_state(strategy):
                values[name] = _checked(name, getattr(strategy, _ATTRIBUTE))
        text = json.dumps(values, allow_nan=False)
        if text == self._text or not values:
            return False
        if len(text.encode()) > LIMIT:
            raise StrategyError(
                f"{_ATTRIBUTE} has {len(text.encode()):,} bytes as JSON, and may have {LIMIT:,}; "
                "keep numbers and names in it, and no history"
            )
        try:
            _write(self.path, text)
        except OSError as error:
            self.last_error = f"{self.path}: {error.strerror}: the state is not kept"
            return False
        self.values, self._text, self.last_error = values, text, ""
        return True

    def _read(self) -> dict[str, Any]:
        try:
            values = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be read: {error.strerror}") from error
        except ValueError:
            values = None
        if not isinstance(values, dict):
            raise OutputError(f"{self.path}: is no state of strategies; move it away")
        return values


def _named(strategies: Sequence[Any]) -> list[tuple[str, Any]]:
    """Return each strategy with the name that it has after a restart too."""
    return [(f"{type(one).__name__}#{place}", one) for place, one in enumerate(strategies)]


def _has_state(strategy: Any) -> bool:
    # Not getattr: an error inside a property would look as if there were none.
    return _ATTRIBUTE in vars(strategy) or hasattr(type(strategy), _ATTRIBUTE)


def _give(name: str, strategy: Any, state: Any) -> None:
    restore = getattr(type(strategy), "restore_state", None)
    if restore is not None:
        restore(strategy, state)
        return
    try:
        setattr(strategy, _ATTRIBUTE, state)
    except AttributeError as error:
        raise StrategyError(
            f"strategy {name}: {_ATTRIBUTE} cannot be set; give the property a setter, or the "
            "class a method restore_state(self, state)"
        ) from error


def _checked(name: str, state: Any) -> Any:
    """Return a state as JSON has it.

    Raises:
        StrategyError: it is no dict; a value in it is none that JSON keeps.
    """
    if not isinstance(state, Mapping):
        raise StrategyError(
            f"strategy {name}: {_ATTRIBUTE} is a {type(state).__name__}; make it a dict"
        )
    for key, value in state.items():
        if not isinstance(key, str):
            raise StrategyError(
                f"strategy {name}: {_ATTRIBUTE} has the key {key!r}; make it a text"
            )
        _check(f"strategy {name}: {_ATTRIBUTE}[{key!r}]", value)
    return json.loads(json.dumps(state))


def _check(where: str, value: Any) -> None:
    try:
        same = json.loads(json.dumps(value, allow_nan=False)) == value
    except (TypeError, ValueError, RecursionError) as error:
        raise StrategyError(
            f"{where} cannot be kept: {error}; use numbers, texts, lists and dicts"
        ) from error
    if not same:  # a tuple, a key that is a number: it would come back as something else
        raise StrategyError(
            f"{where} would not come back as it is; use lists, and dicts with texts as keys"
        )


def _write(path: Path, text: str) -> None:
    """Replace a file: after a power cut there is the old one or the new one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
