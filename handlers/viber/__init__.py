"""Viber's way in and out: signed webhooks to events, messages to the REST API."""
