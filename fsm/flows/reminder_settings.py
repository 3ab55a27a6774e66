"""What a person wants to be reminded of, how early, at what hour, in which messenger, and for how long not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum

from core.billing.models import AccountNumber, number_key
from core.reminders.models import Prefs
from fsm.account_reads import today_of
from fsm.account_words import LONGEST_LABEL, label, shorten
from fsm.action import Action
from fsm.actions import OpenOtherMessages, OpenProfile, OpenReminders
from fsm.screen import Choice, Screen, Tone, bold, lines, paragraphs, screen
from fsm.state import State, entry
from fsm.talk import Talk
from fsm.told_sessions import messenger

EARLY = (1, 2, 3, 5, 7)
PAUSES = (7, 14, 30, 60)  # days


class What(StrEnum):
    """A setting that has a screen of its own."""

    early = "early"
    hour = "hour"
    where = "where"
    accounts = "accounts"
    pause = "pause"


class Switch(Action, frozen=True, tag="rset.on"):
    """Reminders of debts on or off."""

    on: bool


class Early(Action, frozen=True, tag="rset.early"):
    """How many days before the due date; 0 for the operator's own."""

    days: int


class Hour(Action, frozen=True, tag="rset.hour"):
    """At what hour; -1 for any."""

    hour: int


class Where(Action, frozen=True, tag="rset.where"):
    """In which messenger; empty for the one used last."""

    channel: str


class Account(Action, frozen=True, tag="rset.acc"):
    """Reminders of one account on or off."""

    number: str
    on: bool


class Pause(Action, frozen=True, tag="rset.pause"):
    """No reminders for so many days; 0 to go on."""

    days: int


class Set(Action, frozen=True, tag="rset"):
    """Opens one setting."""

    what: What


@entry(commands=("reminders",))
async def open_reminders(talk: Talk, action: OpenReminders) -> ReminderSettings:
    return ReminderSettings(await talk.core.reminders.prefs(talk.subscriber.id))


class ReminderSettings(State, frozen=True):
    """All settings on one screen. ``prefs`` as they are after the last change."""

    prefs: Prefs

    async def show(self, talk: Talk) -> Screen:
        prefs = self.prefs
        if not prefs.debts:
            return screen(
                paragraphs(bold(talk.t("🔕 Reminders of debts are off.")), _law(talk)),
                Choice(talk.t("🔔 Switch them on"), Switch(True), Tone.primary),
                Choice(talk.t("📨 Other messages"), OpenOtherMessages()),
                Choice(talk.t("👤 My profile"), OpenProfile()),
            )
        paused = _paused(self.prefs, today_of(talk))
        return screen(
            paragraphs(
                bold(
                    talk.t("⏸ Reminders are paused until {day}.", day=talk.translator.day(paused))
                    if paused
                    else talk.t("🔔 Reminders of debts are on.")
                ),
                lines(_early(talk, prefs), _hour(talk, prefs), _where(talk, prefs), _silent(talk, prefs)),
                _law(talk),
            ),
            (Choice(talk.t("📅 How early"), Set(What.early)), Choice(talk.t("🕙 At what hour"), Set(What.hour))),
            (Choice(talk.t("💬 Where"), Set(What.where)), Choice(talk.t("🏠 Which accounts"), Set(What.accounts))),
            Choice(talk.t("▶️ Go on now"), Pause(0)) if paused else Choice(talk.t("⏸ Pause"), Set(What.pause)),
            Choice(talk.t("🔕 Switch them off"), Switch(False)),
            Choice(talk.t("📨 Other messages"), OpenOtherMessages()),
            Choice(talk.t("👤 My profile"), OpenProfile()),
        )

    async def on_switch(self, talk: Talk, press: Switch) -> ReminderSettings:
        return _changed(talk, self.prefs, debts=press.on)

    async def on_pause(self, talk: Talk, press: Pause) -> ReminderSettings:
        return _changed(talk, self.prefs, paused_until=None)

    async def on_set(self, talk: Talk, press: Set) -> HowEarly | AtWhatHour | WhichMessenger | WhichAccounts | HowLong:
        match press.what:
            case What.early:
                return HowEarly(self.prefs)
            case What.hour:
                return AtWhatHour(self.prefs)
            case What.where:
                return WhichMessenger(self.prefs)
            case What.accounts:
                return WhichAccounts(self.prefs)
            case What.pause:
                return HowLong(self.prefs)


class HowEarly(State, frozen=True):
    """How many days before the due date the first reminder comes."""

    prefs: Prefs

    async def show(self, talk: Talk) -> Screen:
        days = [Choice(talk.n("{n} day before", "{n} days before", n), Early(n)) for n in EARLY]
        return screen(
            bold(talk.t("How early shall the first reminder come?")),
            *(tuple(days[start : start + 2]) for start in range(0, len(days), 2)),
            Choice(talk.t("As the operator does"), Early(0)),
        )

    async def on_days(self, talk: Talk, press: Early) -> ReminderSettings | HowEarly:
        if press.days not in (0, *EARLY):
            return self
        return _changed(talk, self.prefs, ahead=press.days or None)


class AtWhatHour(State, frozen=True):
    """At which hour of the day reminders come."""

    prefs: Prefs

    async def show(self, talk: Talk) -> Screen:
        hours = [Choice(f"{hour}:00", Hour(hour)) for hour in _hours(talk)]
        return screen(
            paragraphs(
                bold(talk.t("At what hour shall I remind you?")),
                talk.t("At weekends and on public holidays not before {hour}:00.", hour=_policy_late(talk)),
            ),
            *(tuple(hours[start : start + 3]) for start in range(0, len(hours), 3)),
            Choice(talk.t("Any time of the day"), Hour(-1)),
        )

    async def on_hour(self, talk: Talk, press: Hour) -> ReminderSettings | AtWhatHour:
        if press.hour not in (-1, *_hours(talk)):
            return self
        return _changed(talk, self.prefs, hour=None if press.hour < 0 else press.hour)


class WhichMessenger(State, frozen=True):
    """Where reminders come, for somebody who is signed in to several messengers."""

    prefs: Prefs

    async def show(self, talk: Talk) -> Screen:
        channels = await _channels(talk)
        if len(channels) < 2:
            return screen(
                talk.t(
                    "You are signed in to {messenger} alone, so reminders come here. "
                    "Sign in to another messenger with the same phone, and you can choose.",
                    messenger=messenger(talk.chat.channel),
                )
            )
        return screen(
            bold(talk.t("Where shall I remind you?")),
            *(Choice(messenger(channel), Where(channel)) for channel in channels),
            Choice(talk.t("Where I wrote last"), Where("")),
        )

    async def on_where(self, talk: Talk, press: Where) -> ReminderSettings | WhichMessenger:
        if press.channel not in ("", *await _channels(talk)):
            return self
        return _changed(talk, self.prefs, channel=press.channel)


class WhichAccounts(State, frozen=True):
    """Each account with a mark; a press turns it over. ``page`` counts from 0."""

    prefs: Prefs

    async def show(self, talk: Talk) -> Screen:
        links = await talk.core.links.of_subscriber(talk.subscriber.id)
        if not links:
            return screen(talk.t("You have no accounts here yet."))
        buttons = []
        for link in links[:20]:
            on = link.account_number not in self.prefs.muted
            name = shorten(label(talk, link), LONGEST_LABEL - 2)
            buttons.append(Choice(f"{'✅' if on else '🔕'} {name}", Account(link.account_number, not on)))
        return screen(
            paragraphs(
                bold(talk.t("Which accounts shall I remind you of?")),
                talk.t("Press an account to switch its reminders on or off."),
            ),
            *buttons,
            Choice(talk.t("⚙️ Reminders"), OpenReminders(), Tone.primary),
        )

    async def on_account(self, talk: Talk, press: Account) -> WhichAccounts:
        links = await talk.core.links.of_subscriber(talk.subscriber.id)
        wanted = number_key(press.number)
        number = next((one.account_number for one in links if number_key(one.account_number) == wanted), None)
        if number is None:  # forged, or taken away meanwhile
            return self
        return WhichAccounts(self._turn(talk, number, on=press.on))

    def _turn(self, talk: Talk, number: AccountNumber, *, on: bool) -> Prefs:
        service, person = talk.core.reminders, talk.subscriber.id
        talk.write(service.unmute(person, number) if on else service.mute(person, number))
        muted = self.prefs.muted - {number} if on else self.prefs.muted | {number}
        return replace(self.prefs, muted=muted)


class HowLong(State, frozen=True):
    """For how long no reminders come."""

    prefs: Prefs

    async def show(self, talk: Talk) -> Screen:
        today = today_of(talk)
        return screen(
            paragraphs(bold(talk.t("Until when shall I keep silent?")), _law(talk)),
            *(Choice(talk.translator.day(today + timedelta(days=days)), Pause(days)) for days in PAUSES),
        )

    async def on_days(self, talk: Talk, press: Pause) -> ReminderSettings | HowLong:
        if press.days not in PAUSES:
            return self
        return _changed(talk, self.prefs, paused_until=today_of(talk) + timedelta(days=press.days))


def _changed(talk: Talk, prefs: Prefs, **values: object) -> ReminderSettings:
    talk.write(talk.core.reminders.change(talk.subscriber.id, **values))
    talk.say_briefly(talk.t("Saved."))
    return ReminderSettings(replace(prefs, **values))  # type: ignore[arg-type]  # names and types are Prefs' own


async def _channels(talk: Talk) -> list[str]:
    chats = await talk.core.subscribers.chats_of(talk.subscriber.id)
    return sorted({chat.channel for chat in chats})


def _hours(talk: Talk) -> range:
    policy = talk.core.reminders.policy
    return range(policy.opens, policy.closes)


def _policy_late(talk: Talk) -> int:
    return talk.core.reminders.policy.opens_late


def _paused(prefs: Prefs, today: date) -> date | None:
    return prefs.paused_until if prefs.paused_until is not None and prefs.paused_until > today else None


def _early(talk: Talk, prefs: Prefs) -> str:
    ahead = prefs.ahead
    if ahead is None:
        before = [-day for day in talk.core.reminders.policy.stages if day < 0]
        if not before:
            return talk.t("First reminder: on the due date")
        ahead = min(before)
    return talk.n("First reminder: {n} day before the due date", "First reminder: {n} days before the due date", ahead)


def _hour(talk: Talk, prefs: Prefs) -> str:
    policy = talk.core.reminders.policy
    if prefs.hour is None:
        return talk.t("Hour: any, from {start}:00 to {end}:00", start=policy.opens, end=policy.closes)
    return talk.t("Hour: about {hour}:00", hour=prefs.hour)


def _where(talk: Talk, prefs: Prefs) -> str:
    if not prefs.channel:
        return talk.t("Where: in the messenger in which you wrote last")
    return talk.t("Where: {messenger}", messenger=messenger(prefs.channel))


def _silent(talk: Talk, prefs: Prefs) -> str:
    count = len(prefs.muted)
    return talk.n("Without reminders: {n} account", "Without reminders: {n} accounts", count) if count else ""


def _law(talk: Talk) -> str:
    if not talk.core.reminders.policy.suspend_after:
        return ""
    return talk.t("Only the warning before a suspension comes in any case: the law asks for it.")
