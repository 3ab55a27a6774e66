"""The people served: their chats, consents, codes, and rights to accounts."""
