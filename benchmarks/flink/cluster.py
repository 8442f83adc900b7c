"""A Flink cluster of this machine, out of the jars alone: a JobManager and its TaskManagers.

Flink's own scripts do the same, but the package on PyPI has none of them.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from benchmarks.flink.processes import Processes, StepFailed, free_port, require_free
from pipelines.engines.job_server import java_version

_OLDEST_JAVA = 11
_START_S = 300.0
_JOB_MANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
_TASK_MANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
# What Flink's own settings open to it: `env.java.opts.all` in its config.yaml.
_OPENED = (
    *(f"java.base/java.{name}" for name in ("lang", "net", "io", "nio", "text", "time", "util")),
    *(f"java.base/java.{name}" for name in ("lang.reflect", "util.concurrent")),
    *(f"java.base/java.util.concurrent.{name}" for name in ("atomic", "locks")),
    "java.base/sun.net.util",
    "java.base/sun.nio.ch",
)
# Flink's scripts derive these from the memory of the machine; without them each has to be given.
_MEMORY_MB = {
    "framework.heap.size": 128,
    "framework.off-heap.size": 128,
    "task.heap.size": 512,
    "task.off-heap.size": 64,
    "network.min": 64,
    "network.max": 64,
    "managed.size": 256,
    "jvm-metaspace.size": 256,
    "jvm-overhead.min": 192,
    "jvm-overhead.max": 192,
}
_LOGGING = """\
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = Console
appender.console.name = Console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %-5p %c{1} %m%n
"""


@dataclass(frozen=True)
class ClusterConfig:
    """What to start.

    Attributes:
        flink_home: Folder of Flink, with its jars in `lib`.
        java: The program.
        port: Of the REST service, and of Flink's page.
        task_managers: Number of TaskManagers.
        slots: Slots of each.
    """

    flink_home: Path
    java: str = "java"
    port: int = 8081
    task_managers: int = 2
    slots: int = 1

    @property
    def address(self) -> str:
        """Address of the REST service, as host:port."""
        return f"localhost:{self.port}"


def check_cluster(config: ClusterConfig) -> None:
    """Check what a cluster needs.

    Args:
        config: What is to be started.

    Raises:
        StepFailed: If Java or Flink is missing, Java is too old, or the port is in use.
    """
    cure = f"install Java {_OLDEST_JAVA} or later, or give it by --java"
    try:
        ran = subprocess.run([config.java, "-version"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise StepFailed(f"{config.java}: {error.strerror}; {cure}") from None
    version = java_version(ran.stderr + ran.stdout)
    if version is None:
        raise StepFailed(f"{config.java} does not tell its version, as Java does; {cure}")
    if version < _OLDEST_JAVA:
        raise StepFailed(f"{config.java} is Java {version}, which is too old; {cure}")
    if not list(_jars(config).glob("flink-dist-*.jar")):
        raise StepFailed(
            f"{_jars(config)} has no flink-dist-*.jar; give the folder of Flink by --flink_home, "
            "or run `make flink-demo`, which installs it"
        )
    require_free(config.port, "--port")


def start_cluster(config: ClusterConfig, folder: Path, processes: Processes) -> str:
    """Start a cluster, and wait until all its slots are there.

    Args:
        config: What to start.
        folder: An existing folder for its settings.
        processes: What stops it.

    Returns:
        The version of Flink.

    Raises:
        StepFailed: If it does not start.
    """
    (folder / "config.yaml").write_text(settings(config, free_port()), "utf-8")
    (folder / "log4j.properties").write_text(_LOGGING, "utf-8")
    command = [config.java, "-Xmx768m"]
    command += [f"--add-opens={package}=ALL-UNNAMED" for package in _OPENED]
    command += [f"-Dlog4j.configurationFile={folder / 'log4j.properties'}"]
    command += ["-cp", f"{_jars(config)}/*"]
    processes.start("jobmanager", [*command, _JOB_MANAGER, "--configDir", str(folder)])
    for number in range(1, config.task_managers + 1):
        own = ["-D", f"taskmanager.resource-id=taskmanager-{number}"]
        name = f"taskmanager-{number}"
        processes.start(name, [*command, _TASK_MANAGER, "--configDir", str(folder), *own])
    wanted = config.task_managers * config.slots
    processes.wait_for(
        f"waiting for {wanted} slots of Flink",
        lambda: overview(config.address).get("slots-total") == wanted,
        _START_S,
    )
    return str(overview(config.address)["flink-version"])


def overview(address: str) -> dict[str, object]:
    """Return what Flink says of its cluster; empty if it does not answer.

    Args:
        address: Of its REST service.
    """
    try:
        with build_opener(ProxyHandler({})).open(f"http://{address}/overview", timeout=5) as answer:
            return json.load(answer)
    except (OSError, ValueError):
        return {}


def settings(config: ClusterConfig, rpc_port: int) -> str:
    """Return the settings file of a cluster, Flink's config.yaml.

    Args:
        config: What is to be started.
        rpc_port: A free port, at which the TaskManagers find the JobManager.

    Example:
        >>> print(settings(ClusterConfig(Path("flink"), slots=4), 6123)[:52])
        jobmanager.rpc.address: localhost
        jobmanager.rpc.por
    """
    values = {
        "jobmanager.rpc.address": "localhost",
        "jobmanager.rpc.port": rpc_port,
        "rest.port": config.port,
        "rest.bind-address": "localhost",
        "taskmanager.host": "localhost",
        "taskmanager.numberOfTaskSlots": config.slots,
        "taskmanager.cpu.cores": config.slots,
        **{f"taskmanager.memory.{name}": f"{size}m" for name, size in _MEMORY_MB.items()},
    }
    return "".join(f"{name}: {value}\n" for name, value in values.items())


def _jars(config: ClusterConfig) -> Path:
    return config.flink_home / "lib"
