"""Load the DAG and run it, a day for each line of the standard input; for Airflow's own Python.

A line is a JSON object: `without`, a package that cannot be imported, and `retried`, an address to
call before the task is tried again; both may be empty. The answer is a line of JSON: why the DAG
could not be loaded, or its settings and how the day ended.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import requests
from airflow.dag_processing.dagbag import DagBag


def main() -> None:
    """Answer until the input ends."""
    # What Airflow prints goes with its messages.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        asked = json.loads(line)
        with hidden(asked["without"]):
            answer = day(DagBag(), asked["retried"])
        print(json.dumps(answer), file=answers, flush=True)


@contextmanager
def hidden(package: str) -> Iterator[None]:
    """Let a package be missing; none if the name is empty."""
    gone = {
        name: sys.modules.pop(name)
        for name in list(sys.modules)
        if package and f"{name}.".startswith(f"{package}.")
    }
    if package:
        sys.modules[package] = None
    try:
        yield
    finally:
        sys.modules.pop(package, None)
        sys.modules.update(gone)


def day(bag: DagBag, retried: str) -> dict:
    """Run the DAG once, if it could be loaded; return what happened."""
    if bag.import_errors:
        return {"import_errors": list(bag.import_errors.values())}
    (dag,) = bag.dags.values()
    (task,) = dag.tasks
    settings = {
        "runs_at_once": dag.max_active_runs,
        "catchup": dag.catchup,
        "schedule": dag.schedule,
        "retries": task.retries,
        "retry_delay_s": task.retry_delay.total_seconds(),
    }
    # The days of a test wait for nothing.
    task.retry_delay = timedelta(0)
    if retried:
        task.on_retry_callback = [lambda context: requests.get(retried, timeout=300)]
    run = dag.test()
    (instance,) = run.get_task_instances()
    return {**settings, "state": run.state, "tries": instance.try_number}


if __name__ == "__main__":
    main()
