"""Fixtures that every test may ask for, and the rules under which the whole suite runs."""

import os

from hypothesis import settings

pytest_plugins = [
    "tests.plugins.skips",
    "tests.support.postgres",
    "tests.support.browser",
]

# The same examples on every run, and never a failure because a machine was slow.
# ABONENT_HYPOTHESIS=explore looks for new ones.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("ABONENT_HYPOTHESIS", "fixed"))
