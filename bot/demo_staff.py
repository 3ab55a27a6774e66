"""The demo's staff in their Telegram group: two whom the bot knows, and one whom it does not."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bot.sandbox.telegram.forum import Forum
from bot.sandbox.telegram.service import Telegram
from core.staff import accounts, binding
from core.staff.audit import Who

KNOWN = (("maria", "Мария Орлова"), ("elena", "Елена Громова"))  # who have a log-in at the desk, too
STRANGER = "Посторонний"


def make_group(telegram: Telegram) -> Forum:
    """A group with topics, the bot in it as an administrator."""
    names = [*(name for _login, name in KNOWN), STRANGER]
    people = [telegram.person(name, f"+7900000090{number}") for number, name in enumerate(names)]
    forum = telegram.forum("Сотрудники", people)
    forum.administrators.add(people[1].id)
    forum.add_bot(people[1])
    return forum


def bind_staff(connection: Connection, forum: Forum, now: datetime) -> None:
    """As if each had shown the bot a code."""
    by_name = {person.name: person for person in forum.members.values()}
    for login, name in KNOWN:
        member = accounts.by_login(connection, login)
        if member is not None:
            code = binding.issue(connection, member, Who("", "demo"), now)
            binding.bind(connection, code, str(by_name[name].id), now)
