"""Which places flags may name: buckets need packages, and some files must be on a disk."""

from __future__ import annotations

import argparse
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

from pipelines.buckets.faults import bucket_fault
from pipelines.buckets.store import is_bucket, scheme_of
from pipelines.cli.options import UsageError
from schemas.program import extra_cure

_WEB = ("http", "https")
# The module without which Beam cannot open a scheme, and the extra that has it.
_NEEDED = {
    "gs": ("google.cloud.storage", "gcp"),
    "s3": ("boto3", "aws"),
    "azfs": ("azure.storage.blob", "azure"),
    "hdfs": ("hdfs", "hadoop"),
}
# Flags of files that are opened as files of this machine, whatever the command.
_LOCAL = ("show", "spelling", "log_file", "metrics_file")
_WRITTEN = ("output",)
# Flags of folders.
_FOLDERS = ("output", "transcripts", "dataset")
# A bucket with a '/' that is missing.
_NEARLY = re.compile(r"(gs|s3|azfs|hdfs):/?[^/:]", re.IGNORECASE)


def check_places(args: argparse.Namespace) -> None:
    """Check that what the flags name can be opened here, as far as its scheme tells.

    Args:
        args: The flags.

    Raises:
        UsageError: If it cannot; the message says what is missing.
    """
    for flag, value in vars(args).items():
        for text in _texts(value):
            fault = local_fault(text) if flag in _LOCAL else scheme_fault(text)
            if not fault and flag in _WRITTEN and _scheme_of(text) in _WEB:
                fault = "is an address on the web; give a folder or a bucket"
            if fault:
                raise UsageError(f"--{flag} {text} {fault}")


def check_buckets(args: argparse.Namespace) -> None:
    """Ask the stores for the buckets that the flags name, before anything is read or written.

    Args:
        args: The flags, of which `check_places` has found nothing wrong.

    Raises:
        UsageError: If one is not there or may not be used, or something else is wrong with it.
    """
    for flag, value in vars(args).items():
        for text in _texts(value):
            place = text.removeprefix("@")
            if is_bucket(place) and (fault := bucket_fault(place, flag in _FOLDERS)):
                raise UsageError(f"--{flag} {text}: {fault}")


def scheme_fault(path: str) -> str:
    """Return why a path cannot be opened here as far as its scheme tells; empty if it can.

    Example:
        >>> scheme_fault("scans/a.jpg"), scheme_fault("https://example.org/a.jpg")
        ('', '')
        >>> scheme_fault("ftp://example.org/a.jpg")
        'has the scheme ftp, which is not supported; there are gs, s3, azfs, hdfs, https and http'
    """
    scheme = _scheme_of(path)
    if not scheme and _NEARLY.match(path):
        return f"has a scheme without '//'; write {path.partition(':')[0].lower()}://BUCKET/FOLDER"
    if not scheme or scheme in _WEB:
        return ""
    if scheme not in _NEEDED:
        known = ", ".join(_NEEDED)
        return f"has the scheme {scheme}, which is not supported; there are {known}, https and http"
    module, extra = _NEEDED[scheme]
    if _is_installed(module):
        return ""
    return f"needs {module}, which is not installed: {extra_cure(extra)}"


def local_fault(path: str) -> str:
    """Return why a path that must be on a disk cannot be opened; empty if it can.

    Example:
        >>> local_fault("gs://bucket/model")
        'is not on a disk of this machine; copy it, or mount the bucket'
    """
    scheme = _scheme_of(path)
    if not scheme:
        return ""
    what = "it" if scheme in _WEB else "it, or mount the bucket"
    return f"is not on a disk of this machine; copy {what}"


def _scheme_of(path: str) -> str:
    """Return the scheme of a path, that of the list after an '@'; empty for a local one."""
    return scheme_of(path.removeprefix("@"))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, (str, Path)):
        yield str(value)
    elif isinstance(value, list):
        yield from (one for one in value if isinstance(one, str))


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    # A package that the module would be in is missing.
    except ModuleNotFoundError:
        return False
