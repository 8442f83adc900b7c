"""An Airflow that runs the DAG of `deploy/schedule`, and what the DAG posts to."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

# Of an environment with Airflow; empty for none.
PYTHON = os.environ.get("AIRFLOW_PYTHON", "")
ROOT = Path(__file__).parents[2]
DAG = ROOT / "deploy" / "schedule" / "quire_airflow.py"
# Airflow and Google's provider are slow to import on a busy machine.
LIMIT_S = 300


class Chat:
    """A server that accounts are posted to.

    Attributes:
        url: Its address.
        posted: What was posted.
        is_called: Set when another try is announced, at the address `again`.
        may_go_on: What that announcement waits for.
    """

    def __init__(self):
        self.posted: list[dict] = []
        self.is_called, self.may_go_on = threading.Event(), threading.Event()
        chat = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                chat.posted.append(json.loads(self.rfile.read(length)))
                self._answer()

            def do_GET(self):
                chat.is_called.set()
                chat.may_go_on.wait(LIMIT_S)
                self._answer()

            def _answer(self):
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()


class Airflow:
    """An Airflow with a database of its own; it starts when it is made, and runs days on demand.

    Args:
        home: An empty folder.

    Attributes:
        chat: What the DAG posts to.
    """

    def __init__(self, home: Path):
        self.chat = Chat()
        self._dags, self._log = home / "dags", home / "said.log"
        self._dags.mkdir()
        environment = {name: o for name, o in os.environ.items() if not name.startswith("AIRFLOW")}
        environment |= {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": str(LIMIT_S),
            "AIRFLOW_VAR_QUIRE_ACCOUNT_URL": self.chat.url,
            "PYTHONPATH": str(ROOT),
        }
        with open(self._log, "w") as log:
            base = {"env": environment, "cwd": home, "stderr": log}
            migrate = [PYTHON, "-m", "airflow", "db", "migrate"]
            subprocess.run(migrate, stdout=log, check=True, timeout=LIMIT_S, **base)
            self._days = subprocess.Popen(
                [PYTHON, str(Path(__file__).with_name("day.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                **base,
            )

    def place_dag(self, paths: dict[str, Path | str]) -> None:
        """Copy the DAG with other paths.

        Args:
            paths: Paths in the DAG to those in their place.
        """
        code = DAG.read_text("utf-8")
        for path, own in paths.items():
            assert code.count(f'"{path}"') == 1
            code = code.replace(path, str(own))
        (self._dags / DAG.name).write_text(code, "utf-8")

    def day(self, without: str = "", retried: str = "") -> dict:
        """Load the DAG and run it once.

        Args:
            without: A package that cannot be imported.
            retried: Address to call before another try.

        Returns:
            What `day.py` answers, with what was `said` and `posted`.
        """
        self.chat.posted.clear()
        before = self._log.stat().st_size
        limit = threading.Timer(LIMIT_S, self._days.kill)
        limit.start()
        print(json.dumps({"without": without, "retried": retried}), file=self._days.stdin)
        self._days.stdin.flush()
        answer = self._days.stdout.readline()
        limit.cancel()
        said = self._log.read_bytes()[before:].decode("utf-8", "replace")
        assert answer, f"Airflow ended:\n{said}"
        return {**json.loads(answer), "said": said, "posted": list(self.chat.posted)}

    def stop(self) -> None:
        """End Airflow and the server."""
        self._days.stdin.close()
        self._days.wait(LIMIT_S)
        self._days.stdout.close()
        self.chat.stop()
