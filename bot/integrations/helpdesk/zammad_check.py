"""`abonent check` on Zammad: the token, its rights, the group, the states, and whether calls are signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.integrations.helpdesk.zammad_client import Denied, ZammadClient
from bot.integrations.helpdesk.zammad_states import States
from core.appeals.helpdesk import HelpdeskRefused
from core.appeals.models import AppealStatus
from core.errors import OutsideUnavailable
from handlers.edge import Finding

NEEDED = frozenset({"read", "create", "change"})


async def examine_zammad(
    client: ZammadClient, group: str, states: Mapping[AppealStatus, str], *, signed: bool
) -> Sequence[Finding]:
    """Reads only: no ticket is made."""
    try:
        theirs = States(states, await client.states())
        groups = (await client.me()).groups
        await client.find({"ticket.title": {"operator": "is", "value": "abonent check"}})
    except Denied:
        return [
            Finding(
                "problem",
                "Zammad does not accept ABONENT_ZAMMAD_TOKEN, or it lacks the permission ticket.agent: "
                "docs/zammad.md says how to make it.",
            )
        ]
    except (OutsideUnavailable, HelpdeskRefused) as error:
        return [Finding("problem", f"Zammad cannot be used ({error}): check ABONENT_ZAMMAD_URL.")]
    found = [Finding("ok", "Zammad answers, and accepts the token.")]
    rights = set(groups.get(group, ()))
    if not ("full" in rights or rights >= NEEDED):
        # A role may give what the user's own list does not show, so this need not stop anything.
        seen = ", ".join(sorted(groups)) or "none"
        found.append(
            Finding(
                "warning",
                f"Zammad does not show full access to the group {group!r} for the token's user (it shows {seen}): "
                "give it, or set ABONENT_ZAMMAD_GROUP.",
            )
        )
    for name in theirs.missing():
        found.append(Finding("problem", f"Zammad has no active state {name!r}: set ABONENT_ZAMMAD_STATES."))
    if not signed:
        found.append(
            Finding(
                "warning",
                "ABONENT_ZAMMAD_WEBHOOK_SECRET is not set: answers come within 2 minutes instead of at once.",
            )
        )
    return found
