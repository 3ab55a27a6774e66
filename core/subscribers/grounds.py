"""On what ground a person may be given an account: the one place where that is decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.billing.models import AccountState, BillingAccount, HolderKind
from core.subscribers.codes import Way
from core.subscribers.models import Role


@dataclass(frozen=True, slots=True)
class OwnPhone:
    """The account's contact phone is the one that the person has proved: nothing more is asked."""

    role: Role


@dataclass(frozen=True, slots=True)
class Contact:
    """Where the account's holder can be reached."""

    way: Way
    target: str  # E.164 or an address: shown masked


@dataclass(frozen=True, slots=True)
class HoldersCode:
    """The holder reads a code to the person: that is their consent."""

    role: Role
    contacts: tuple[Contact, ...]

    def by(self, way: Way) -> Contact | None:
        return next((contact for contact in self.contacts if contact.way is way), None)


def ground_for(
    account: BillingAccount | None, phone: str | None, can_send: Callable[[Way], bool]
) -> OwnPhone | HoldersCode | None:
    """None for a number that does not exist and just so for one that may not be linked: nobody learns which it was."""
    if account is None or not account.linkable or account.state is AccountState.closed:
        return None
    company = account.holder_kind is HolderKind.company
    if phone and account.phone == phone:
        return OwnPhone(Role.representative if company else Role.owner)
    known = ((Way.sms, account.phone), (Way.email, account.email))
    contacts = tuple(Contact(way, target) for way, target in known if target and can_send(way))
    return HoldersCode(Role.representative if company else Role.family, contacts) if contacts else None
