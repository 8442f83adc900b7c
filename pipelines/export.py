"""Export transcribed pages: PAGE, ALTO, hOCR, TEI, text, PDF, IIIF, tables of lines."""

from __future__ import annotations

import argparse
import re

from pipelines.cli.main import command_main
from pipelines.cli.options import add_output_flags, finish, verb_parser
from pipelines.formats.page_text import FRAMES
from pipelines.formats.page_xml.write import VERSIONS
from schemas.process_end import end_process

_FORMATS = (
    "page", "alto", "hocr", "text", "pdf", "iiif", "tei", "markdown", "csv", "xlsx"
)  # fmt: skip
# Other names of formats.
_ALSO = {"txt": "text", "md": "markdown"}
_TARGETS = ("escriptorium", "transkribus", "ocrd")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("export", __doc__, takes_beam_flags=False)
    add = parser.add_argument
    add("--transcripts", required=True, help="folder that transcribe wrote")
    add(
        "--to",
        nargs="+",
        default=[],
        choices=(*_FORMATS, *_ALSO),
        metavar="FORMAT",
        help=f"some of {', '.join(_FORMATS)}: each in its own folder that mirrors the input, csv "
        "and xlsx as one table of lines; characters that XML does not allow become U+FFFD; pdf, "
        "iiif and --for ocrd read the images; may be left out with --for",
    )
    add(
        "--for",
        dest="target",
        choices=_TARGETS,
        default="",
        help="write files with the names, versions and layout that this program takes",
    )
    add("--zip", action="store_true", help="one zip file a format")
    add(
        "--corrected",
        action="store_true",
        help="lines as people corrected them: with their text and a confidence of 1, without text "
        "where nobody can read them, without those that are no lines, with those they drew",
    )
    add_output_flags(parser)
    add("--page_version", choices=VERSIONS, default=VERSIONS[0], help="PAGE XML schema")
    add(
        "--iiif_base",
        default="",
        help="https:// address at which the folder iiif of the output will be served",
    )
    add(
        "--per",
        choices=("page", "document"),
        default="page",
        help="document: one pdf, text, markdown or tei for each manifest, file of several pages, "
        "or folder",
    )
    add(
        "--frame",
        choices=FRAMES,
        default=FRAMES[0],
        help="of photographs turned by EXIF: points in the picture as viewers show it, or in the "
        "pixels as stored",
    )
    add("--language", type=_language, default="", help="of the text, as fr, for pdf and tei")
    some = parser.add_argument_group("which pages").add_argument
    some("--page", nargs="+", default=[], metavar="NAME", help="end of a page's URI, or its name")
    some("--collection", default="", help="pages of one collection")
    some("--where", default="", metavar="SQL", help="condition on columns of the table pages")
    some(
        "--changed_since",
        default="",
        metavar="RUN",
        help="update an output that is there: write only what changed since it was written "
        "('last'), or what a later run than RUN read, and remove files of pages that are gone",
    )
    return parser


def _language(text: str) -> str:
    if text and not _LANGUAGE.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text} is no code of a language, such as fr or la")
    return text


def _run(args: argparse.Namespace) -> int:
    from pipelines.exporting.config import TARGETS, ExportConfig
    from pipelines.exporting.pipeline import run_export
    from pipelines.tables.shown_failures import show_failures
    from pipelines.transcripts.files import naming_damage
    from pipelines.transcripts.pages import Selection

    usual = TARGETS[args.target].formats[:1] if args.target else ()
    formats = [_ALSO.get(name, name) for name in args.to or usual]
    config = ExportConfig(
        transcripts=args.transcripts,
        output=args.output,
        formats=tuple(dict.fromkeys(formats)),
        overwrite=args.overwrite,
        page_version=args.page_version,
        iiif_base=args.iiif_base,
        target=args.target,
        is_zipped=args.zip,
        per=args.per,
        frame=args.frame,
        language=args.language,
        selection=Selection(tuple(args.page), args.collection, args.where),
        changed_since=args.changed_since,
        is_corrected=args.corrected,
    )
    with naming_damage(args.transcripts):
        exported = run_export(config)
    print(*filter(None, [str(exported), show_failures(args.output)]), sep="\n")
    failure_rate = exported.account.failure_rate
    table = f"{args.output}/failures"
    but = exported.lack + (f"; {table} lists each" if exported.account.pages_failed else "")
    return finish(failure_rate, args.max_failure_rate, table, exported.problem, but)


main = command_main(_parser, _run)

if __name__ == "__main__":
    end_process(main)
