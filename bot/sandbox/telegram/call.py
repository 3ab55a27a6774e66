"""Reads one Bot API call, however it was encoded, into typed parameters, and refuses what it does not know."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.datastructures import UploadFile
from starlette.requests import Request

from bot.sandbox.shapes import Json
from bot.sandbox.telegram.errors import ApiError, bad

Kind = Literal["int", "bool", "str", "json", "chat"]
Table = dict[str, Kind]
UPLOAD_LIMIT = 50 * 1024 * 1024  # bytes; "up to 50 MB", https://core.telegram.org/bots/api#sending-files


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """Parameters by name, already of their kind; `uploads` are the multipart's files by field name."""

    params: Json
    uploads: dict[str, Upload] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        return self.params.get(name, default)

    def integer(self, name: str) -> int | None:
        value = self.params.get(name)
        return None if value is None else int(value)

    def upload(self, reference: Any) -> Upload | None:
        """The file behind `attach://name`; None when the value is not such a reference."""
        if isinstance(reference, Upload):
            return reference
        if isinstance(reference, str) and reference.startswith("attach://"):
            return self.uploads.get(reference.removeprefix("attach://"))
        return None


async def read_call(request: Request, table: Table) -> Call:
    """The call's parameters from query, form, multipart or JSON; ApiError when one is unknown or malformed."""
    raw: Json = dict(request.query_params)
    uploads: dict[str, Upload] = {}
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/json":
        raw |= _json_body(await request.body())
    elif kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        async with request.form() as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    upload = Upload(value.filename or name, await value.read())
                    if len(upload.data) > UPLOAD_LIMIT:
                        raise ApiError(413, "Request Entity Too Large")
                    uploads[name] = upload
                else:
                    raw[name] = value
    for name, upload in uploads.items():
        if name in table:
            raw[name] = upload
    return Call({name: _coerce(table, name, value) for name, value in raw.items() if value is not None}, uploads)


def _json_body(body: bytes) -> Json:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        raise bad("can't parse JSON object") from None
    if not isinstance(value, dict):
        raise bad("object expected as JSON body")
    return value


def _coerce(table: Table, name: str, value: Any) -> Any:
    # Deliberately stricter than the real server, which ignores parameters that it does not know: a
    # misspelt parameter must fail in a test, not be lost in production.
    if name not in table:
        raise bad(f"unknown parameter {name}")
    kind = table[name]
    if isinstance(value, Upload):
        return value
    if kind == "int":
        return to_integer(name, value)
    if kind == "chat":
        return value if isinstance(value, str) and value.startswith("@") else to_integer(name, value)
    if kind == "bool":
        return value if isinstance(value, bool) else str(value).strip().lower() in ("true", "1", "yes")
    if kind == "json" and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            raise bad(f"can't parse {name} JSON object") from None
    if kind == "str" and not isinstance(value, str):
        return json.dumps(value)
    return value


def to_integer(name: str, value: Any) -> int:
    try:
        if isinstance(value, bool | float):
            raise ValueError
        return int(value)
    except (TypeError, ValueError):
        raise bad(f'parameter "{name}" must be an Integer') from None


def known_fields(value: Any, what: str, fields: frozenset[str]) -> Json:
    """`value` as an object that holds only `fields`; the same strictness as for parameters."""
    if not isinstance(value, dict):
        raise bad(f"can't parse {what}: object expected")
    for name in value:
        if name not in fields:
            raise bad(f"unknown parameter {name} in {what}")
    return {name: item for name, item in value.items() if item is not None}
