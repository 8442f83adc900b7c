"""Parts of the drill that are tests: damaged files, bombs, and slow servers."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.drill.outcome import Outcome

# What each is called in the table, and its tests.
PARTS = {
    "each file of a model, damaged": "tests/model/recogniser/test_damage.py",
    "what a killed run left, damaged": "tests/pipelines/archive/test_remains.py",
    "files of the tables, damaged": "tests/pipelines/transcripts/test_damage.py",
    "files of the tables that are gone": "tests/pipelines/archive/test_loss.py",
    "bombs and other hostile images": "tests/pipelines/decoding/test_decoding.py",
    "slow and endless servers": "tests/pipelines/files/test_web.py",
    "addresses of inner networks": "tests/pipelines/files/test_hosts.py",
}


def run_tests(name: str, module: str) -> Outcome:
    """Run the tests of a module; each is one try."""
    outcome = Outcome(name)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        options = ["-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        subprocess.run([sys.executable, "-m", "pytest", *options, module], capture_output=True)
        if not report.exists():
            outcome.add(f"{module} does not run; try it with pytest")
            return outcome
        for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314
            if case.find("skipped") is None:
                is_bad = case.find("failure") is not None or case.find("error") is not None
                outcome.add(case.get("name", "") if is_bad else "")
    return outcome
