"""What people are told of their appeals when something happens there: an answer, a question, a decision, a delay."""

from __future__ import annotations

from datetime import datetime

from core.appeals.models import SETTLED, Appeal, AppealStatus
from fsm.actions import (
    AnswerAppeal,
    ConfirmAppeal,
    OpenAppeal,
    RateAppeal,
    ReturnAppeal,
    WithdrawAppeal,
)
from fsm.screen import Choice, KeptFile, Rich, Row, Screen, Tone, bold, paragraphs, rich, screen
from fsm.texts import Translator

SHOWN = 3000  # characters of staff's words; they are never longer than that


def started(translator: Translator, appeal: Appeal) -> Screen:
    """Somebody works on it."""
    return screen(
        paragraphs(
            "🛠 " + bold(translator.t("Your appeal No. {appeal} is being worked on.", appeal=appeal.number)),
            _by(translator, appeal.due_at),
        ),
        (_write_back(translator, appeal, Tone.plain), _see(translator, appeal)),
        withdraw_choice(translator, appeal),
    )


def answered(translator: Translator, appeal: Appeal, text: str) -> Screen:
    """A person wrote, and goes on working."""
    return screen(
        paragraphs(
            bold(translator.t("💬 Answer to your appeal No. {appeal}", appeal=appeal.number)),
            text[:SHOWN],
        ),
        (_write_back(translator, appeal), _see(translator, appeal)),
        *_ways_on(translator, appeal),
    )


def asked(translator: Translator, appeal: Appeal, text: str) -> Screen:
    """A person asks, and waits for the answer."""
    return screen(
        paragraphs(
            bold(translator.t("❓ A question about your appeal No. {appeal}", appeal=appeal.number)),
            text[:SHOWN],
            translator.t("Work goes on when you have answered."),
        ),
        (_write_back(translator, appeal), _see(translator, appeal)),
        *_ways_on(translator, appeal),
    )


def file(translator: Translator, appeal: Appeal, kept: KeptFile) -> Screen:
    """A picture or a document from staff."""
    said = rich(translator.t("📎 From our staff, appeal No. {appeal}", appeal=appeal.number))
    return Screen(said, ((_write_back(translator, appeal), _see(translator, appeal)),), kept=kept)


def decided(translator: Translator, appeal: Appeal) -> Screen:
    """Resolved or rejected: always with the reason in words, and a way to disagree."""
    head = (
        "✅ " + bold(translator.t("Your appeal No. {appeal} is solved.", appeal=appeal.number))
        if appeal.status is AppealStatus.resolved
        else "🚫 " + bold(translator.t("Your appeal No. {appeal} was refused.", appeal=appeal.number))
    )
    return screen(
        paragraphs(
            head,
            appeal.reason[:SHOWN],
            translator.t("Is it settled for you? If not, return it to work: a person looks at it again."),
        ),
        *verdict_rows(translator, appeal),
        _see(translator, appeal),
    )


def delayed(translator: Translator, appeal: Appeal) -> Screen:
    """The deadline was missed: an apology with a new date."""
    return screen(
        paragraphs(
            bold(translator.t("🙏 Your appeal No. {appeal} takes longer than we promised.", appeal=appeal.number)),
            translator.t("We are sorry. It is not forgotten."),
            _by(translator, appeal.due_at),
        ),
        (_write_back(translator, appeal, Tone.plain), _see(translator, appeal)),
        withdraw_choice(translator, appeal),
    )


def closing(translator: Translator, appeal: Appeal) -> Screen:
    """Nothing was heard for a while: soon it is closed."""
    when = translator.day(appeal.closing_at) if appeal.closing_at is not None else ""
    waits = (
        translator.t("Our staff wait for your answer.")
        if appeal.status is AppealStatus.pending
        else translator.t("You have not said whether it is settled.")
    )
    return screen(
        paragraphs(
            bold(translator.t("⏳ Appeal No. {appeal} closes on {day}.", appeal=appeal.number, day=when)),
            waits,
            translator.t("If nothing more is needed, you need not do anything."),
        ),
        *(
            [(_write_back(translator, appeal),)]
            if appeal.status is AppealStatus.pending
            else verdict_rows(translator, appeal)
        ),
        _see(translator, appeal),
    )


def closed(translator: Translator, appeal: Appeal) -> Screen:
    """Closed by silence."""
    return screen(
        paragraphs(
            bold(translator.t("Appeal No. {appeal} is closed.", appeal=appeal.number)),
            translator.t("We have not heard from you. You can return it to work, or write a new one at any time."),
            None if appeal.rating else translator.t("How did we do? 5 is very good."),
        ),
        rating_row(appeal.id) if not appeal.rating else None,
        return_choice(translator, appeal),
        _see(translator, appeal),
    )


def _by(translator: Translator, moment: datetime | None) -> Rich | None:
    if moment is None:
        return None
    return rich(translator.t("You will hear from us by {moment}.", moment=translator.moment(moment)))


def verdict_rows(translator: Translator, appeal: Appeal) -> list[Row]:
    """Whether it is settled: a plain yes or no."""
    yes = Choice(translator.t("✅ Yes, solved"), ConfirmAppeal(appeal.id), Tone.primary)
    no = Choice(translator.t("↩️ No, return to work"), ReturnAppeal(appeal.id))
    return [(yes,), (no,)]


def rating_row(appeal_id: str) -> Row:
    """One row, whatever the messenger: 1 to 5."""
    return tuple(Choice(f"{rating}⭐", RateAppeal(appeal_id, rating)) for rating in range(1, 6))


def withdraw_choice(translator: Translator, appeal: Appeal) -> Choice:
    return Choice(translator.t("No longer needed"), WithdrawAppeal(appeal.id))


def _ways_on(translator: Translator, appeal: Appeal) -> list[Row]:
    """After words of staff's: of something decided, whether it is settled; else, that no more is needed."""
    if appeal.status in SETTLED:
        return verdict_rows(translator, appeal)
    return [(withdraw_choice(translator, appeal),)]


def return_choice(translator: Translator, appeal: Appeal) -> Choice:
    """Of something closed: nothing is asked there that a "no" would answer."""
    return Choice(translator.t("↩️ Return to work"), ReturnAppeal(appeal.id))


def _see(translator: Translator, appeal: Appeal) -> Choice:
    return Choice(translator.t("👀 See it"), OpenAppeal(appeal.id))


def _write_back(translator: Translator, appeal: Appeal, tone: Tone = Tone.primary) -> Choice:
    return Choice(translator.t("✍️ Write back"), AnswerAppeal(appeal.id), tone)
