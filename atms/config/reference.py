"""What a config names and does not hold: printed as it was given, looked up when it is used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import core_schema

ENVIRONMENT = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Reference:
    """A word of a config that stands for another; two are equal when they are written alike.

    Attributes:
        reference: as it was given.
    """

    json_schema: ClassVar[dict[str, Any]] = {"type": "string"}

    def __init__(self, reference: str, environment: Mapping[str, str]) -> None:
        self.reference = reference
        self._environment = environment

    def _named(self) -> str | None:
        """Return what the variable holds that is named; empty if it is not set, None if none is."""
        found = ENVIRONMENT.fullmatch(self.reference)
        return self._environment.get(found[1], "") if found else None

    def __repr__(self) -> str:
        return self.reference

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and other.reference == self.reference

    def __hash__(self) -> int:
        return hash(self.reference)

    @classmethod
    def read(cls, value: Any, info: ValidationInfo) -> Self:
        """Return what *value* refers to; ValueError if it is no reference of this kind."""
        if isinstance(value, cls):
            return value
        return cls._checked(value, (info.context or {}).get("environment", {}))

    @classmethod
    def _checked(cls, value: Any, environment: Mapping[str, str]) -> Self:
        raise NotImplementedError

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(
            cls.read, serialization=core_schema.to_string_ser_schema(when_used="json")
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(cls.json_schema)
