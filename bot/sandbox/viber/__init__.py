"""A Viber REST API server that stands in for Viber: signed callbacks, keyboards checked as the app does."""
