"""The way in for other helpdesks: their webhooks."""
