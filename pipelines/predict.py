"""Read a few images and print their text, confidence and warnings."""

from __future__ import annotations

import argparse
import sys

from pipelines.cli.main import command_main
from pipelines.cli.options import EXIT_FAILURES, EXIT_OK, verb_parser
from pipelines.cli.reading import add_reading_flags
from pipelines.pages.time_limit import add_time_limit_flag, page_time_limit_s
from schemas.process_end import end_process


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("predict", __doc__, takes_beam_flags=False, prints_data=True)
    parser.add_argument(
        "images",
        nargs="+",
        metavar="IMAGE",
        help="line or page images, PDF or TIFF; scan.pdf#page=3 is one page of several",
    )
    parser.add_argument(
        "--model", default="default", help="folder that train wrote; default: the bundled model"
    )
    add_reading_flags(parser)
    parser.add_argument(
        "--lines",
        choices=("auto", "whole", "find"),
        default="auto",
        help="whole: the image is one line; find: the line finder finds its lines; auto: whole "
        "where the image is 4 times as wide as high, or at most 128 px high",
    )
    parser.add_argument(
        "--spelling",
        default="",
        metavar="WORDS",
        help="also print lines with corrected spelling, by a word list in UTF-8 and the words of "
        "the model; 'model' for those alone; this helps after --decoding greedy only",
    )
    parser.add_argument(
        "--show",
        default="",
        metavar="PICTURE",
        help="write the image with the text under it: a .png or .jpg file, or a folder for all",
    )
    add_time_limit_flag(parser)
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object per page instead of text"
    )
    return parser


def _run(args: argparse.Namespace) -> int:
    """Return 3 where an image, a page or a line could not be read, 0 otherwise."""
    from model.decoding.config import DecodingConfig
    from model.recogniser.quality import choose_reading
    from pipelines.files.cached import local_model
    from pipelines.prediction.run import PredictConfig, run_predict

    model = local_model(args.model)
    choice = choose_reading(model, args.quality, args.decoding, args.precision)
    config = PredictConfig(
        images=tuple(args.images),
        model=model,
        precision=choice.precision,
        lines=args.lines,
        decoding=DecodingConfig(choice.decoding, language=args.language),
        spelling=args.spelling,
        show=args.show,
        as_json=args.json,
        page_time_limit_s=page_time_limit_s(args),
    )
    return EXIT_FAILURES if run_predict(config, sys.stdout, sys.stderr) else EXIT_OK


main = command_main(_parser, _run)

if __name__ == "__main__":
    end_process(main)
