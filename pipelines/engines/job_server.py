"""The job server between Beam and Flink: a jar of Beam's version exactly, and a Java for it."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile

import apache_beam as beam
from apache_beam.options.pipeline_options import (
    FlinkRunnerOptions,
    JobServerOptions,
    PipelineOptions,
)
from apache_beam.runners.portability.job_server import JavaJarJobServer

from pipelines.cli.options import UsageError
from pipelines.engines.failures import explain_failure

_FLAG = "--flink_job_server_jar"
_NAME = re.compile(r"beam-runners-flink-(\d+\.\d+)-job-server-(\d[\w.]*)\.jar$")
_DRIVER = "org/apache/beam/runners/flink/FlinkJobServerDriver.class"
# Written by Beam's build: https://github.com/apache/beam, ReleaseInfo.java.
_RELEASE = "org/apache/beam/sdk/sdk.properties"
# Version 52 of class files is that of Java 8 (The Java Virtual Machine Specification, table 4.1-A).
_JAVA_OF_CLASS_FILES = 44
_START_S = 30


def prepare_job_server(options: PipelineOptions) -> None:
    """Find or fetch the jar of the job server, and check that it and Java fit.

    Args:
        options: Beam's options; the path of the jar is set.

    Raises:
        UsageError: If the jar or Java is missing, or of another version.
    """
    flink = options.view_as(FlinkRunnerOptions)
    flink.flink_job_server_jar = path = _local_jar(options)
    needed_java = check_jar(path, flink.flink_version)
    if not flink.flink_submit_uber_jar:
        check_java(options.view_as(JobServerOptions).job_server_java_launcher, needed_java)


def jar_name(flink_version: str) -> str:
    """Return the file name of the job server for a version of Flink.

    Example:
        >>> jar_name("1.20").startswith("beam-runners-flink-1.20-job-server-2.")
        True
    """
    return f"beam-runners-flink-{flink_version}-job-server-{beam.__version__}.jar"


def _local_jar(options: PipelineOptions) -> str:
    """Return the path of the jar, which Beam fetches unless it is given."""
    flink = options.view_as(FlinkRunnerOptions)
    given = flink.flink_job_server_jar
    target = f":runners:flink:{flink.flink_version}:job-server:shadowJar"
    url = given or JavaJarJobServer.path_to_beam_jar(target)
    if given and "://" not in given:
        return given
    try:
        return JavaJarJobServer.local_jar(url, options.view_as(JobServerOptions).jar_cache_dir)
    except RuntimeError as error:
        raise explain_failure(error) or error from None
    # What Beam says where it has no file system, or no package, for the address.
    except (ValueError, OSError) as error:
        raise UsageError(f"{_FLAG} {url} cannot be fetched: {error}") from None


def check_jar(path: str, flink_version: str) -> int:
    """Check that a file is the job server of this Beam and of a version of Flink.

    Args:
        path: The file.
        flink_version: Version of Flink, such as `1.20`.

    Returns:
        The oldest version of Java that runs it.

    Raises:
        UsageError: If it is another file, or of another version.
    """
    wanted = jar_name(flink_version)
    cure = f"give {wanted} (from Maven Central: org.apache.beam), or leave {_FLAG} out"
    try:
        with zipfile.ZipFile(path) as jar:
            names = set(jar.namelist())
            driver = jar.read(_DRIVER) if _DRIVER in names else b""
            release = jar.read(_RELEASE).decode("utf-8", "replace") if _RELEASE in names else ""
    except OSError as error:
        raise UsageError(f"{_FLAG} {path}: {error.strerror}; {cure}") from None
    except zipfile.BadZipFile:
        raise UsageError(f"{_FLAG} {path} is no jar, or a part of one; {cure}") from None
    if not driver:
        raise UsageError(f"{_FLAG} {path} is no job server of Beam for Flink; {cure}")
    named = _NAME.search(path)
    said = re.search(r"^version\s*=\s*(\S+)", release, re.MULTILINE)
    version = said[1] if said else named[2] if named else ""
    if version and version != beam.__version__:
        raise UsageError(
            f"{_FLAG} {path} is of Beam {version}, and this is Beam {beam.__version__}; {cure}"
        )
    if named and named[1] != flink_version:
        raise UsageError(
            f"{_FLAG} {path} is for Flink {named[1]}, and the cluster is {flink_version}; {cure}"
        )
    return int.from_bytes(driver[6:8], "big") - _JAVA_OF_CLASS_FILES


def check_java(launcher: str, needed: int) -> None:
    """Check that Java is there and not too old.

    Args:
        launcher: The program, a name or a path.
        needed: The oldest version that will do.

    Raises:
        UsageError: If it is missing or too old.
    """
    cure = f"install Java {needed} or later, or give it by --job_server_java_launcher"
    if shutil.which(launcher) is None:
        raise UsageError(
            f"{launcher}: no such program, and Flink's job server needs Java; {cure}, or give the "
            "--job_endpoint of a job server elsewhere"
        )
    try:
        ran = subprocess.run(
            [launcher, "-version"], capture_output=True, text=True, timeout=_START_S, check=False
        )
        version = java_version(ran.stderr + ran.stdout)
    except (OSError, subprocess.TimeoutExpired):
        version = None
    if version is None:
        raise UsageError(f"{launcher} does not tell its version, as Java does; {cure}")
    if version < needed:
        raise UsageError(f"{launcher} is Java {version}, and the job server needs more; {cure}")


def java_version(text: str) -> int | None:
    """Read what `java -version` prints.

    Returns:
        The version; None if there is none.

    Example:
        >>> java_version('openjdk version "17.0.15" 2025-04-15'), java_version('version "1.8.0_9"')
        (17, 8)
        >>> java_version("not found") is None
        True
    """
    match = re.search(r'version "(?:1\.)?(\d+)', text)
    return int(match[1]) if match else None
