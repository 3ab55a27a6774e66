"""A state whose screen speaks of one appeal."""

from __future__ import annotations

from typing import ClassVar

from fsm.state import State


class AboutAppeal(State, frozen=True):
    """An answer to its message goes into that appeal, however much later it comes."""

    appeal_id: str
    public: ClassVar[bool] = True

    @property
    def about(self) -> str:
        return self.appeal_id
