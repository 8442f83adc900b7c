"""What became of a run, for a monitoring: --metrics_file.

Text in the OpenMetrics format, https://prometheus.io/docs/specs/om/open_metrics_spec/, as the
textfile collector of node_exporter reads it; or a JSON object in one line. A file is replaced as a
whole, and says of a run that failed when the last one succeeded.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pipelines.cli.options import EXIT_OK, UsageError

_JSON = ".json"
_LAST_SUCCESS = "quire_run_last_success_timestamp_seconds"
# Metric to what it is; the columns of the account have a label for what became of them.
_HELP = {
    "quire_run_pages": "pages by what became of them",
    "quire_run_lines": "lines by what became of them",
    "quire_run_failures": "rows of the table failures, by stage",
    "quire_run_pages_known": "pages of the input that were read, by this run or an earlier one",
    "quire_run_duration_seconds": "how long the run took",
    "quire_run_exit_status": "0 complete, 2 unusable arguments, 3 too many failures, 4 interrupted",
    "quire_run_end_timestamp_seconds": "when the run ended",
    _LAST_SUCCESS: "when the last run ended that was complete",
}
_recorded: dict[str, object] = {}
# The file that the command of this process writes when it ends; empty for none.
_wanted: list[str] = []


def add_metrics_flag(parser: argparse.ArgumentParser) -> None:
    """Add `--metrics_file`."""
    parser.add_argument(
        "--metrics_file",
        default="",
        metavar="FILE",
        help="file to replace with what became of the run, for a monitoring: OpenMetrics, or one "
        f"line of JSON if it ends in {_JSON}",
    )


def record_account(account: Mapping[str, int], stages: Mapping[str, int]) -> None:
    """Record what a command has done, for the file that is written when it ends.

    Args:
        account: Result of `Account.columns`.
        stages: Stages to the number of their failures.
    """
    _recorded.update({"account": dict(account), "failures": dict(stages)})


def is_wanted() -> bool:
    """Whether the command of this process writes a file of metrics."""
    return bool(_wanted)


class MetricsFile:
    """The file of one run.

    Args:
        path: The file; empty for none.
        verb: The command.
        output: What it writes; empty if unknown.

    Raises:
        UsageError: If the folder of the file is not there.
    """

    def __init__(self, path: str, verb: str, output: str):
        self._path, self._labels = path, {"command": verb, "output": output}
        if path and not Path(path).absolute().parent.is_dir():
            raise UsageError(f"--metrics_file {path}: no such folder; make it")
        _recorded.clear()
        _wanted[:] = filter(None, [path])
        self._started = time.time()

    def write(self, status: int) -> None:
        """Write the file; called when the run has ended.

        Args:
            status: The exit status.

        Raises:
            OSError: If it cannot be written.
        """
        if not self._path:
            return
        ended = time.time()
        success = ended if status == EXIT_OK else _last_success(self._path)
        facts = {
            **self._labels,
            "exit_status": status,
            "end_timestamp_seconds": round(ended, 3),
            "duration_seconds": round(ended - self._started, 3),
            "last_success_timestamp_seconds": success and round(success, 3),
            **_recorded,
        }
        is_json = self._path.endswith(_JSON)
        text = f"{json.dumps(facts)}\n" if is_json else open_metrics(facts)
        # A collector never sees half a file.
        fresh = f"{self._path}.{os.getpid()}.part"
        try:
            Path(fresh).write_text(text, "utf-8", "backslashreplace")
            os.replace(fresh, self._path)
        finally:
            with suppress(OSError):
                os.unlink(fresh)


def open_metrics(facts: Mapping[str, object]) -> str:
    """Return the facts of a run in the OpenMetrics format.

    Args:
        facts: As `MetricsFile.write` has them.

    Example:
        >>> print(open_metrics({"command": "lines", "output": "o", "exit_status": 0}))
        # HELP quire_run_exit_status 0 complete, 2 unusable arguments, 3 too many failures, ...
        # TYPE quire_run_exit_status gauge
        quire_run_exit_status{command="lines",output="o"} 0
        # EOF
        <BLANKLINE>
    """
    labels = {name: str(facts[name]) for name in ("command", "output")}
    samples: dict[str, list[tuple[dict[str, str], object]]] = {}
    account = facts.get("account") or {}
    for name, count in account.items():
        what, _, outcome = name.partition("_")
        samples.setdefault(f"quire_run_{what}", []).append(({"outcome": outcome}, count))
    if account:
        known = account["pages_ok"] + account["pages_unchanged"]
        samples["quire_run_pages_known"] = [({}, known)]
    for stage, count in (facts.get("failures") or {}).items():
        samples.setdefault("quire_run_failures", []).append(({"stage": stage}, count))
    for metric in _HELP:
        value = facts.get(metric.removeprefix("quire_run_"))
        if isinstance(value, (int, float)):
            samples[metric] = [({}, value)]
    lines = []
    for metric, text in _HELP.items():
        if metric in samples:
            lines += [f"# HELP {metric} {text}", f"# TYPE {metric} gauge"]
            lines += [f"{metric}{_label(labels | more)} {value}" for more, value in samples[metric]]
    return "\n".join([*lines, "# EOF", ""])


def _label(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _last_success(path: str) -> float | None:
    """Return when the last run succeeded that wrote a file; None if unknown."""
    try:
        text = Path(path).read_text("utf-8", "replace")
        if path.endswith(_JSON):
            return float(json.loads(text)["last_success_timestamp_seconds"])
        # A label may hold spaces; the value is what follows the last one.
        return float(re.search(rf"^{_LAST_SUCCESS}\{{.* (\S+)$", text, re.MULTILINE)[1])
    except (OSError, ValueError, TypeError, KeyError):
        return None
