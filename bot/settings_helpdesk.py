"""The options of other helpdesks: which are switched on, and what contradicts what."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings

from bot.integrations.helpdesk.zammad_states import parse_states

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SHORTEST_SECRET = 16  # characters


class HelpdeskOptions(BaseSettings):
    """A helpdesk without its address is off."""

    zammad_url: str = ""
    zammad_token: SecretStr = SecretStr("")
    zammad_webhook_secret: SecretStr = SecretStr("")
    zammad_group: str = "Users"
    zammad_states: str = ""

    @field_validator("zammad_url")
    @classmethod
    def _zammad_address(cls, value: str) -> str:
        value = value.strip().rstrip("/").removesuffix("/api/v1")
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("must be an address that begins with https://")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("begins with http://, where anybody on the way could read the token")
        return value

    @field_validator("zammad_states")
    @classmethod
    def _known_statuses(cls, value: str) -> str:
        parse_states(value)
        return value


def helpdesk_troubles(options: HelpdeskOptions) -> list[str]:
    """Sentences on what is missing or contradicts itself."""
    wrong = []
    token, secret = options.zammad_token.get_secret_value(), options.zammad_webhook_secret.get_secret_value()
    if options.zammad_url and not token:
        wrong.append("ABONENT_ZAMMAD_TOKEN is missing, but ABONENT_ZAMMAD_URL is set.")
    if token and not options.zammad_url:
        wrong.append("ABONENT_ZAMMAD_URL is missing, but ABONENT_ZAMMAD_TOKEN is set.")
    if secret and len(secret) < SHORTEST_SECRET:
        wrong.append(
            f"ABONENT_ZAMMAD_WEBHOOK_SECRET has {len(secret)} characters: "
            f"it takes at least {SHORTEST_SECRET} random ones."
        )
    return wrong
