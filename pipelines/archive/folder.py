"""The output folder of transcribe.

lines/collection=NAME/RUN-00000.parquet      likewise for pages and failures
runs/RUN.parquet                             written last: without it a run's files do not count

A compaction writes the rows of several runs as files of its own, COMPACTION-00000.parquet. They
count, and those of the runs do not any more, once the runs are in a newer file of `runs`, in which
the column `compaction` names it.

.unfinished/                                 what a running or killed run has done so far
.unfinished/parts/                           likewise of a run in parts
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from pipelines.cli.options import UsageError
from pipelines.files.filesystem import make_folder, starts_beneath
from pipelines.files.objects import is_there
from pipelines.files.output import discard
from pipelines.tables.damage import check_values, damage_text, fits
from pipelines.tables.missing import Recorded, table_path
from pipelines.tables.rows import with_all_columns
from pipelines.tables.writers import newest_rows, writer_of, written_by
from schemas.tables import TABLES


@dataclass(frozen=True)
class Archive:
    """The paths in an output folder, and what finished runs wrote there.

    Attributes:
        output: The folder.
    """

    output: str

    @property
    def unfinished(self) -> str:
        """Folder of the unfinished run."""
        return f"{self.output}/.unfinished"

    @property
    def portions(self) -> str:
        """Folder of what that run has done so far."""
        return f"{self.unfinished}/portions"

    def table_file(self, table: str, collection: str, run_id: str, number: int) -> str:
        """Return the path of a file of `lines`, `pages` or `failures`."""
        return f"{self.output}/{table}/collection={collection}/{run_id}-{number:05d}.parquet"

    def run_file(self, run_id: str) -> str:
        """Return the path of the file that marks a run as finished."""
        return f"{self.output}/runs/{run_id}.parquet"

    @property
    def run_start(self) -> str:
        """File that records the unfinished run."""
        return f"{self.unfinished}/run.json"

    @property
    def inputs(self) -> str:
        """File with the tally of the pages that came in."""
        return f"{self.unfinished}/inputs.json"

    @property
    def skipped(self) -> str:
        """File that says which files were left out."""
        return f"{self.unfinished}/skipped.json"

    @property
    def parts(self) -> str:
        """Folder of what the parts of that run have in common, and of their marks and locks."""
        return f"{self.unfinished}/parts"

    def counts(self, start: str) -> str:
        """Return the folder in which a run on this machine counts its pages as it goes.

        Args:
            start: How the names of its portions start.
        """
        return f"{self.portions}/{start}counts"

    def known_pages(self, run_id: str) -> str:
        """Return the path of the keys of known pages, one per run: workers cache what they read."""
        return f"{self.portions}/known-{run_id}"

    @property
    def own_starts(self) -> tuple[str, ...]:
        """Starts of all paths that runs write, for `pipelines.files.filesystem.is_left_out`."""
        tables = (f"{table}/collection=" for table in ("lines", "pages", "failures"))
        return starts_beneath(self.output, *tables, "runs/", ".unfinished/")

    def make(self) -> None:
        """Create the folder if it does not exist.

        Raises:
            UsageError: If it exists and holds something else than an archive.
        """
        self.check()
        make_folder(self.portions, self.output)

    def check(self) -> None:
        """Check that the folder does not exist, is empty, or holds an archive.

        Raises:
            UsageError: If it holds something else.
        """
        if not is_there(self.output):
            return
        if self._has_own_files():
            return
        (match,) = FileSystems.match([f"{self.output}/**"], limits=[1])
        # Another part of the run may have begun it meanwhile.
        if match.metadata_list and not self._has_own_files():
            raise UsageError(
                f"{self.output} holds files that transcribe did not write; give another --output"
            )

    def _has_own_files(self) -> bool:
        ours = [f"{self.output}/runs/*-*.parquet", f"{self.unfinished}/**"]
        return any(match.metadata_list for match in FileSystems.match(ours))

    def clear_unfinished(self) -> None:
        """Remove what has been published. The lock stays with the process that holds it."""
        # The file that names the run is removed last.
        matches = FileSystems.match([f"{self.parts}/*.json", f"{self.parts}/*.keys"])
        paths = (metadata.path for match in matches for metadata in match.metadata_list)
        for path in (self.portions, self.inputs, self.skipped, *paths, self.run_start):
            discard(path)
        self.make()

    def finished_runs(self) -> list[dict]:
        """Return the rows of all finished runs, each once.

        Raises:
            UsageError: If a file is damaged.
        """
        return newest_rows(row for _, row in self.run_rows())

    def run_rows(self) -> Iterator[tuple[str, dict]]:
        """Yield each row of each file of `runs`, with the file.

        Raises:
            UsageError: If a file is damaged.
        """
        for path in self.run_files():
            with self._naming_damage(path), FileSystems.open(path) as file:
                rows = _parquet(file, "runs").read()
                check_values(rows, "runs")
            yield from ((path, row) for row in rows.to_pylist())

    def files_of(self, table: str, writer: str) -> list[str]:
        """Return the files of a table that a run or compaction wrote, in order."""
        (match,) = FileSystems.match([f"{self.output}/{table}/collection=*/{writer}-*.parquet"])
        return sorted(metadata.path for metadata in match.metadata_list)

    def files_of_table(self, table: str) -> list[str]:
        """Return the files of a table whose rows count, those of the newest run first.

        Raises:
            UsageError: If a file of `runs` is damaged.
        """
        runs, sizes = self.finished_runs(), self.sizes(table)
        writers, missing = {writer_of(run) for run in runs}, Recorded.of(runs).missing(sizes)
        found = [
            path
            for path in self.all_files(table)
            if written_by(path) in writers and table_path(path) not in missing
        ]
        return sorted(found, key=posixpath.basename, reverse=True)

    def sizes(self, *tables: str, writer: str = "*") -> dict[str, int]:
        """Return the sizes in bytes of files of the tables.

        Args:
            tables: The tables; none for all but `runs`.
            writer: The run or compaction that wrote them; '*' for any.

        Returns:
            Path in the folder to size.
        """
        names = tables or [table for table in TABLES if table != "runs"]
        matches = FileSystems.match(
            [f"{self.output}/{table}/collection=*/{writer}-*.parquet" for table in names]
        )
        found = (metadata for match in matches for metadata in match.metadata_list)
        return {table_path(metadata.path): metadata.size_in_bytes for metadata in found}

    def check_whole(self, path: str) -> None:
        """Check that a file of the tables is not cut off.

        Args:
            path: Its path in the folder.

        Raises:
            UsageError: If it is.
        """
        whole = f"{self.output}/{path}"
        with self._naming_damage(whole), FileSystems.open(whole) as file:
            _parquet(file, self._table_of(path))

    def all_files(self, table: str) -> list[str]:
        """Return all files of a table, whether their rows count or not."""
        (match,) = FileSystems.match([f"{self.output}/{table}/collection=*/*.parquet"])
        return sorted(metadata.path for metadata in match.metadata_list)

    def collection_of(self, path: str) -> str:
        """Return the collection of a path from `table_file`."""
        return path.rpartition("/collection=")[2].partition("/")[0]

    def half_written_files(self) -> list[str]:
        """Return what killed processes left of files of the tables."""
        patterns = [f"{self.output}/{table}/collection=*/.*.part" for table in TABLES]
        patterns.append(f"{self.output}/runs/*.part")
        matches = FileSystems.match(patterns)
        return [metadata.path for match in matches for metadata in match.metadata_list]

    def has_files(self, table: str) -> bool:
        """Return whether any finished run wrote a file of a table."""
        return bool(self.files_of_table(table))

    def read_batches(self, path: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """Yield some columns of a file of the tables, in batches of some thousand rows.

        A column that was added to the schema after the file was written is null.

        Raises:
            UsageError: If the file is damaged.
        """
        with self._naming_damage(path), FileSystems.open(path) as file:
            parquet = _parquet(file, self._table_of(path))
            present = [name for name in columns if name in parquet.schema_arrow.names]
            for rows in parquet.iter_batches(columns=present):
                check_values(rows, self._table_of(path))
                yield _with_columns(rows, columns)

    def read_pages(
        self, path: str, table: str, name_column: str, names: Sequence[str]
    ) -> Iterator[pa.Table]:
        """Yield the rows of some pages, of one row group at a time.

        Args:
            path: A file of the table.
            table: Name of the table.
            name_column: Its column of pages.
            names: The pages.

        Raises:
            UsageError: If the file is damaged.
        """
        wanted = pa.array(names, pa.string())
        with self._naming_damage(path), FileSystems.open(path) as file:
            parquet = _parquet(file, table)
            for group in range(parquet.num_row_groups):
                column = parquet.read_row_group(group, columns=[name_column])[name_column]
                found = pc.is_in(column, value_set=wanted)
                if pc.any(found).as_py():
                    rows = parquet.read_row_group(group).filter(found)
                    yield with_all_columns(rows, TABLES[table])

    def read_groups(self, path: str, table: str) -> Iterator[pa.Table]:
        """Yield the rows of a file, of one row group at a time; arguments as for `read_pages`."""
        with self._naming_damage(path), FileSystems.open(path) as file:
            parquet = _parquet(file, table)
            for group in range(parquet.num_row_groups):
                yield with_all_columns(parquet.read_row_group(group), TABLES[table])

    @contextmanager
    def _naming_damage(self, path: str) -> Iterator[None]:
        try:
            yield
        # pyarrow raises these; an error of the file system has an errno, or is of a subclass.
        except (pa.ArrowInvalid, UnicodeDecodeError, OSError) as error:
            is_subclass = isinstance(error, OSError) and type(error) is not OSError
            if is_subclass or getattr(error, "errno", None):
                raise
            raise UsageError(self._damage(path)) from None

    def _table_of(self, path: str) -> str:
        """Return the table of a file; also of one of a portion, which is called after it."""
        if path.startswith(f"{self.portions}/"):
            return posixpath.basename(path).partition("-")[0]
        return table_path(path).partition("/")[0]

    def _damage(self, path: str) -> str:
        if path in self.run_files():
            return damage_text(path, path)
        rows = list(self.run_rows())
        # Without it the file does not count.
        holding = (file for file, row in rows if writer_of(row) == written_by(path))
        run_file = next(holding, self.run_file(written_by(path)))
        is_recorded = table_path(path) in Recorded.of(row for _, row in rows).sizes
        return damage_text(path, run_file, is_recorded)

    def run_files(self) -> list[str]:
        """Return the files of `runs`."""
        (match,) = FileSystems.match([f"{self.output}/runs/*.parquet"])
        return sorted(metadata.path for metadata in match.metadata_list)


def _stem(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0]


def _parquet(file: BinaryIO, table: str) -> pq.ParquetFile:
    """Open a file of a table.

    Raises:
        pyarrow.ArrowInvalid: If it is none.
    """
    parquet = pq.ParquetFile(file)
    if not fits(parquet.schema_arrow, table):
        raise pa.ArrowInvalid("columns are missing, or are of other types")
    return parquet


def _with_columns(rows: pa.RecordBatch, columns: list[str]) -> pa.RecordBatch:
    arrays = [
        rows.column(rows.schema.get_field_index(name))
        if name in rows.schema.names
        else pa.nulls(len(rows), pa.string())
        for name in columns
    ]
    return pa.RecordBatch.from_arrays(arrays, columns)


def read_table(path: str, columns: list[str] | None = None) -> pa.Table:
    """Return the table in a Parquet file, or some of its columns."""
    with FileSystems.open(path) as file:
        return pq.ParquetFile(file).read(columns=columns)
