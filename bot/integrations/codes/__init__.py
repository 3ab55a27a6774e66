"""Ways to send a one-time code: an SMS gateway and a mail server."""
