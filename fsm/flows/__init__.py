"""One conversation, one file."""
