"""The demonstration: run the commands that a user would type, one after the other."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from model.dataset.splits import SplitConfig
from pipelines.cli.options import UsageError
from pipelines.demonstration.archive import pages_of_split

_QUERY = """
SELECT parse_filename(page_uri, true) AS page, line_index AS line, text,
       round(confidence, 3) AS confidence
FROM lines ORDER BY page_uri, line_index LIMIT 10
"""


@dataclass(frozen=True)
class DemoConfig:
    """What to demonstrate.

    Attributes:
        output: Folder to create.
        page_count: Pages to draw.
        epochs: Passes over the training lines.
    """

    output: str
    page_count: int
    epochs: int


def run_demo(config: DemoConfig) -> int:
    """Run the demonstration.

    Args:
        config: What to demonstrate.

    Returns:
        0, or the exit status of the first command that failed.

    Raises:
        UsageError: If there are so few pages that none is in the test split.
    """
    for command in _commands(config):
        print(f"\n$ python -m {shlex.join(command)}", flush=True)
        status = subprocess.run([sys.executable, "-m", *command]).returncode
        if status:
            return status
    return 0


def _commands(config: DemoConfig) -> Iterator[list[str]]:
    folder = config.output
    archive, dataset, models = (f"{folder}/{name}" for name in ("archive", "dataset", "models"))
    transcripts = f"{folder}/transcripts"
    pages = ["--kind", "pages", "--count", str(config.page_count)]
    yield ["pipelines.sample", *pages, "--output", archive]
    yield ["pipelines.ingest", "--input", archive, "--output", dataset]
    # Drawn lines look very similar, so training is faster without augmentation. They are decoded
    # greedily, without a language model, so no recurrent one is trained.
    size = ["--preset", "tiny", "--augmentation", "0", "--epochs", str(config.epochs)]
    size += ["--recurrent_epochs", "0"]
    yield ["pipelines.train", "--dataset", dataset, "--output", models, *size]

    test_pages = pages_of_split(archive, "test", SplitConfig())
    if not test_pages:
        raise UsageError(f"--pages {config.page_count} leave none for the test split; draw more")
    model = ["--model", f"{models}/latest"]
    yield ["pipelines.transcribe", "--input", *test_pages, *model, "--output", transcripts]
    yield ["pipelines.query", "--transcripts", transcripts, " ".join(_QUERY.split())]
    truth = [page.replace(".jpg", ".xml") for page in test_pages]
    yield ["pipelines.evaluate", "--transcripts", transcripts, "--truth", *truth]
    yield ["pipelines.show", "--transcripts", transcripts, "--output", f"{folder}/page.png"]
