"""Telegram's edge, against a Bot API that answers over HTTP."""
