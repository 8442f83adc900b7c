"""The commands that the drill kills, and what they begin with."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

from benchmarks.drill.kills import Subject, in_child, text_rows
from model.dataset.examples import read_examples
from pipelines.compact import main as compact
from pipelines.ingest import main as ingest
from pipelines.transcribe import main as transcribe
from tests.fakes import write_fake_bundle
from tests.pipelines.drawn_archive import write_bad_files, write_page, write_thin_line

_DIRECT = ("--runner", "DirectRunner")
_WORDS = ("acte", "de", "mariage", "fils", "de", "Jean", "le", "maire")


def draw_start(scratch: Path) -> Path:
    """Draw pages, sound and broken, and a model; and an archive in which some of them were read.

    Args:
        scratch: Folder to fill.

    Returns:
        The folder that trials begin with: the archive, without pages.
    """
    pages, start = scratch / "pages", scratch / "start"
    start.mkdir(parents=True)
    write_fake_bundle(scratch / "model")
    # Two runs, so that compact has something to do.
    for numbers in (range(3), range(3, 4)):
        for number in numbers:
            write_page(pages, f"p{number}", _WORDS[number : number + 2])
        status, _ = in_child(partial(transcribe, _transcribe_arguments(scratch, 1, start)))
        if status:
            raise SystemExit(f"a first run ends with {status}; run transcribe to see why")
    for number in range(4, 7):
        write_page(pages, f"p{number}", _WORDS[number - 3 : number])
    (pages / "p0.jpg").write_bytes((pages / "p5.jpg").read_bytes())
    (pages / "p1.jpg").unlink()
    (pages / "p1.xml").unlink()
    write_thin_line(pages)
    write_bad_files(pages)
    return start


def _transcribe_arguments(scratch: Path, jobs: int, folder: Path) -> list[str]:
    places = [f"--input={scratch}/pages", f"--model={scratch}/model", f"--output={folder}/out"]
    workers = _DIRECT if jobs == 1 else ("--jobs", str(jobs))
    return [*places, *workers, "--max_failure_rate", "1"]


def _ingest_arguments(scratch: Path, folder: Path) -> list[str]:
    places = [f"--input={scratch}/pages", f"--output={folder}/dataset"]
    return [*places, *_DIRECT, "--max_failure_rate", "1"]


def _examples(folder: Path) -> list[tuple]:
    paths = sorted(map(str, (folder / "dataset").rglob("*.tfrecord.gz")))
    return sorted(
        (
            path.removeprefix(str(folder)),
            line.page_uri,
            line.text,
            hashlib.sha256(line.image).hexdigest(),
        )
        for path in paths
        for line in read_examples([path])
    )


def subjects(scratch: Path) -> list[Subject]:
    """Return the commands; arguments as `draw_start`."""
    rows = partial(_listed, text_rows)
    return [
        *(
            Subject(
                f"transcribe in {'one process' if jobs == 1 else 'two'}",
                transcribe,
                partial(_transcribe_arguments, scratch, jobs),
                "out",
                rows,
            )
            for jobs in (1, 2)
        ),
        Subject("compact", compact, lambda folder: [f"--transcripts={folder}/out"], "out", rows),
        # Where the first run was done, the second one is refused.
        Subject(
            "ingest", ingest, partial(_ingest_arguments, scratch), "dataset", _examples, (0, 2)
        ),
    ]


def _listed(rows, folder: Path) -> list:
    return list(rows(folder))
