"""The questions that people ask, each with a short honest answer, the thing itself, and always a person."""

from __future__ import annotations

from fsm.action import Action
from fsm.actions import OpenHelp, OpenPerson
from fsm.commands import command_menu
from fsm.event import Text
from fsm.help_topics import Topic, answer_of, find, question_of
from fsm.screen import Choice, Rich, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk
from fsm.words import says_thanks


class Ask(Action, frozen=True, tag="h.ask"):
    topic: Topic


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
            _person(talk),
            hint=talk.t("Your question"),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Choose a question below, or write it in your own words.")

    async def on_text(self, talk: Talk, said: Text) -> Questions | Answer | Found | NothingFound:
        return _search(talk, said.text)

    async def on_ask(self, talk: Talk, press: Ask) -> Answer:
        return Answer(press.topic)


class Answer(State, frozen=True):
    """One question answered."""

    public = True
    topic: Topic

    async def show(self, talk: Talk) -> Screen:
        said, ways = answer_of(talk, self.topic)
        return screen(
            paragraphs(bold(question_of(talk, self.topic)), said),
            *ways,
            _person(talk) if not any(isinstance(way.action, OpenPerson) for way in ways) else None,
            Choice(talk.t("All questions"), OpenHelp()),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Use the buttons below, or write another question.")

    async def on_text(self, talk: Talk, said: Text) -> Questions | Answer | Found | NothingFound:
        return _search(talk, said.text)


class Found(State, frozen=True):
    """Several questions fit what was written."""

    public = True
    topics: tuple[Topic, ...]

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("Is it one of these?"),
            *_questions(talk, self.topics),
            _person(talk),
            Choice(talk.t("All questions"), OpenHelp()),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Choose a question below, or write it in your own words.")

    async def on_text(self, talk: Talk, said: Text) -> Questions | Answer | Found | NothingFound:
        return _search(talk, said.text)

    async def on_ask(self, talk: Talk, press: Ask) -> Answer:
        return Answer(press.topic)


class NothingFound(State, frozen=True):
    """Nothing fits: a person will."""

    public = True

    async def show(self, talk: Talk) -> Screen:
        return screen(
            talk.t("I have no ready answer to this. A person can help, or write it in other words."),
            Choice(talk.t("🙋 Ask a person"), OpenPerson(), Tone.primary),
            Choice(talk.t("All questions"), OpenHelp()),
        )

    def expects(self, talk: Talk) -> str:
        return talk.t("Use the buttons below, or write another question.")

    async def on_text(self, talk: Talk, said: Text) -> Questions | Answer | Found | NothingFound:
        return _search(talk, said.text)


@entry(commands=("help",), public=True)
async def open_help(talk: Talk, action: OpenHelp) -> Questions | Answer | Found | NothingFound:
    """Works before registration too: that is where most people get stuck."""
    return _search(talk, action.words) if action.words else Questions()


def _search(talk: Talk, words: str) -> Questions | Answer | Found | NothingFound:
    if says_thanks(words):
        talk.tell(talk.t("You are welcome!"))
        return Questions()
    topics = find(talk, words)
    if not topics:
        return NothingFound()
    return Answer(topics[0]) if len(topics) == 1 else Found(topics)


def _questions(talk: Talk, topics: tuple[Topic, ...]) -> list[Choice]:
    return [Choice(question_of(talk, topic), Ask(topic)) for topic in topics]


def _person(talk: Talk) -> Choice:
    return Choice(talk.t("🙋 Ask a person"), OpenPerson())


def _commands(talk: Talk) -> Rich:
    known = command_menu((talk.language,))[talk.language]
    return lines(talk.t("You can also type:"), *(f"/{name} – {about}" for name, about in known))
