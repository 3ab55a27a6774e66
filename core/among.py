"""Asks for many keys in one parameter: a statement with thousands of them takes longer to write than to run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import json
from sqlalchemy import Column, ColumnElement, Connection, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY


def among(connection: Connection, column: Column[Any], values: Iterable[str]) -> ColumnElement[bool]:
    """``column IN (values)`` for a column of strings; the statement is the same text however many there are."""
    found = list(values)
    if (
        len(found) == 1
    ):  # at the last door before a messenger each person is asked about alone: the plain form is cheaper
        return column == found[0]
    if connection.dialect.name == "postgresql":
        return column == any_(literal(found, ARRAY(column.type)))
    each = func.json_each(json.encode(found).decode()).table_valued("value")
    return column.in_(select(each.c.value))
