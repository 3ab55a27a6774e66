"""Requests to the operator's staff, kept until a person has answered them."""
