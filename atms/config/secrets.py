"""Values that are named in a config and never written there: keys, passwords, database URLs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import core_schema
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from atms.config.reference import ENVIRONMENT, Reference
from atms.errors import ConfigError

_NO_URL = "(not a database URL)"
_HOW = "a secret is named, never written: ${ENV_NAME} or file:PATH"


class Secret(Reference):
    """A reference to a secret, ``${ENV_NAME}`` or ``file:PATH``; printing it shows no more."""

    json_schema = {"type": "string", "pattern": r"^(\$\{[A-Za-z_][A-Za-z0-9_]*\}|file:.+)$"}

    def reveal(self) -> str:
        """Return the secret itself; ConfigError if the variable or the file is missing or empty."""
        value = self.look_up()
        if not value:
            raise ConfigError(f"the secret {self.reference} is not set")
        return value

    def fingerprint(self) -> str:
        """Return enough to tell two secrets apart and too little to use one."""
        value = self.look_up()
        return f"sha256:{hashlib.sha256(value.encode()).hexdigest()[:8]}" if value else "not set"

    def look_up(self) -> str:
        """Return the secret; an empty string if the variable or the file is missing."""
        named = self._named()
        if named is not None:
            return named
        path = Path(self.reference.removeprefix("file:")).expanduser()
        try:
            return path.read_text().strip()
        except OSError:
            return ""

    @classmethod
    def _checked(cls, value: Any, environment: Mapping[str, str]) -> Secret:
        if isinstance(value, str) and (ENVIRONMENT.fullmatch(value) or value.startswith("file:")):
            return cls(value, environment)
        raise ValueError(_HOW)


class DatabaseUrl(str):
    """A database's URL. Equal to its text, and printed without its password.

    Given as ``${ENV_NAME}`` it is printed as that.
    """

    __slots__ = ("reference",)
    reference: str

    def __str__(self) -> str:
        return self.reference or mask_url(self)

    __repr__ = __str__

    @classmethod
    def _read(cls, value: Any, info: ValidationInfo) -> DatabaseUrl:
        if isinstance(value, DatabaseUrl):
            return value
        if not isinstance(value, str):
            raise ValueError("write a database URL, like sqlite:///atms.db")
        reference = value if ENVIRONMENT.fullmatch(value) else ""
        if reference and (info.context or {}).get("stored"):
            pass  # a run's own record of its config; the variable may be gone by now
        elif reference:
            value = Secret(value, (info.context or {}).get("environment", {})).look_up()
            if not value:
                raise ValueError(f"the environment variable {reference} is not set")
            if mask_url(value) == _NO_URL:
                raise ValueError(f"{reference} holds no database URL")
        elif "${" in value:
            raise ValueError("put the whole URL into the variable: url: ${ENV_NAME}")
        url = cls(value)
        url.reference = reference
        if not reference and mask_url(url) == _NO_URL:
            raise ValueError("is no database URL; write sqlite:///atms.db")
        return url

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(
            cls._read,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda url: url.__str__(), when_used="json"
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string"}


def mask_url(url: str) -> str:
    """Return *url* without its password, wherever in it that stands."""
    try:
        parsed = make_url("".join(url))
    except (ArgumentError, ValueError):  # a port that is no number is a ValueError
        return _NO_URL
    if "@" in (parsed.host or "") + (parsed.database or ""):
        return _NO_URL  # of a password with a bare @, a part is taken for the host
    hidden = {name: "***" for name in parsed.query if "pass" in name.lower()}
    return parsed.update_query_dict(hidden).render_as_string(hide_password=True)
