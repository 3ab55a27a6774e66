"""Telegram's edge: the Bot API's updates become events, our screens become its messages."""
