"""The domain: knows no conversation and no network."""
