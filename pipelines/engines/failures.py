"""Why a job failed that another engine than Beam's local one ran, in one line."""

from __future__ import annotations

import re

from pipelines.cli.options import UsageError

# Begins what a worker says that cannot take part in a run.
UNFIT = "this worker cannot begin:"
# How Beam begins its list of what is wrong with flags, and what it says without a job server.
_INVALID = "validations errors:"
_MISSING_JAR = re.compile(r"Unable to fetch remote job server jar at (\S+): ")
# Packages whose errors are answers of Google's services, or that there are no credentials.
_OF_GOOGLE = ("google.", "apitools.")
# What Flink says when a job waited for slots in vain.
_NO_SLOTS = "noresourceavailableexception"
# What runners say of a worker that went away, in lower case.
_LOST = (
    "unavailable",
    "connection reset",
    "connection refused",
    "disconnected",
    "eof",
    "worker died",
    "channel closed",
    "socket closed",
    "lost",
    "heartbeat",
)


def explain_failure(error: Exception) -> UsageError | str | None:
    r"""Return what to say of a job that another engine than Beam's local one did not finish.

    Args:
        error: What the runner raised.

    Returns:
        An error where the engine cannot be used so; one line where a worker or the engine went
        away; None for another reason.

    Example:
        >>> explain_failure(RuntimeError("Traceback:\nValueError: not a page")) is None
        True
        >>> explain_failure(RuntimeError("Traceback:\nsdk worker disconnected"))[:50]
        'the job failed, as a worker or the engine went awa'
        >>> explain_failure(ValueError("Pipeline has validations errors: \nMissing a."))
        UsageError('Missing a.')
    """
    text = str(error)
    if isinstance(error, ValueError) and _INVALID in text:
        return UsageError(" ".join(text.partition(_INVALID)[2].split()))
    if said := said_by_worker(text):
        return UsageError(f"a worker cannot begin: {said}")
    if match := _MISSING_JAR.search(text):
        return UsageError(
            f"the job server cannot be fetched from {match[1]}; give it by "
            "--flink_job_server_jar, or start one and give its --job_endpoint"
        )
    if f"{type(error).__module__}.".startswith(_OF_GOOGLE):
        return UsageError(f"Google refused the job: {last_line(text)[:300]}; see docs/engines.md")
    if _NO_SLOTS in text.lower():
        return (
            "Flink had not as many free slots as --parallelism asks for; give a smaller one, or "
            "start task managers, and run the same command again"
        )
    if not any(sign in text.lower() for sign in _LOST):
        return None
    return (
        f"the job failed, as a worker or the engine went away ({last_line(text)[:200]}); what was "
        "done is kept: run the same command again to go on"
    )


def why_unfit(error: BaseException) -> str:
    """Return why a worker could not take part in a tiny job.

    Args:
        error: What the runner raised.
    """
    text = str(error)
    if said := said_by_worker(text):
        return f"a worker on {said}; install the same versions there"
    if match := re.search(r"No module named '?([\w.]+)", text):
        return (
            f"a worker has no module {match[1]}; install Quire in the environment of the pool "
            "(the first `python` of its PATH)"
        )
    return f"a worker could not start: {last_line(text)}"


def said_by_worker(text: str) -> str:
    """Return what a worker said that cannot take part; empty if none did."""
    match = re.search(f"{UNFIT} (.+)", text)
    return match[1].partition(" [while running")[0].rstrip("'\"\\n ") if match else ""


def last_line(text: str) -> str:
    r"""Return the last line of an error that says something.

    Example:
        >>> last_line("Traceback:\n  File x\nValueError: no\n\n>")
        'ValueError: no'
    """
    lines = [line.strip() for line in text.splitlines()]
    return next((line for line in reversed(lines) if len(line) > 3), text.strip())
