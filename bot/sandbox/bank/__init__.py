"""A bank for the demo and the tests: payments by a page, signed notices, and every bad day that a bank can have."""
