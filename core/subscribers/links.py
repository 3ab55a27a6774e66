"""Rights to accounts: who may see which account, on what ground, and who may take the right away again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Row, or_, select, update

from core.clock import Clock
from core.database import Database
from core.delivery.writes import Write, change, insert_for
from core.errors import Stale
from core.ids import new_id
from core.payments.autopay.ending import lose_right
from core.subscribers.models import AccountLink, Chat, Proof, Role
from core.subscribers.tables import account_links, chats, subscribers
from core.subscribers.tries import LinkTries

MAX_NICKNAME = 40  # characters: more does not fit a button on a phone

_living = account_links.c.ended_at.is_(None)
_answering = (account_links.c.role == Role.owner.value) | (
    (account_links.c.role == Role.representative.value) & (account_links.c.proof == Proof.phone.value)
)
_by_age = (account_links.c.created_at, account_links.c.id)


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody's right to an account, as the account's owner may see it."""

    link: AccountLink
    name: str


class LinkService:
    """Reads links at once; changes are returned as writes for the turn that decided them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.tries = LinkTries(database, clock)

    # -- who has a right to what -----------------------------------------------------------------------------------

    async def of_subscriber(self, subscriber_id: str) -> list[AccountLink]:
        """Living links, the oldest first."""
        return await self._database.read(links_of, subscriber_id)

    async def of_account(self, number: str) -> list[Access]:
        """Everybody with a living right to the account, the oldest first. For the owner's eyes."""
        return await self._database.read(accesses_to, number)

    async def find(self, subscriber_id: str, number: str) -> AccountLink | None:
        """The subscriber's living link to the account."""
        return await self._database.read(_find, subscriber_id, number)

    async def owns(self, subscriber_id: str, number: str) -> bool:
        """Whether the subscriber is linked to the account in any role: asked before anything of it is shown."""
        return await self.find(subscriber_id, number) is not None

    async def by_id(self, link_id: str) -> tuple[Access, bool] | None:
        """A link with its holder's name, and whether it still lives. The id may be forged: check who asks."""
        return await self._database.read(_by_id, link_id)

    async def chats_of(self, subscriber_id: str) -> list[Chat]:
        """The chats in which the subscriber is signed in."""
        return await self._database.read(chats_of, [subscriber_id])

    async def chats_of_owners(self, number: str, contact_phone: str = "", *, besides: str = "") -> list[Chat]:
        """Chats that must hear of a new link: of the account's owners and of whoever proved its contact phone.

        ``besides`` is the subscriber who need not be told.
        """
        return await self._database.read(chats_of_owners, number, contact_phone, besides)

    # -- changes ---------------------------------------------------------------------------------------------------

    def link(self, subscriber_id: str, account_number: str, role: Role, proof: Proof, *, link_id: str = "") -> Write:
        """Gives a right. Where one lives already nothing happens, save that an owner's proof makes it an owner's.

        ``link_id`` is given by a caller who must name the link in the same turn.
        """
        now = self._clock.now()
        values = {
            "id": link_id or new_id(now),
            "subscriber_id": subscriber_id,
            "account_number": account_number,
            "role": role.value,
            "nickname": "",
            "proof": proof.value,
            "created_at": now,
        }

        def apply(connection: Connection) -> None:
            add_link(connection, values)

        return Write("link account", apply)

    def rename(self, subscriber_id: str, account_number: str, nickname: str) -> Write:
        """Raises ValueError for a nickname that :func:`tidy_nickname` would not have let through."""
        if len(nickname) > MAX_NICKNAME:
            raise ValueError(f"a nickname has at most {MAX_NICKNAME} characters")
        statement = (
            update(account_links)
            .where(account_links.c.subscriber_id == subscriber_id, account_links.c.account_number == account_number)
            .where(_living)
            .values(nickname=nickname)
        )
        return change("rename account", statement)

    def unlink(self, subscriber_id: str, account_number: str) -> Write:
        """The subscriber gives up the right; Stale when it has ended meanwhile."""
        now = self._clock.now()
        statement = (
            update(account_links)
            .where(account_links.c.subscriber_id == subscriber_id, account_links.c.account_number == account_number)
            .where(_living)
            .values(ended_at=now, ended_by="self")
        )
        end = change("unlink account", statement)

        def apply(connection: Connection) -> None:
            end.apply(connection)
            lose_right(connection, subscriber_id, account_number, now)

        return Write(end.name, apply)

    def revoke(self, link_id: str, by: str, *, as_contact: bool = False) -> Write:
        """An owner of the account takes the right away; Stale when it has ended, or ``by`` is no owner any more.

        ``as_contact``: the billing has just said that the account's contact phone is theirs, linked or not.
        """
        now = self._clock.now()

        def apply(connection: Connection) -> None:
            number = connection.execute(
                select(account_links.c.account_number).where(account_links.c.id == link_id, _living)
            ).scalar_one_or_none()
            own = _find(connection, by, number) if number is not None else None
            if number is None or not (as_contact or (own is not None and answers_for(own))):
                raise Stale("revoke link: no living link, or not the owner's")
            ended = connection.execute(
                update(account_links)
                .where(account_links.c.id == link_id, _living)
                .values(ended_at=now, ended_by="owner")
                .returning(account_links.c.subscriber_id)
            ).scalar_one_or_none()
            if ended is None:
                raise Stale("revoke link: it ended meanwhile")
            lose_right(connection, ended, number, now)

        return Write("revoke link", apply)


def answers_for(link: AccountLink) -> bool:
    """Whether the link's holder decides who else has access: an owner, or whoever proved a company's contact phone."""
    return link.role is Role.owner or (link.role is Role.representative and link.proof is Proof.phone)


def tidy_nickname(typed: str) -> str | None:
    """The nickname on one line without the spaces around it; None when it is empty or longer than 40 characters."""
    tidy = " ".join("".join(char if char.isprintable() else " " for char in typed).split())
    return tidy if 0 < len(tidy) <= MAX_NICKNAME else None


def add_link(connection: Connection, values: Mapping[str, object]) -> None:
    """Inserts through the partial unique index: one living link for a subscriber and an account, however many try."""
    statement = insert_for(connection, account_links)
    new = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[account_links.c.subscriber_id, account_links.c.account_number],
            index_where=_living,
            set_={"role": new.role, "proof": new.proof},
            where=(new.role == Role.owner.value) & (account_links.c.role != Role.owner.value),
        ),
        values,
    )


def links_of(connection: Connection, subscriber_id: str) -> list[AccountLink]:
    query = select(account_links).where(account_links.c.subscriber_id == subscriber_id, _living).order_by(*_by_age)
    return [_link(row) for row in connection.execute(query)]


def accesses_to(connection: Connection, number: str) -> list[Access]:
    query = (
        select(account_links, subscribers.c.name)
        .join(subscribers, subscribers.c.id == account_links.c.subscriber_id)
        .where(account_links.c.account_number == number, _living)
        .order_by(*_by_age)
    )
    return [Access(_link(row), row.name) for row in connection.execute(query)]


def chats_of(connection: Connection, subscriber_ids: Sequence[str]) -> list[Chat]:
    query = select(chats).where(chats.c.subscriber_id.in_(subscriber_ids)).order_by(chats.c.chat_id)
    return [Chat(**row._mapping) for row in connection.execute(query)]


def _find(connection: Connection, subscriber_id: str, number: str) -> AccountLink | None:
    query = select(account_links).where(
        account_links.c.subscriber_id == subscriber_id, account_links.c.account_number == number, _living
    )
    row = connection.execute(query).first()
    return _link(row) if row is not None else None


def _by_id(connection: Connection, link_id: str) -> tuple[Access, bool] | None:
    query = (
        select(account_links, subscribers.c.name)
        .join(subscribers, subscribers.c.id == account_links.c.subscriber_id)
        .where(account_links.c.id == link_id)
    )
    row = connection.execute(query).first()
    return (Access(_link(row), row.name), row.ended_at is None) if row is not None else None


def chats_of_owners(connection: Connection, number: str, contact_phone: str, besides: str) -> list[Chat]:
    owners = select(account_links.c.subscriber_id).where(account_links.c.account_number == number, _answering, _living)
    concerned: list[ColumnElement[bool]] = [subscribers.c.id.in_(owners)]
    if contact_phone:
        concerned.append(subscribers.c.phone == contact_phone)
    ids = select(subscribers.c.id).where(or_(*concerned), subscribers.c.id != besides)
    return chats_of(connection, list(connection.execute(ids).scalars()))


def _link(row: Row[tuple[object, ...]]) -> AccountLink:
    return AccountLink(
        id=row.id,
        subscriber_id=row.subscriber_id,
        account_number=row.account_number,
        role=Role(row.role),
        nickname=row.nickname,
        proof=Proof(row.proof),
        created_at=row.created_at,
    )
