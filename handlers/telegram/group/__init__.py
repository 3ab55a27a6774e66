"""The staff's group in Telegram: a topic for each appeal, and what staff write there."""
