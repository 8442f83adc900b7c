"""A drawn archive with transcripts, and its evaluation, for the tests of `evaluate`."""

from __future__ import annotations

import json
from pathlib import Path

from pipelines.evaluate import main as evaluate
from pipelines.transcribe import main as transcribe
from tests.fakes import write_fake_bundle
from tests.pipelines.drawn_archive import write_page


def write_transcribed_archive(folder: Path, inputs: str, *flags: str) -> None:
    """Write two pages and one that cannot be read to `pages`, and their transcripts to `out`.

    Args:
        folder: Folder of the archive.
        inputs: What to transcribe, below the folder.
        flags: Further flags of transcribe.
    """
    for name in ("p1", "p2", "broken"):
        write_page(folder / "pages", name)
    (folder / "pages" / "broken.jpg").write_bytes(b"no image")
    model = write_fake_bundle(folder / "m")
    paths = ["--input", f"{folder}/{inputs}", "--model", str(model), "--output", f"{folder}/out"]
    run = ["--runner", "DirectRunner", "--max_failure_rate", "1"]
    assert transcribe([*paths, *flags, *run]) == 0


def measured(archive: Path, truth: Path, capsys, *flags: str) -> dict:
    """Evaluate the transcripts of an archive and return the figures that are printed."""
    assert evaluate(["--transcripts", f"{archive}/out", "--truth", str(truth), *flags]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])
