"""The questions that people ask, each with a short honest answer, the thing itself, and always a person."""

from __future__ import annotations

from core.appeals.service import MAX_TEXT
from fsm.action import Action
from fsm.actions import OpenHelp, OpenPerson, WriteAppeal
from fsm.commands import command_menu
from fsm.draft import begin, keep
from fsm.event import Text
from fsm.flows.appeal import ChooseKind
from fsm.help_topics import Topic, answer_of, find, question_of
from fsm.screen import Choice, Rich, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk
from fsm.words import says_thanks


class Ask(Action, frozen=True, tag="h.ask"):
    topic: Topic


class SendWords(Action, frozen=True, tag="h.words"):
    """An appeal of the very words that were written here."""


class Questions(State, frozen=True):
    """All the questions."""

    public = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            paragraphs(
                bold(talk.t("How can I help?")),
                talk.t("Choose a question, or write it in your own words."),
                _commands(talk),
            ),
            *_questions(talk, tuple(Topic)),
            Choice(talk.t("✍️ Write to us"), WriteAppeal()),
            _person(talk),
            hint=talk.t("Your question"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Choose a question below, or write it in your own words.")

    async def on_text(self, talk: Talk, said: Text) -> Questions | Answer | Found | NothingFound:
        return search(talk, said.text)

    async def on_ask(self, talk: Talk, press: Ask) -> Answer:
        return Answer(press.topic)


class Answer(State, frozen=True):
    """One question answered. ``words``: those in which it was asked."""

    public = True
    topic: Topic
    words: str = ""

    async def show(self, talk: Talk) -> Screen:
        said, ways = answer_of(talk, self.topic)
        return screen(
            paragraphs(bold(question_of(talk, self.topic)), said),
            *ways,
            _send(talk, self.words),
            _person(talk) if not any(isinstance(way.action, OpenPerson) for way in ways) else None,
            Choice(talk.t("All questions"), OpenHelp()),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Use the buttons below, or write another question.")

    async def on_text(self, talk: Talk, said: Text) -> Questions | Answer | Found | NothingFound:
        return search(talk, said.text)

    async def on_words(self, talk: Talk, press: SendWords) -> ChooseKind:
        return await _written(talk, self.words)


class Found(State, frozen=True):
    """Several questions fit what was written."""

    public = True
    topics: tuple[Topic, ...]
    words: str = ""

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("Is it one of these?"),
            *_questions(talk, self.topics),
            _send(talk, self.words),
            _person(talk),
            Choice(talk.t("All questions"), OpenHelp()),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Choose a question below, or write it in your own words.")

    async def on_text(self, talk: Talk, said: Text) -> Questions | Answer | Found | NothingFound:
        return search(talk, said.text)

    async def on_ask(self, talk: Talk, press: Ask) -> Answer:
        return Answer(press.topic, self.words)

    async def on_words(self, talk: Talk, press: SendWords) -> ChooseKind:
        return await _written(talk, self.words)


class NothingFound(State, frozen=True):
    """Nothing fits: a person will."""

    public = True
    words: str = ""

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("I have no ready answer to this. Shall I hand your words to our staff? A person answers here."),
            _send(talk, self.words, Tone.primary),
            Choice(talk.t("🙋 Ask a person"), OpenPerson(), Tone.plain if self.words else Tone.primary),
            Choice(talk.t("All questions"), OpenHelp()),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Use the buttons below, or write another question.")

    async def on_text(self, talk: Talk, said: Text) -> Questions | Answer | Found | NothingFound:
        return search(talk, said.text)

    async def on_words(self, talk: Talk, press: SendWords) -> ChooseKind:
        return await _written(talk, self.words)


@entry(commands=("help",), public=True)
async def open_help(talk: Talk, action: OpenHelp) -> Questions | Answer | Found | NothingFound:
    """Works before registration too: that is where most people get stuck."""
    return search(talk, action.words) if action.words else Questions()


def search(talk: Talk, words: str) -> Questions | Answer | Found | NothingFound:
    if says_thanks(words):
        talk.tell(talk.t("You are welcome!"))
        return Questions()
    topics, words = find(talk, words), words.strip()[:MAX_TEXT]
    if not topics:
        return NothingFound(words)
    return Answer(topics[0], words) if len(topics) == 1 else Found(topics, words)


async def _written(talk: Talk, words: str) -> ChooseKind:
    """An appeal that begins with what was written here."""
    draft = await begin(talk)
    return ChooseKind(await keep(talk, draft, Text(words)) if words else draft)


def _send(talk: Talk, words: str, tone: Tone = Tone.plain) -> Choice | None:
    return Choice(talk.t("✍️ Send my words to staff"), SendWords(), tone) if words else None


def _questions(talk: Talk, topics: tuple[Topic, ...]) -> list[Choice]:
    return [Choice(question_of(talk, topic), Ask(topic)) for topic in topics]


def _person(talk: Talk) -> Choice:
    return Choice(talk.t("🙋 Ask a person"), OpenPerson())


def _commands(talk: Talk) -> Rich:
    known = command_menu((talk.language,))[talk.language]
    return lines(talk.t("You can also type:"), *(f"/{name} – {about}" for name, about in known))
