"""What all tests share: the real pages, and what to skip where."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parents[1]
NO_TENSORFLOW = "needs TFX and TensorFlow, which are not installed; run `make test`"
WHOLE_MODULE_TRAINS = re.compile(r"^pytestmark = .*\bmark\.train\b", re.MULTILINE)

# A busy machine is no failure; and a change is judged by the same examples each time, while
# runs at home go on looking for new ones.
settings.register_profile("untimed", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("untimed")

# A shell starts what runs in the background without it, and the programs that tests start inherit
# that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real archive pages.

    Returns:
        ../shared/data, beside the repository. Where it is missing the test is
        skipped, or fails if CI is set.
    """
    folder = REPOSITORY.parent / "shared" / "data"
    if folder.is_dir():
        return folder
    reason = f"{folder}: no such folder; the tests on real pages need it"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their number: gzip's hold the time, and processes must name tests alike."""
    return f"{argname} of {len(val)} bytes" if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what reads the real pages; skip training without TensorFlow."""
    for item in items:
        if "shared_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.data)
        if not _has_tensorflow() and item.get_closest_marker("train"):
            item.add_marker(pytest.mark.skip(reason=NO_TENSORFLOW))


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Skip a module that trains before its imports fail."""
    source = module_path.read_text(encoding="utf-8")
    if _has_tensorflow() or not WHOLE_MODULE_TRAINS.search(source):
        return None
    return _SkippedModule.from_parent(parent, path=module_path)


class _SkippedModule(pytest.Module):
    """A test module that is not imported."""

    def collect(self) -> list[pytest.Item]:
        """Skip the module."""
        pytest.skip(NO_TENSORFLOW, allow_module_level=True)


def _has_tensorflow() -> bool:
    return importlib.util.find_spec("tensorflow") is not None
