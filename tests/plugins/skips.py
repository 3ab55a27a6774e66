"""Says loudly what was skipped and why, and lets no skip pass in CI: an unrun test proves nothing."""

import os
from collections import Counter
from collections.abc import Iterator

import pytest

_REASONS = pytest.StashKey[Counter[str]]()


def in_ci() -> bool:
    """Whether a skip is a failure here: `CI` or `ABONENT_CI` is set to something true."""
    return any(os.environ.get(name, "").lower() in {"1", "true", "yes", "on"} for name in ("CI", "ABONENT_CI"))


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


class _Skips:
    """Counts skipped tests and modules by their reason (under xdist: in the controlling process)."""

    def __init__(self, reasons: Counter[str]) -> None:
        self.reasons = reasons

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self.reasons[_reason(report)] += 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.reasons[_reason(report)] += 1


def pytest_configure(config: pytest.Config) -> None:
    """Start counting, except in an xdist worker: its reports reach the controlling process."""
    reasons = config.stash[_REASONS] = Counter[str]()
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Skips(reasons), "abonent-skips")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Fail a run that is otherwise green if it skipped something in CI."""
    if session.config.stash[_REASONS] and in_ci() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the count of skips with each reason, whatever the verbosity."""
    reasons = config.stash[_REASONS]
    if not reasons:
        return
    colour = {"red": True} if in_ci() else {"yellow": True}
    verdict = "SKIPPED, AND IN CI THAT IS A FAILURE" if in_ci() else "SKIPPED"
    terminalreporter.section(f"{reasons.total()} {verdict}", "!", bold=True, **colour)
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count:5}  {reason}", **colour)
