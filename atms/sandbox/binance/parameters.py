"""A request's parameters: each is read by the endpoint or the request is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from atms.sandbox.binance.refusals import Refused, missing

CLIENT_ID = re.compile(r"[a-zA-Z0-9-_]{1,36}")
_DECIMAL = re.compile(r"([0-9]{1,20})(\.[0-9]{1,20})?")
_INTEGER = re.compile(r"[0-9]{1,20}")
_PLACES = 8
_COMMON = ("timestamp", "recvWindow", "signature", "apiKey", "returnRateLimits")


class Params:
    """What was sent, by name; empty values are refused when they are read."""

    def __init__(self, sent: Mapping[str, str]) -> None:
        self._sent = dict(sent)
        self._read = {name for name in _COMMON if name in sent}

    def __contains__(self, name: str) -> bool:
        return name in self._sent

    def names(self) -> set[str]:
        """Return what was sent, but for what signs a request."""
        return set(self._sent) - set(_COMMON)

    def text(self, name: str) -> str | None:
        """Return a parameter as it was sent; None if it was not.

        Raises:
            Refused: -1105, it is empty.
        """
        self._read.add(name)
        found = self._sent.get(name)
        if found == "":
            raise Refused(-1105, f"Parameter '{name}' was empty.")
        return found

    def needed(self, name: str) -> str:
        """Return a parameter that must be sent.

        Raises:
            Refused: -1102.
        """
        self._read.add(name)
        found = self._sent.get(name)
        if not found:
            raise missing(name)
        return found

    def decimal(self, name: str, places: int = _PLACES) -> Decimal | None:
        """Return a number.

        Raises:
            Refused: -1100 for what is no number, -1111 for more places than it may have.
        """
        found = self.text(name)
        if found is None:
            return None
        if not _DECIMAL.fullmatch(found):
            raise _illegal(name, "^([0-9]{1,20})(\\.[0-9]{1,20})?$")
        number = Decimal(found)
        exponent = number.normalize().as_tuple().exponent
        if isinstance(exponent, int) and -exponent > places:
            raise Refused(-1111, f"Parameter '{name}' has too much precision.")
        return number

    def integer(self, name: str) -> int | None:
        """Return a whole number.

        Raises:
            Refused: -1100.
        """
        found = self.text(name)
        if found is None:
            return None
        if not _INTEGER.fullmatch(found):
            raise _illegal(name, "^[0-9]{1,20}$")
        return int(found)

    def client_id(self, name: str) -> str | None:
        """Return a client order id.

        Raises:
            Refused: -1100, other letters than it may have.
        """
        found = self.text(name)
        if found is not None and not CLIENT_ID.fullmatch(found):
            raise _illegal(name, "^[a-zA-Z0-9-_]{1,36}$")
        return found

    def one_of(self, name: str, known: Iterable[str], refusal: Refused | None = None) -> str | None:
        """Return one of the words *known*.

        Raises:
            Refused: *refusal*, or -1130.
        """
        found = self.text(name)
        if found is not None and found not in known:
            raise refusal or Refused(-1130, f"Data sent for parameter '{name}' is not valid.")
        return found

    def limit(self, usual: int = 500, most: int = 1000) -> int:
        """Return the parameter *limit*; more than *most* is taken as *most*."""
        found = self.integer("limit")
        return min(most, usual if found is None else found)

    def done(self) -> None:
        """Refuse what nothing has read.

        Raises:
            Refused: -1104, or -1101 where nothing may be sent at all.
        """
        if len(self._read & set(self._sent)) == len(self._sent):
            return
        read = len(self._read & set(self._sent))
        if not self._read:
            raise Refused(
                -1101, f"Too many parameters; expected '0' and received '{len(self._sent)}'."
            )
        raise Refused(
            -1104,
            f"Not all sent parameters were read; read '{read}' parameter(s) but was sent "
            f"'{len(self._sent)}'.",
        )


def _illegal(name: str, legal: str) -> Refused:
    return Refused(
        -1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'."
    )
