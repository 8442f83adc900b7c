"""The folder that transcribe fills, run by run.

lines/collection=NAME/RUN-00000.parquet      and so for pages and failures
runs/RUN.parquet                             written last: without it a run's files do not count
.unfinished/                                 what a run that goes on, or was killed, has done
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from pipelines.cli.options import UsageError
from pipelines.files.filesystem import starts_beneath
from pipelines.files.output import discard
from pipelines.tables.damage import damage_text


@dataclass(frozen=True)
class Archive:
    """Where things lie in the folder.

    Attributes:
        output: The folder.
    """

    output: str

    @property
    def unfinished(self) -> str:
        """Folder of a run that is not finished."""
        return f"{self.output}/.unfinished"

    @property
    def portions(self) -> str:
        """Folder of what that run has done."""
        return f"{self.unfinished}/portions"

    def table_file(self, table: str, collection: str, run_id: str, number: int) -> str:
        """Name a file of `lines`, `pages` or `failures`."""
        return f"{self.output}/{table}/collection={collection}/{run_id}-{number:05d}.parquet"

    def run_file(self, run_id: str) -> str:
        """Name the file that marks a run as finished."""
        return f"{self.output}/runs/{run_id}.parquet"

    @property
    def run_start(self) -> str:
        """File that says which run is not finished."""
        return f"{self.unfinished}/run.json"

    @property
    def inputs(self) -> str:
        """File that says which pages came in."""
        return f"{self.unfinished}/inputs.json"

    @property
    def skipped(self) -> str:
        """File that says which files were left out."""
        return f"{self.unfinished}/skipped.json"

    def known_pages(self, run_id: str) -> str:
        """File of the pages that a run need not read; workers keep what they read of it."""
        return f"{self.portions}/known-{run_id}"

    @property
    def own_starts(self) -> tuple[str, ...]:
        """What all paths of ours start with, for `pipelines.files.filesystem.is_left_out`."""
        tables = (f"{table}/collection=" for table in ("lines", "pages", "failures"))
        return starts_beneath(self.output, *tables, "runs/", ".unfinished/")

    def make(self) -> None:
        """Make the folder, or see that what is there is one.

        Raises:
            UsageError: If it holds something else.
        """
        self.check()
        if not FileSystems.exists(self.portions):
            FileSystems.mkdirs(self.portions)

    def check(self) -> None:
        """Refuse a folder that holds something else.

        Raises:
            UsageError: If it does.
        """
        if not FileSystems.exists(self.output):
            return
        ours = [f"{self.output}/runs/*-*.parquet", f"{self.unfinished}/**"]
        if any(match.metadata_list for match in FileSystems.match(ours)):
            return
        (match,) = FileSystems.match([f"{self.output}/**"], limits=[1])
        if match.metadata_list:
            raise UsageError(f"{self.output} holds something else; give another --output")

    def clear_unfinished(self) -> None:
        """Take away what is in the tables now. The lock stays with whoever has it."""
        # Last the file that says whose the others are.
        for path in (self.portions, self.inputs, self.skipped, self.run_start):
            discard(path)
        self.make()

    def finished_runs(self) -> list[dict]:
        """Read the rows of the runs that are finished.

        Raises:
            UsageError: If one is damaged.
        """
        rows = []
        for path in self._run_files():
            with self._naming_damage(path):
                rows += read_table(path).to_pylist()
        return rows

    def files_of(self, table: str, run_id: str) -> list[str]:
        """List the files of a table that a run wrote, in order."""
        (match,) = FileSystems.match([f"{self.output}/{table}/collection=*/{run_id}-*.parquet"])
        return sorted(metadata.path for metadata in match.metadata_list)

    def collection_of(self, path: str) -> str:
        """Tell the collection of a file that `table_file` named."""
        return path.rpartition("/collection=")[2].partition("/")[0]

    def has_files(self, table: str) -> bool:
        """Tell whether any run that is finished wrote a file of a table."""
        (match,) = FileSystems.match([f"{self.output}/{table}/collection=*/*.parquet"])
        runs = set(map(_stem, self._run_files()))
        return any(_run_of(metadata.path) in runs for metadata in match.metadata_list)

    def read_batches(self, path: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """Read some columns of a file of the tables, a few thousand rows at a time.

        A column that was added to the schema after the file was written is null.

        Raises:
            UsageError: If it is damaged.
        """
        with self._naming_damage(path), FileSystems.open(path) as file:
            parquet = pq.ParquetFile(file)
            there = [name for name in columns if name in parquet.schema_arrow.names]
            for rows in parquet.iter_batches(columns=there):
                yield _with_columns(rows, columns)

    @contextmanager
    def _naming_damage(self, path: str) -> Iterator[None]:
        try:
            yield
        # pyarrow's own: what comes of the file system has a number, or a class.
        except (pa.ArrowInvalid, OSError) as error:
            if type(error) not in (pa.ArrowInvalid, OSError) or getattr(error, "errno", None):
                raise
            stem = _stem(path)
            run_id = stem if path == self.run_file(stem) else _run_of(path)
            raise UsageError(damage_text(path, self.run_file(run_id))) from None

    def _run_files(self) -> list[str]:
        (match,) = FileSystems.match([f"{self.output}/runs/*.parquet"])
        return [metadata.path for metadata in match.metadata_list]


def _stem(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0]


def _run_of(path: str) -> str:
    """Tell the run that wrote a file that `table_file` named."""
    return _stem(path).rpartition("-")[0]


def _with_columns(rows: pa.RecordBatch, columns: list[str]) -> pa.RecordBatch:
    arrays = [
        rows.column(rows.schema.get_field_index(name))
        if name in rows.schema.names
        else pa.nulls(len(rows), pa.string())
        for name in columns
    ]
    return pa.RecordBatch.from_arrays(arrays, columns)


def read_table(path: str, columns: list[str] | None = None) -> pa.Table:
    """Read a Parquet file, or some of its columns."""
    with FileSystems.open(path) as file:
        return pq.ParquetFile(file).read(columns=columns)
