"""What a transcription is asked to do, and its outcome."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

from pipelines.pages.listing import PagesConfig
from pipelines.tables.account import Account
from pipelines.tables.news import News
from pipelines.tables.skipped import SkippedFiles
from pipelines.transcription.recognise import Recognition
from schemas.program import command_name


@dataclass(frozen=True)
class TranscribeConfig:
    """What to transcribe and how.

    Attributes:
        inputs: Files, folders, globs, manifests, addresses and lists of those.
        recognition: How lines are recognised.
        output: Folder of the tables.
        redo: Whether to read pages again that were read before.
        collection: Partition of the tables to write to.
        line_source: 'given', 'find', 'auto' or 'whole'.
        page_time_limit_s: Seconds a page may take; 0 for no limit.
        pages: How pages of manifests and of the web are listed and fetched.
        root: Folder that the names of pages start from; empty for the one of the earlier runs.
        only_new: Whether pages that did not change stay as another model or version read them.
    """

    inputs: tuple[str, ...]
    recognition: Recognition
    output: str
    redo: bool = False
    collection: str = "all"
    line_source: str = "auto"
    page_time_limit_s: float = 300.0
    pages: PagesConfig = field(default_factory=PagesConfig)
    root: str = ""
    only_new: bool = False


@dataclass(frozen=True)
class Transcribed:
    """The outcome of a transcription.

    Attributes:
        account: Account of pages and lines.
        collection: Partition of the tables that it wrote to.
        elsewhere_count: Number of unchanged pages that are in other collections.
        skipped: Files that are no pages.
        news: What changed since the earlier runs.
        output: Folder of the tables.
        run_id: Identifier of the run.
        obstacle: Why lines were read greedily although a beam search was asked for; else empty.
        said: What is said before the account; empty for nothing.
    """

    account: Account
    collection: str
    elsewhere_count: int = 0
    skipped: SkippedFiles = field(default_factory=SkippedFiles)
    news: News = field(default_factory=News)
    output: str = ""
    run_id: str = ""
    obstacle: str = ""
    said: str = ""

    def __str__(self):
        query = f"{command_name('query')} --transcripts {shlex.quote(self.output)}"
        news = self.news.lines(query)
        parts = (self.said, str(self.account), str(self.skipped), self.obstacle, *news)
        said = "\n".join(filter(None, parts))
        if not self.elsewhere_count:
            return said
        return (
            f"{said}\nunchanged pages that stay in another collection: "
            f"{self.elsewhere_count}; add --redo to read all again into {self.collection}"
        )
