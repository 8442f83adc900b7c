"""Which files of the tables a run wrote, as `runs` records them, and which of them are gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipelines.tables.writers import writer_of

_MOST_NAMES = 3


def table_path(path: str) -> str:
    """Return the path of a file of the tables in their folder.

    Example:
        >>> table_path("/mnt/out/lines/collection=all/a-00000.parquet")
        'lines/collection=all/a-00000.parquet'
    """
    return "/".join(path.split("/")[-3:])


def record(sizes: Mapping[str, int], missed: Iterable[str] = ()) -> str:
    """Return the column `files` of a row of `runs`: the size in bytes and path of each file.

    Args:
        sizes: The files that the run wrote.
        missed: Files of earlier runs that it found missing, and said so; recorded with size 0.

    Example:
        >>> record({"pages/collection=all/a-00000.parquet": 9})
        '9 pages/collection=all/a-00000.parquet'
    """
    every = {**dict.fromkeys(missed, 0), **sizes}
    return "\n".join(f"{every[path]} {path}" for path in sorted(every))


@dataclass(frozen=True)
class Recorded:
    """The files that the rows of `runs` record.

    Attributes:
        sizes: Path to the size in bytes.
        missed: Files that a complete run found missing.
        writers: Path to the run or compaction that has the pages of the file now.
    """

    sizes: Mapping[str, int]
    missed: frozenset[str] = frozenset()
    writers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, runs: Iterable[Mapping]) -> Recorded:
        r"""Return what some rows record; those of earlier versions have no column `files`.

        Example:
            >>> found = Recorded.of([{"run_id": "a", "files": "9 pages/x\n0 lines/y"}])
            >>> found.sizes, found.missed, found.writers
            ({'pages/x': 9}, frozenset({'lines/y'}), {'pages/x': 'a'})
        """
        sizes, missed, writers = {}, set(), {}
        for run in runs:
            for line in (run.get("files") or "").splitlines():
                size, _, path = line.partition(" ")
                if int(size):
                    sizes[path], writers[path] = int(size), writer_of(run)
                else:
                    missed.add(path)
        return cls(sizes, frozenset(missed), writers)

    def missing(self, sizes: Mapping[str, int]) -> list[str]:
        """Return the files that are not there; one that is empty holds nothing, and is not either.

        Args:
            sizes: The files that are there.

        Example:
            >>> Recorded({"a": 9, "b": 8, "c": 7}).missing({"a": 9, "b": 0})
            ['b', 'c']
        """
        return sorted(path for path in self.sizes if not sizes.get(path))


@dataclass(frozen=True)
class Missing:
    """Files that are missing, and what that means for the pages as they are shown.

    Attributes:
        paths: The files.
        missed: Those that a complete run has found missing before.
        lacking_count: Pages that lack lines or failures.
        unknown_count: Pages of which there are lines or failures, and no row of `pages`.
    """

    paths: tuple[str, ...]
    missed: frozenset[str] = frozenset()
    lacking_count: int = 0
    unknown_count: int = 0

    def matter(self) -> list[str]:
        """Return the files that are missed.

        What a run has told counts no more once all pages have been read again.
        """
        lacking = self.lacking()
        return [one for one in self.paths if one not in self.missed or one in lacking]

    def lacking(self) -> list[str]:
        """Return the files that pages lack as they are shown."""
        tables = ("lines/", "failures/") if self.lacking_count else ()
        tables += ("pages/",) if self.unknown_count else ()
        return [one for one in self.paths if one.startswith(tables)]

    def text(self, folder: str, is_reading: bool = False) -> str:
        """Say in one line which files are missing, what that means, and what to do.

        Args:
            folder: Folder of the tables.
            is_reading: Whether transcribe says it, which is about to read the pages.

        Returns:
            The line; empty if no file is missed.

        Example:
            >>> Missing(("lines/a",), unknown_count=2).text("out", is_reading=True)
            'out/lines/a: missing, so 2 pages are unknown; those in the input are read again'
        """
        paths = self.matter()
        if not paths:
            return ""
        names = ", ".join(f"{folder}/{path}" for path in paths[:_MOST_NAMES])
        if len(paths) > _MOST_NAMES:
            names += f" and {len(paths) - _MOST_NAMES:,} more"
        what = " and ".join(self._effects()) or "older readings or blank pages are incomplete"
        cure = (
            "; those in the input are read again"
            if is_reading
            else "; restore from a copy, or transcribe again, which reads their pages again"
        )
        return f"{names}: missing, so {what}{cure}"

    def _effects(self) -> list[str]:
        effects = []
        if self.lacking_count:
            pages = (
                "1 page lacks" if self.lacking_count == 1 else f"{self.lacking_count:,} pages lack"
            )
            effects.append(f"{pages} lines or failures")
        if self.unknown_count:
            pages = "1 page is" if self.unknown_count == 1 else f"{self.unknown_count:,} pages are"
            effects.append(f"{pages} unknown")
        return effects
