"""What people do, as hypothesis may combine it: words, buttons real and forged, contacts, files, and bad luck."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from fsm.event import Blocked, Command, Contact, Edited, File, Input, Opened, Press, Text, Unblocked, Unsupported
from tests.properties.people import Company

Deed = Callable[[Company], Awaitable[None]]

WORDS = [
    "Ivan Petrov", "да", "нет", "menu", "меню", "отмена", "back", "help", "Moscow", "Москва", "me@example.org",
    "+7 900 000-00-77", "89000000077", "7700100101", "7700 1001 01", "ДГ-1", "1", "0", "-1", "100", "123456", "000000",
    "/", "//", "/start", "/menu@bot", " ", "\u00a0", "\u200b", "\x00", "a\x00b", "\ud83d", "👨‍👩‍👧‍👦",
    "<b>&amp;", "{0}", "{name}", "%s",
    "'; DROP TABLE chats; --", "٣٤٥٦٧٨", "é" * 300, "Ы" * 5000, "\u202eabc", "--", "\n\n", "\t",
]  # fmt: skip

# Those who have something to show come most often.
_people = st.sampled_from([0, 1, 0, 1, 0, 1, 2, 3, 4])
_small = st.integers(0, 11)


def _does(who: int, said: Input) -> Deed:
    return lambda company: company.does(who, said)


def _press(who: int, back: int, place: int) -> Deed:
    async def deed(company: Company) -> None:
        press = company.button(who, back, place)
        if press is not None:
            await company.does(who, press)

    return deed


def _walk(who: int, places: list[int]) -> Deed:
    async def deed(company: Company) -> None:
        for place in places:
            press = company.button(who, 0, place)
            if press is not None:
                await company.does(who, press)

    return deed


def _visit(who: int, number: int, ident: int, places: list[int]) -> Deed:
    async def deed(company: Company) -> None:
        await company.does(who, company.way_in(number, ident))
        await _walk(who, places)(company)

    return deed


def _forge(who: int, kind: int, ident: int, stamped: bool) -> Deed:
    async def deed(company: Company) -> None:
        press = company.forged(who, kind, ident, stamped)
        if press is not None:
            await company.does(who, press)

    return deed


def _command(who: int, name: int, argument: str) -> Deed:
    return lambda company: company.does(who, Command(company.commands[name % len(company.commands)], argument))


def _open(who: int, link: int, ident: int) -> Deed:
    async def deed(company: Company) -> None:
        name = company.links[link % len(company.links)]
        context = f"{name}_{company.ids[ident % len(company.ids)]}" if name else ""
        someone = company.people[who % len(company.people)]
        said = Command("start", context) if someone.person.channel == "telegram" else Opened(context)
        await company.does(who, said)

    return deed


def _own_contact(who: int) -> Deed:
    async def deed(company: Company) -> None:
        someone = company.people[who % len(company.people)]
        proven = someone.person.channel == "telegram"
        await company.does(who, Contact(someone.phone, own=proven, by_button=True, name=someone.person.name))

    return deed


def _code(who: int) -> Deed:
    return lambda company: company.does(who, Text(company.code(who)))


def _named(who: int, ident: int) -> Deed:
    return lambda company: company.does(who, Text(company.ids[ident % len(company.ids)]))


def _breaks(place: int) -> Deed:
    async def deed(company: Company) -> None:
        names = sorted(company.failures)
        if names:
            await company.breaks(names[place % len(names)])

    return deed


_texts = st.one_of(st.sampled_from(WORDS), st.text(max_size=30))
_file: Any = st.builds(
    File,
    ref=st.just("file-1"),
    kind=st.sampled_from(["photo", "document"]),
    name=st.sampled_from(["", "photo.jpg", "virus.exe", "\x00"]),
    size=st.sampled_from([None, 0, 1000, 10**9]),
    caption=_texts,
)
_places = st.lists(_small, min_size=1, max_size=5)
_walks = st.builds(_walk, _people, _places)
_visits = st.builds(_visit, _people, st.integers(0, 99), st.integers(0, 30), _places)
_buttons = st.builds(_press, _people, st.just(0), _small)


async def _nothing(company: Company) -> None:
    """What a deed shrinks to when a failure does not need it."""


deeds: st.SearchStrategy[Deed] = st.one_of(
    st.just(_nothing),
    _buttons,
    _walks,
    _walks,
    _visits,
    _visits,
    _visits,
    st.builds(_press, _people, st.integers(1, 9), _small),
    st.builds(_forge, _people, st.integers(0, 200), st.integers(0, 30), st.booleans()),
    st.builds(_does, _people, st.builds(Press, st.one_of(st.sampled_from(WORDS), st.text(max_size=20)))),
    st.builds(_does, _people, st.builds(Text, _texts)),
    st.builds(_does, _people, st.builds(Text, _texts)),
    st.builds(_named, _people, st.integers(0, 30)),
    st.builds(_code, _people),
    st.builds(_own_contact, _people),
    st.builds(_does, _people, st.builds(Contact, phone=st.sampled_from(WORDS), by_button=st.booleans(), name=_texts)),
    st.builds(_command, _people, st.integers(0, 40), _texts),
    st.builds(_open, _people, _small, st.integers(0, 30)),
    st.builds(_does, _people, _file),
    st.builds(_does, _people, st.builds(Unsupported, st.sampled_from(["sticker", "voice", "x"]))),
    st.builds(_does, _people, st.builds(Edited, _texts)),
    st.builds(_does, _people, st.sampled_from([Blocked(), Unblocked()])),
    st.builds(lambda who: lambda company: company.again(who), _people),
    st.just(lambda company: company.restart()),
    st.builds(
        lambda time: lambda company: company.wait(time),
        st.sampled_from([timedelta(seconds=70), timedelta(minutes=6), timedelta(days=1), timedelta(days=40)]),
    ),
    st.builds(_breaks, _small),
)
