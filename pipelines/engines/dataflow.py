"""Google Cloud Dataflow: what a job needs before it is sent."""

from __future__ import annotations

import argparse
import importlib.util
import os
import re

from apache_beam.options.pipeline_options import (
    GoogleCloudOptions,
    PipelineOptions,
    SetupOptions,
    TestOptions,
    WorkerOptions,
)

from pipelines.cli.options import UsageError
from schemas.program import extra_cure

_BUCKET = "gs://"
_CLIENT = "google.cloud.storage"
# They go on with what a job has left when they are called again.
_TEMPLATES = ("transcribe",)
# Flags of paths that workers read or write.
_PLACES = ("input", "output", "model", "lexicon")


def prepare_dataflow(verb: str, args: argparse.Namespace, options: PipelineOptions) -> None:
    """Check that everything is there that a job on Dataflow needs.

    Args:
        verb: The command.
        args: The flags of the command.
        options: Beam's options; those of a translation are set to send nothing.

    Raises:
        UsageError: If something is missing; the message names all of it.
    """
    is_sent = not args.translate_only
    if not is_sent:
        options.view_as(GoogleCloudOptions).no_auth = True
        # Of Beam, where this means to stop before the job is sent.
        options.view_as(TestOptions).dry_run = True
        os.environ.setdefault("NO_GCE_CHECK", "true")
    faults = [_template_fault(verb, options), _missing_flags(options)]
    if is_sent:
        faults += _local_places(args)
    if not _has_client():
        faults.append(f"it needs {_CLIENT}, which is not installed: {extra_cure('gcp')}")
    if faults := [fault for fault in faults if fault]:
        raise UsageError(f"--engine dataflow: {'; '.join(faults)}")


def is_of_template(options: PipelineOptions) -> bool:
    """Whether the launcher of a template starts the job, and not this process."""
    return bool(options.view_as(GoogleCloudOptions).template_location)


def _template_fault(verb: str, options: PipelineOptions) -> str:
    """Return why a command cannot be a template; empty if it can, or is none."""
    if verb in _TEMPLATES or not is_of_template(options):
        return ""
    return f"{verb} completes its output when the job has ended, so that it cannot be a template"


def _missing_flags(options: PipelineOptions) -> str:
    """Return which flags are missing; empty if none is."""
    google, setup = options.view_as(GoogleCloudOptions), options.view_as(SetupOptions)
    image = options.view_as(WorkerOptions).sdk_container_image
    missing = [
        flag
        for flag, value in (
            ("--project PROJECT", google.project),
            ("--region REGION", google.region),
            (f"--temp_location {_BUCKET}BUCKET/tmp", google.temp_location),
            (
                "--sdk_container_image IMAGE (deploy/Dockerfile) or --setup_file setup.py, so that "
                "workers have Quire",
                image or setup.setup_file,
            ),
        )
        if not value
    ]
    if missing:
        *first, last = missing
        return f"give {', '.join(first)} and {last}" if first else f"give {last}"
    if not google.temp_location.startswith(_BUCKET):
        return (
            f"--temp_location {google.temp_location} is not in a bucket; give {_BUCKET}BUCKET/tmp"
        )
    return ""


def _local_places(args: argparse.Namespace) -> list[str]:
    """Return what is on this machine alone, and the cure."""
    found = []
    for flag in _PLACES:
        value = getattr(args, flag, None)
        for text in value if isinstance(value, list) else [value]:
            # A list after an '@' is read here, and its entries may be anywhere.
            if isinstance(text, str) and is_local_path(text):
                found.append(f"--{flag} {text} is on this machine; copy it to a bucket")
    return found


def is_local_path(text: str) -> bool:
    """Whether a path of a flag can only be on this machine.

    Example:
        >>> is_local_path("scans/1858"), is_local_path("gs://archive/scans"), is_local_path("@list")
        (True, False, False)
        >>> is_local_path("default")
        False
    """
    return bool(text) and "://" not in text and not text.startswith("@") and text != "default"


def _has_client() -> bool:
    try:
        return importlib.util.find_spec(_CLIENT) is not None
    # A package that the module would be in is missing.
    except ModuleNotFoundError:
        return False


def worker_cores(options: PipelineOptions) -> int | None:
    """Return how many cores the workers of a job have at most; None if the flags do not tell.

    Args:
        options: Beam's options.
    """
    workers = options.view_as(WorkerOptions)
    count = workers.max_num_workers or workers.num_workers
    each = machine_cores(workers.machine_type or "")
    return count * each if count and each else None


def machine_cores(machine_type: str) -> int | None:
    """Return the number of virtual cores in the name of a machine type; None if it has none.

    Source: https://cloud.google.com/compute/docs/machine-resource

    Example:
        >>> [machine_cores(name) for name in ("n2-standard-4", "custom-6-23040", "f1-micro")]
        [4, 6, None]
    """
    match = re.fullmatch(
        r"(?:\w+-)?custom-(\d+)-\d+(?:-ext)?|\w+-[a-z]+-(\d+)(?:-\w+)?", machine_type
    )
    return int(match[1] or match[2]) if match else None
