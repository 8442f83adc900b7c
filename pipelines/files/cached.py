"""Models, word lists, tables and datasets in a bucket, as copies on this machine.

Each copy of a model is named by what is in it, so that one that was replaced in the bucket is
fetched anew, and processes that start at the same time do not disturb each other. Copies of tables
and datasets are named by their addresses, and only what changed is fetched anew.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from model.networks.manifest import MANIFEST_FILE
from model.recogniser.bundle import CHARSET_FILE, is_bundle_file
from pipelines.buckets.store import Listed, Store, is_bucket, store_of
from pipelines.cli.options import UsageError
from schemas.tables import TABLES

# The versions of what a copy of a folder holds.
_VERSIONS = ".versions.json"
_LONGEST_COPY_S = 3600.0
_MOST_TRIES = 3


def local_model(model: str) -> str:
    """Return a folder of this machine with a model.

    Args:
        model: Its folder, on a disk or in a bucket, or 'default'.

    Returns:
        A folder in a bucket as its copy; anything else as it is.

    Raises:
        UsageError: If the bucket holds no model there, or cannot be read.
    """
    if not is_bucket(model):
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
    if not is_bucket(path):
        return path
    content, name = _read(path), path.rpartition("/")[2]
    folder = cache_folder() / "files" / _digest([content])
    if not folder.is_dir():
        _write_folder(folder, {name: content})
    return str(next(folder.iterdir()))


def local_tables(folder: str) -> str:
    """Return a folder of this machine with the tables that a command wrote.

    Args:
        folder: Its output, or one of its tables, on a disk or in a bucket.

    Returns:
        A folder in a bucket as its copy, in which only what changed is copied anew; anything else
        as it is.

    Raises:
        UsageError: If the bucket holds no tables there, or the output is not complete.
    """
    if not is_bucket(folder):
        return folder
    folder = folder.rstrip("/")
    uri, _, table = folder.rpartition("/")
    store = store_of(folder)
    # An output may have the name of a table; then it has that of runs in it.
    if table not in TABLES or (store and next(store.names(f"{folder}/runs/"), "")):
        uri, table = folder, ""
    return str(_copied_folder(uri, "--transcripts", r"[^.].*\.parquet") / table)


def local_dataset(dataset: str, split: str) -> str:
    """Return a folder of this machine with a split of a dataset; as `local_tables` otherwise."""
    if not is_bucket(dataset):
        return dataset
    return str(_copied_folder(dataset.rstrip("/"), "--dataset", rf"{split}/.*|[^/]+\.json"))


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


def _copied_folder(uri: str, flag: str, names: str) -> Path:
    """Copy what changed in a folder of a bucket, and delete what is gone there.

    Args:
        uri: The folder.
        flag: The flag that names it, for error messages.
        names: Regular expression of the names in it.
    """
    # Beam takes seconds to import.
    from pipelines.files.lock import waiting_lock

    store = store_of(uri)
    if store is None:
        raise UsageError(f"{flag} {uri} is in a store that is not read so; copy it to a disk")
    folder = cache_folder() / "folders" / _digest([uri.encode(), names.encode()])
    folder.mkdir(parents=True, exist_ok=True)
    with waiting_lock(f"{folder}.lock", "a command that copies a bucket", _LONGEST_COPY_S):
        for _ in range(_MOST_TRIES):
            # A file may be replaced meanwhile by a run that ends.
            if _copy_changes(store, _listed(store, uri, flag, names), folder):
                return folder
    raise UsageError(f"{flag} {uri} changes all the time; wait until no run is at work there")


def _listed(store: Store, uri: str, flag: str, names: str) -> dict[str, Listed]:
    """List the objects of a complete output by their names in it.

    Raises:
        UsageError: If it is not complete.
    """
    from pipelines.files.output import COMPLETE

    found, is_complete, is_empty = {}, False, True
    has_runs = is_archive = False
    for one in store.listing(f"{uri}/"):
        name, is_empty = one.uri.removeprefix(f"{uri}/"), False
        is_complete |= name == COMPLETE
        has_runs |= name.startswith("runs/")
        is_archive |= "/collection=" in name or name.startswith(".unfinished/")
        if re.fullmatch(names, name):
            found[name] = one
    if is_empty:
        raise UsageError(f"{flag} {uri}: no such folder, or nothing in it; check {flag}")
    if is_archive and not has_runs:
        raise UsageError(
            f"{flag} {uri} has no table runs, so no run has finished; transcribe again"
        )
    # In what transcribe wrote, rows count once `runs` has their run.
    if not (is_complete or is_archive):
        raise UsageError(
            f"{flag} {uri} is not complete (there is no {COMPLETE} in it): the run that writes it "
            "has not ended, or was stopped; run that again"
        )
    return found


def _copy_changes(store: Store, wanted: dict[str, Listed], folder: Path) -> bool:
    """Let a folder hold some objects, and nothing else; return whether all were still there."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in wanted and name != _VERSIONS:
            path.unlink()
    versions = folder / _VERSIONS
    old = json.loads(versions.read_text()) if versions.exists() else {}
    kept = {
        name: one.version
        for name, one in wanted.items()
        if old.get(name) == one.version and _size(folder / name) == one.size
    }
    versions.write_text(json.dumps(kept))
    for name in wanted.keys() - kept.keys():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.part")
        if not store.download(wanted[name].uri, str(fresh)):
            return False
        fresh.replace(path)
    versions.write_text(json.dumps({name: one.version for name, one in wanted.items()}))
    return True


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1


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
