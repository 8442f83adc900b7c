"""A Slurm of two nodes on this machine, for as long as a test lasts; needs root."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

NODES = ("n1", "n2")
# Claimed, not real: all tasks of an array, and those of another one, start at the same instant.
_NODE_CORES, _NODE_MB = 8, 8000
_CONFIGURATION = """
ClusterName=quire
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory,CR_LLN
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000
ReturnToService=2
SlurmdTimeout=10
KillWait=20
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs={cores} RealMemory={mb}
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs={cores} RealMemory={mb}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class Cluster:
    """The daemons.

    Args:
        folder: Folder with a short path, of root alone.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self.environment = os.environ | {"SLURM_CONF": f"{folder}/slurm.conf"}

    def start(self) -> None:
        """Start it, and wait until both nodes are idle."""
        (self._folder / "state").mkdir()
        key = self._folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o600)
        values = {"folder": self._folder, "host": socket.gethostname().partition(".")[0]}
        values |= {"ports": _free_ports(3), "cores": _NODE_CORES, "mb": _NODE_MB}
        (self._folder / "slurm.conf").write_text(_CONFIGURATION.format(**values))
        files = {f"{what}-file": f"munge.{what}" for what in ("key", "pid", "log", "seed")}
        files["socket"] = "munge.socket"
        names = [f"--{flag}={self._folder}/{name}" for flag, name in files.items()]
        self._do("munged", "--force", *names)
        self._do("slurmctld")
        for node in NODES:
            self.start_node(node)
        wait_until(lambda: self.states() == ["idle"] * len(NODES), 60, "two idle nodes")

    def start_node(self, node: str) -> None:
        """Start the daemon of a node."""
        (self._folder / f"spool-{node}").mkdir(exist_ok=True)
        self._do("slurmd", "-N", node)

    def states(self) -> list[str]:
        """Return the states of the nodes."""
        return self.ask("sinfo", "-h", "-N", "-o", "%t").split()

    def kill_node(self, node: str, processes: list[int]) -> None:
        """Let a node fail: its daemon ends at once, with what it runs, and Slurm sees it is down.

        Args:
            node: The node.
            processes: Those of its tasks.
        """
        _kill(int((self._folder / f"slurmd-{node}.pid").read_text()))
        for process in processes:
            # First what watches the task, so that it reports nothing.
            _kill(_parent(process))
            _kill(process)
        # Not after a time without an answer: that may come when the node is there again, which
        # then stays down.
        self.ask("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=killed")

    def bring_back(self, node: str, limit_s: float) -> None:
        """Start the daemon of a node that failed, and wait until tasks can run there."""

        def is_up() -> bool:
            shown = self.ask("scontrol", "show", "node", node)
            state = re.search(r"State=(\S+)", shown)[1]
            if "DOWN" in state and "NOT_RESPONDING" not in state and "*" not in state:
                # Refused where the daemon has come in the meantime, and the node is up already.
                with suppress(AssertionError):
                    self.ask("scontrol", "update", f"NodeName={node}", "State=RESUME")
            return state in ("IDLE", "MIXED", "ALLOCATED")

        self.start_node(node)
        wait_until(is_up, limit_s, f"node {node}")

    def submit(self, *arguments: str) -> str:
        """Submit a job and return its number."""
        return self.ask("sbatch", "--parsable", *arguments).strip()

    def tasks(self, job: str) -> dict[int, tuple[str, str]]:
        """Return state and node of each task of an array."""
        rows = self.ask("scontrol", "show", "job", job, "--oneliner").splitlines()
        found = {}
        for row in rows:
            number = re.search(r"ArrayTaskId=(\d+) ", row)
            state = re.search(r"JobState=(\S+)", row)
            node = re.search(r" NodeList=(\S+)", row)
            if number:
                found[int(number[1])] = state[1], node[1] if node else ""
        return found

    def requeue(self, job: str, number: int) -> None:
        """Let a task of an array that has ended start again, unless it does already."""
        with suppress(AssertionError):
            self.ask("scontrol", "requeue", f"{job}_{number}")

    def hurry(self, job: str) -> None:
        """Let the tasks of an array that were requeued start now, and not in two minutes.

        Each is told once that it may: Slurm plans anew whenever it is told something.
        """
        for row in self.ask("squeue", "-h", "-j", job, "-t", "PENDING", "-o", "%i %r").splitlines():
            task, _, reason = row.partition(" ")
            # Refused where it has started in the meantime.
            with suppress(AssertionError):
                if reason == "BeginTime":
                    self.ask("scontrol", "update", f"JobId={task}", "StartTime=now")
                elif "held" in reason.lower():
                    self.ask("scontrol", "release", task)

    def said(self) -> str:
        """Return what the controller thinks, for a test that failed."""
        shown = self.ask("squeue", "-a") + self.ask("sinfo", "-N", "-l")
        return shown + (self._folder / "slurmctld.log").read_text()[-6000:]

    def ask(self, *command: str) -> str:
        """Run a command of Slurm, and return what it prints."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def stop(self) -> None:
        """End all jobs and daemons."""
        with suppress(AssertionError, OSError):
            self.ask("scancel", "--user=root")
            wait_until(lambda: not self.ask("squeue", "-h"), 40, "no job")
        pids = [int(path.read_text()) for path in self._folder.glob("*.pid")]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + 10
        while time.monotonic() < end and any(map(_is_there, pids)):
            time.sleep(0.1)
        for pid in filter(_is_there, pids):
            _kill(pid)

    def _do(self, *command: str) -> None:
        # Not to its pipes: a daemon keeps them open.
        with (self._folder / "started.log").open("ab") as log:
            done = subprocess.run(
                command, env=self.environment, stdout=log, stderr=log, timeout=60, check=False
            )
        assert done.returncode == 0, f"{command}: {(self._folder / 'started.log').read_text()}"


def wait_until(
    is_so: Callable[[], bool], limit_s: float, what: str, said: Callable[[], str] = str
) -> None:
    """Wait until something is so; a test that waits too long fails, with what `said` returns."""
    end = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < end, f"waited {limit_s:.0f} s for {what}\n{said()}"
        time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _parent(pid: int) -> int:
    with open(f"/proc/{pid}/stat", "rb") as file:
        return int(file.read().rpartition(b") ")[2].split()[1])


def _is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
