"""Payments: orders, the links that lead to them, and what a provider says became of them."""
