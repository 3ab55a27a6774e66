"""A Bot API server that stands in for Telegram: same methods, same refusals, people who press buttons."""
