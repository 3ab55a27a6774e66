"""Words for agents, in the operator's first language."""

from __future__ import annotations

from core.appeals.kinds import Kinds
from core.appeals.models import Appeal
from core.appeals.staff import NotPossible
from core.operator import Operator
from fsm import helpdesk_words
from fsm.texts import Translator
from handlers.desk.words import Words


class AgentWords:
    """Also the words that a subscriber reads where an agent closed a ticket without any."""

    def __init__(self, operator: Operator, kinds: Kinds) -> None:
        self._kinds = kinds
        language = operator.languages[0]
        self._translator = Translator(language, operator.zone)
        self._desk = Words(language, operator.zone)

    def kind(self, appeal: Appeal) -> str:
        return helpdesk_words.kind_title(self._translator, self._kinds, appeal)

    def card(self, appeal: Appeal) -> str:
        return helpdesk_words.card(self._translator, self._kinds, appeal)

    def lost_file(self) -> str:
        return helpdesk_words.lost_file(self._translator)

    def closed_silently(self, state: str) -> str:
        return helpdesk_words.closed_silently(self._translator, state)

    def unread(self) -> str:
        return helpdesk_words.unread(self._translator)

    def left_out(self, names: str) -> str:
        return helpdesk_words.left_out(self._translator, names)

    def impossible(self, error: NotPossible) -> str:
        return helpdesk_words.impossible(self._translator, self._desk.t(error.message, **error.values))
