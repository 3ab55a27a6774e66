"""Fixtures that every test may ask for, and the rules under which the whole suite runs."""

import os
import sys
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings
from structlog._config import BoundLoggerLazyProxy

PACKAGES = ("bot", "handlers", "fsm", "core")

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


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A test that configures the logs (the command line does) must not blind a later one that captures them.

    Loggers at the top of modules keep what they were first bound to: they are told to look again.
    """
    yield
    if not structlog.is_configured():
        return
    structlog.reset_defaults()
    for module in list(sys.modules.values()):
        for value in list(vars(module).values()) if module.__name__.split(".")[0] in PACKAGES else ():
            if isinstance(value, BoundLoggerLazyProxy):
                value.__dict__.pop("bind", None)
