"""The skip report is what tells a green run from one that ran nothing: it is tested itself."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parent.parent
SUITE = """
import pytest

def test_runs(): pass

@pytest.mark.skip(reason="no moon tonight")
def test_one(): pass

@pytest.mark.skip(reason="no moon tonight")
def test_two(): pass

@pytest.mark.xfail(strict=False)
def test_known(): raise ValueError
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A suite of four tests, of which two are skipped, outside CI."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("ABONENT_CI", raising=False)
    pytester.makepyfile(SUITE)
    return pytester


def _run(suite: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return suite.runpytest_subprocess("-p", "tests.plugins.skips", "-p", "no:randomly", "-p", "no:asyncio", *arguments)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_skips_are_counted_aloud(suite: pytest.Pytester, workers: str) -> None:
    """The count and the reason stand at the end, with xdist and without; an expected failure is no skip."""
    result = _run(suite, "-n", workers)

    result.stdout.fnmatch_lines(["!* 2 SKIPPED !*", "*2  no moon tonight*"])
    assert result.ret == pytest.ExitCode.OK


@pytest.mark.parametrize("variable", ["CI", "ABONENT_CI"])
def test_a_skip_fails_ci(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """In CI the same run is a failure, for whatever was skipped there is tested nowhere."""
    monkeypatch.setenv(variable, "true")

    result = _run(suite)

    result.stdout.fnmatch_lines(["*2 SKIPPED, AND IN CI THAT IS A FAILURE*"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_nothing_skipped_is_nothing_to_say(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run without skips passes in CI and says nothing of them."""
    monkeypatch.setenv("CI", "true")

    result = _run(suite, "-k", "test_runs or test_known")

    assert result.ret == pytest.ExitCode.OK
    assert "SKIPPED" not in result.stdout.str()
