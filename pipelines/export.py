"""Export transcribed pages: PAGE, ALTO, hOCR, plain text, searchable PDF, IIIF annotations."""

from __future__ import annotations

import argparse
import sys

from pipelines.cli.main import command_main
from pipelines.cli.options import add_output_flags, finish, verb_parser
from pipelines.formats.page_xml.write import VERSIONS

_FORMATS = ("page", "alto", "hocr", "text", "pdf", "iiif")


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("export", __doc__, takes_beam_flags=False)
    parser.add_argument("--transcripts", required=True, help="folder that transcribe wrote")
    parser.add_argument(
        "--to",
        nargs="+",
        choices=_FORMATS,
        required=True,
        help="formats, each in its own folder that mirrors the input; characters that XML "
        "does not allow become U+FFFD; only pdf reads the images",
    )
    add_output_flags(parser)
    parser.add_argument(
        "--page_version", choices=VERSIONS, default=VERSIONS[0], help="PAGE XML schema"
    )
    parser.add_argument(
        "--iiif_base",
        default="",
        help="https:// address at which the folder iiif of the output will be served",
    )
    return parser


def _run(args: argparse.Namespace) -> int:
    from pipelines.exporting.pipeline import ExportConfig, run_export
    from pipelines.tables.shown_failures import show_failures
    from pipelines.transcripts.files import naming_damage

    config = ExportConfig(
        transcripts=args.transcripts,
        output=args.output,
        formats=tuple(dict.fromkeys(args.to)),
        overwrite=args.overwrite,
        page_version=args.page_version,
        iiif_base=args.iiif_base,
    )
    with naming_damage(args.transcripts):
        exported = run_export(config)
    print(*filter(None, [str(exported), show_failures(args.output)]), sep="\n")
    failure_rate = exported.account.failure_rate
    return finish(failure_rate, args.max_failure_rate, f"{args.output}/failures")


main = command_main(_parser, _run)

if __name__ == "__main__":
    sys.exit(main())
