"""The task that sends a one-time code, and what the chat hears when it could not be sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot.integrations.codes.gateway import Gateway, Refused
from core.clock import Clock
from core.delivery.commit import Post
from core.delivery.tasks import Task
from core.operator import Operator
from core.subscribers.challenges import Challenge, Status
from core.subscribers.codes import CodeService, Purpose, Way
from fsm.action import ANYWHERE
from fsm.actions import OpenEmail, OpenLinking, OpenRegistration
from fsm.code_words import code_by_mail, code_by_sms, consent_by_mail, consent_by_sms
from fsm.draw import draw
from fsm.screen import Choice, Screen, screen
from fsm.state import Registry
from fsm.texts import Translator, choose_language


class CodeSender:
    """Carries out the tasks of the kind :data:`core.subscribers.codes.SEND_CODE`.

    ``gateways`` holds the ways that this installation has. ``post`` puts a message into the outbox.
    """

    def __init__(
        self,
        codes: CodeService,
        clock: Clock,
        operator: Operator,
        registry: Registry,
        gateways: Mapping[Way, Gateway],
        post: Callable[[Post], Awaitable[None]],
    ) -> None:
        self._codes = codes
        self._clock = clock
        self._operator = operator
        self._registry = registry
        self._gateways = gateways
        self._post = post

    async def __call__(self, task: Task) -> None:
        """Raises OutsideUnavailable to be called again; Refused when it is of no use."""
        challenge = await self._codes.find(task.payload["challenge"])
        if challenge is None or challenge.status is not Status.open:
            return  # used, replaced or forgotten meanwhile: nobody waits for it
        if challenge.expires_at <= self._clock.now():
            raise Refused("the code is too old to be sent")
        gateway = self._gateways.get(Way(challenge.way))
        if gateway is None:
            raise Refused(f"there is no way to send by {challenge.way}")
        translator = self._translator(task)
        code = self._codes.code(challenge.id)
        # The code for an account goes to its holder, who is to read it to somebody: another text.
        consent = challenge.purpose == Purpose.account
        if challenge.way == Way.sms:
            say = consent_by_sms if consent else code_by_sms
            subject, text = "", say(translator, code, self._operator.name)
        else:
            write = consent_by_mail if consent else code_by_mail
            subject, text = write(translator, code, self._operator.name)
        await gateway.send(challenge.target, subject, text, task.id)

    async def gave_up(self, task: Task) -> None:
        """Tells the chat that waits for the code."""
        challenge = await self._codes.find(task.payload["challenge"])
        if challenge is None or challenge.status is not Status.open:
            return
        await self._codes.not_sent(challenge.id)
        translator = self._translator(task)
        message, _writes = draw(
            _sorry(translator, challenge),
            stamp=ANYWHERE,
            registry=self._registry,
            translator=translator,
            now=self._clock.now(),
        )
        await self._post(Post(challenge.chat_id, message))

    def _translator(self, task: Task) -> Translator:
        language = choose_language(task.payload.get("language", ""), self._operator.languages)
        return Translator(language, self._operator.zone)


def _sorry(translator: Translator, challenge: Challenge) -> Screen:
    t = translator.t
    if challenge.purpose == Purpose.phone:
        way_on = Choice(t("↻ Try again"), OpenRegistration())
        said = t("I could not send the SMS with the code: the operator's SMS service is not answering.")
    elif challenge.purpose == Purpose.email:
        way_on = Choice(t("↻ Try again"), OpenEmail())
        said = t("I could not send the letter with the code. Please check the address, or try again later.")
    else:
        way_on = Choice(t("↻ Try again"), OpenLinking())
        said = t("I could not send the code.")
    help_offered = t("Nothing is lost. Try again, or ask a person to help.")
    return screen(f"{said}\n\n{help_offered}", way_on)
