"""A DAG for Airflow 3: every night, read what is new in the archive, and post what became of it.

Change the constants and copy this file to Airflow's folder of DAGs. Airflow's environment needs
apache-airflow-providers-apache-beam and apache-airflow-providers-google, without which Beam's
operator does not work anywhere. Quire stays in an environment of its own, on the same machine.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import datetime, timedelta
from pathlib import Path

try:
    import airflow.providers.google  # noqa: F401  (Beam's operator fails later without it)
    import requests
    from airflow.providers.apache.beam.operators.beam import BeamRunPythonPipelineOperator
    from airflow.sdk import DAG, Variable
    from airflow.sdk.exceptions import AirflowException, AirflowFailException
except ImportError as error:
    raise ImportError(
        f"{error}; this DAG needs Airflow 3: pip install apache-airflow-providers-apache-beam "
        "apache-airflow-providers-google in Airflow's environment"
    ) from None

PYTHON = "/opt/quire/bin/python"
SETTINGS = "/etc/quire/registers.toml"
# The file in which a run leaves its account. Only this DAG writes it.
ACCOUNT = "/var/lib/quire/registers.json"
# The Airflow variable with the address to post to, that of a chat for instance. Nothing is posted
# without it.
ADDRESS = "quire_account_url"

# Unusable arguments, and more failures than --max_failure_rate: another try would end in the same
# way. All else is tried again, as 4: a run interrupted, or refused while another is at work.
_FINAL = ("2", "3")


class Transcribe(BeamRunPythonPipelineOperator):
    """Beam's operator, which tries again only where that may help."""

    def execute(self, context: dict) -> None:
        """Run the command; a failure that would come again ends the task."""
        try:
            super().execute(context)
        except AirflowException as error:
            status = re.search(r"return code (\d+)", str(error))
            if status and status[1] in _FINAL:
                raise AirflowFailException(f"{error}; its messages are above") from None
            raise


def post_account(context: dict) -> None:
    """Post the account of a run that has ended, as one JSON object with a line of text in it."""
    task = context["ti"]
    account = account_since(task.start_date.timestamp())
    said = {
        "text": f"{task.dag_id}, try {task.try_number}: {in_words(account)}",
        "dag_run": task.run_id,
        "account": account,
    }
    address = Variable.get(ADDRESS, default="")
    if not address:
        return
    try:
        requests.post(address, json=said, timeout=30).raise_for_status()
    except requests.RequestException as error:
        logging.getLogger(__name__).warning("the account was not posted: %s", error)


def account_since(started: float) -> dict | None:
    """Return what a run that began at a time has left; None if it was killed before it could."""
    try:
        account = json.loads(Path(ACCOUNT).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return account if account["end_timestamp_seconds"] >= started else None


def in_words(account: dict | None) -> str:
    """Return the account as one line."""
    if account is None:
        return "no account of this run; see the log of the task"
    counts = account.get("account", {})
    pages = [f"{count} {name[6:]}" for name, count in counts.items() if name.startswith("pages_")]
    return f"exit status {account['exit_status']}; pages: {', '.join(pages) or 'none were counted'}"


with DAG(
    "quire_nightly",
    description="Transcribe what is new in the archive",
    schedule="15 2 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    # A night that takes longer than a day is not overtaken.
    max_active_runs=1,
):
    Transcribe(
        task_id="transcribe",
        py_interpreter=PYTHON,
        py_options=["-m"],
        py_file="pipelines.transcribe",
        pipeline_options={"config": SETTINGS, "metrics_file": ACCOUNT},
        retries=3,
        retry_delay=timedelta(minutes=30),
        on_success_callback=post_account,
        on_failure_callback=post_account,
    )
