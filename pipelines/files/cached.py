"""Models and word lists in a bucket, as copies on this machine.

Each copy is named by what is in it, so that one that was replaced in the bucket is fetched anew,
and processes that start at the same time do not disturb each other.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from model.networks.manifest import MANIFEST_FILE
from model.recogniser.bundle import CHARSET_FILE, is_bundle_file
from pipelines.cli.options import UsageError


def local_model(model: str) -> str:
    """Return a folder of this machine with a model.

    Args:
        model: Its folder, on a disk or in a bucket, or 'default'.

    Returns:
        A folder in a bucket as its copy; anything else as it is.

    Raises:
        UsageError: If the bucket holds no model there, or cannot be read.
    """
    if "://" not in model:
        return model
    uri = model.rstrip("/")
    names = _names_in(uri)
    if CHARSET_FILE not in names:
        raise UsageError(f"--model {uri}: no {CHARSET_FILE} in it; give a folder that train pushed")
    files = dict.fromkeys(sorted(filter(is_bundle_file, names)), b"")
    files |= dict.fromkeys(names & {MANIFEST_FILE}, b"")
    # The manifest states the digests of all others.
    known_by = [MANIFEST_FILE] if MANIFEST_FILE in files else [*files]
    files |= {name: _read(f"{uri}/{name}") for name in known_by}
    folder = cache_folder() / "models" / _digest(files[name] for name in known_by)
    if not folder.is_dir():
        rest = {name: _read(f"{uri}/{name}") for name in files if name not in known_by}
        _write_folder(folder, files | rest)
    return str(folder)


def local_file(path: str) -> str:
    """Return the path of a file on this machine: for one in a bucket, that of its copy.

    Args:
        path: The file; may be empty.

    Raises:
        UsageError: If it cannot be read.
    """
    if "://" not in path:
        return path
    content, name = _read(path), path.rpartition("/")[2]
    folder = cache_folder() / "files" / _digest([content])
    if not folder.is_dir():
        _write_folder(folder, {name: content})
    return str(next(folder.iterdir()))


def cache_folder() -> Path:
    """Return the folder of this user's copies: in XDG_CACHE_HOME, ~/.cache, or that of the system.

    Raises:
        UsageError: If none can be made.
    """
    homes = [os.environ.get("XDG_CACHE_HOME"), os.path.expanduser("~/.cache")]
    for home in filter(None, homes):
        folder = Path(home, "quire")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    # Others may write there, so the folder has to be this user's.
    folder = Path(tempfile.gettempdir(), f"quire-{getpass.getuser()}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}; set XDG_CACHE_HOME") from None
    if folder.is_symlink() or not is_own(folder):
        raise UsageError(f"{folder} is another user's; set XDG_CACHE_HOME")
    return folder


def is_own(folder: Path) -> bool:
    """Return whether a folder belongs to the user of this process; on Windows each has an own one.

    Example:
        >>> is_own(Path("/")) == (os.name == "nt" or os.getuid() == 0)
        True
    """
    return os.name == "nt" or folder.stat().st_uid == os.getuid()


def _names_in(uri: str) -> set[str]:
    # Beam takes seconds to import.
    from apache_beam.io.filesystems import FileSystems

    with _naming(uri):
        (match,) = FileSystems.match([f"{uri}/*"])
    return {metadata.path.rpartition("/")[2] for metadata in match.metadata_list}


def _read(uri: str) -> bytes:
    from pipelines.files.filesystem import read_bytes

    with _naming(uri):
        return read_bytes(uri)


@contextmanager
def _naming(uri: str) -> Iterator[None]:
    """Turn what a library raises about a bucket into a `UsageError` that names the file."""
    try:
        yield
    # Each store has errors of its own for what cannot be read.
    except Exception as error:
        said = str(error).strip().splitlines()
        reason = said[0][:200] if said else type(error).__name__
        raise UsageError(
            f"{uri} cannot be read ({reason}); check its name and the rights"
        ) from None


def _digest(contents: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def _write_folder(folder: Path, files: dict[str, bytes]) -> None:
    """Write a folder as a whole; if another process is first, its folder stays."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = folder.with_name(f".{folder.name[:16]}-{secrets.token_hex(4)}")
    fresh.mkdir()
    try:
        for name, content in files.items():
            (fresh / name).write_bytes(content)
        fresh.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
