"""What to export and how, and the programs that exports are made for."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.formats.page_text import SHOWN
from pipelines.tables.account import Account
from pipelines.tables.skipped import SkippedFiles
from pipelines.transcripts.pages import Selection

# Each format has its own folder, so that two of them may have the same extension.
EXTENSIONS = {
    "page": ".xml",
    "alto": ".xml",
    "hocr": ".html",
    "text": ".txt",
    "pdf": ".pdf",
    "iiif": ".json",
    "tei": ".xml",
    "markdown": ".md",
}
# One table of all lines each, not a file a page.
TABLE_FORMATS = ("csv", "xlsx")
FORMATS = (*EXTENSIONS, *TABLE_FORMATS)
# Formats that can also be written once a document.
DOCUMENT_FORMATS = ("pdf", "text", "markdown", "tei")
PER = PAGE, DOCUMENT = "page", "document"


@dataclass(frozen=True)
class Target:
    """A program that is to read an export.

    Attributes:
        formats: What it reads, the usual one first.
        page_version: The version of PAGE XML that it reads; empty for the usual one.
        nests_tables: Whether it reads regions in a TableRegion.
        has_plain_names: Whether files are called like the image without its extension.
        is_beside_images: Whether PAGE lies in a folder `page` in that of the images.
        archive: Name of the zip file of all that is written; empty for one a format.
        takes_many_types: Whether it reads further types of a line or region in ALTO.
    """

    formats: tuple[str, ...]
    page_version: str = ""
    nests_tables: bool = True
    has_plain_names: bool = True
    is_beside_images: bool = False
    archive: str = ""
    takes_many_types: bool = True


TARGETS = {
    "escriptorium": Target(("alto", "page"), nests_tables=False, takes_many_types=False),
    "transkribus": Target(
        ("page",), page_version="2013-07-15", is_beside_images=True, archive="transkribus"
    ),
    "ocrd": Target(("page",), archive="ocrd"),
}


@dataclass(frozen=True)
class ExportConfig:
    """What to export and how.

    Attributes:
        transcripts: Folder of the tables.
        output: Folder to write.
        formats: Some of `FORMATS`.
        overwrite: Whether to replace the output if it exists.
        page_version: Version of PAGE XML.
        iiif_base: Address at which the folder `iiif` of the output will be served.
        target: Name of the program in `TARGETS` that is to read it; empty for any.
        is_zipped: Whether each format is one zip file.
        per: 'page' or 'document': what has a file of its own in `DOCUMENT_FORMATS`.
        frame: 'shown' or 'stored': the pixels that points are those of.
        language: Language of the text (BCP 47); empty if unknown.
        selection: The pages.
        changed_since: Run after which a page was read to be written; 'last' for the newest one
            of which the output has pages; empty for all.
        is_corrected: Whether lines are written as people corrected them.
    """

    transcripts: str
    output: str
    formats: tuple[str, ...]
    overwrite: bool = False
    page_version: str = "2019-07-15"
    iiif_base: str = ""
    target: str = ""
    is_zipped: bool = False
    per: str = PAGE
    frame: str = SHOWN
    language: str = ""
    selection: Selection = field(default_factory=Selection)
    changed_since: str = ""
    is_corrected: bool = False

    @property
    def taken_by(self) -> Target:
        """The program that is to read the export; one that reads everything where none is named."""
        return TARGETS.get(self.target, Target(FORMATS, has_plain_names=False))


@dataclass(frozen=True)
class Exported:
    """The result of an export.

    Attributes:
        account: Pages and lines; a page is ok if all its files were written.
        file_count: Files written.
        replaced_count: Characters that were replaced by U+FFFD.
        turned_count: Pages whose image is turned by its EXIF orientation.
        removed_count: Files of pages that are gone, which were removed.
        frame: 'shown' or 'stored'.
        remarks: What else is to be told.
        gone_count: Pages that are gone by the tables, which are not in the account.
        missing_count: Pages whose image is gone, of those that were skipped.
        missing: The first of them.
        skipped: Pages that have no text to export.
    """

    account: Account
    file_count: int = 0
    replaced_count: int = 0
    turned_count: int = 0
    removed_count: int = 0
    frame: str = SHOWN
    remarks: tuple[str, ...] = ()
    gone_count: int = 0
    missing_count: int = 0
    missing: tuple[str, ...] = ()
    skipped: SkippedFiles = field(default_factory=SkippedFiles)

    def __str__(self):
        said = filter(None, (str(self.account), str(self.skipped)))
        text = "\n".join([*said, f"files: {self.file_count} written"])
        if self.missing_count:
            more = ", ..." * (self.missing_count > len(self.missing))
            text += (
                f"\nskipped: {_pages(self.missing_count)} whose image is gone "
                f"({', '.join(self.missing)}{more}); transcribe the input again, which marks them"
            )
        if self.gone_count:
            text += f"\nleft out: {_gone(self.gone_count)}; see the recipe gone"
        if self.removed_count:
            text += f"\nfiles: {self.removed_count} removed, as their pages are gone"
        if self.replaced_count:
            text += f"\n{self.replaced_count} characters that XML cannot hold are now U+FFFD"
        if self.turned_count:
            text += f"\n{self._turned()}"
        return "\n".join([text, *self.remarks])

    @property
    def lack(self) -> str:
        """What the output lacks; empty for nothing."""
        gone, failed = self.gone_count + self.missing_count, self.account.pages_failed
        parts = [f"without {_gone(gone)}"] * bool(gone)
        return " and ".join([*parts, *[f"except {_pages(failed)} that failed"] * bool(failed)])

    @property
    def problem(self) -> str:
        """Why the output is of no use, and the cure; empty if it is of use."""
        if self.account.pages_ok or not self.missing_count:
            return ""
        return (
            f"no page could be written, as their images do not exist ({self.missing[0]}); mount "
            "their folder, or run from where they were transcribed"
        )

    def _turned(self) -> str:
        is_one = self.turned_count == 1
        are = "page is a photograph" if is_one else "pages are photographs"
        pages = f"{self.turned_count:,} {are} turned by EXIF"
        if self.frame != SHOWN:
            return f"{pages}: points are in the pixels as stored"
        return (
            f"{pages}: points are in the picture as viewers show it; for programs that read the "
            "pixels as stored, such as kraken, give --frame stored"
        )


def _gone(count: int) -> str:
    return f"{_pages(count)} that {'is' if count == 1 else 'are'} gone"


def _pages(count: int) -> str:
    return f"{count:,} page{'s' * (count != 1)}"
