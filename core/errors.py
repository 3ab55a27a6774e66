"""What can go wrong in ways that the program expects."""

from __future__ import annotations


class Stale(Exception):
    """A described write did not find what it expected (somebody was faster): the turn runs again on fresh reads."""


class OutsideUnavailable(Exception):
    """An outside system did not answer within its limit or answered nonsense; the chat goes on without it."""
