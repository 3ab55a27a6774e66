"""Conversations: they know neither a messenger nor SQL."""
