"""Print the text of novels in TEI, as ELTeC has them, in lines as short as those of a manuscript.

    python -m benchmarks.default_model.novels ELTeC-fra/level1 > fr.txt

All novels give equally many characters.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree

_LINE_CHARACTERS = 45
_PARAGRAPHS = ("{http://www.tei-c.org/ns/1.0}p", "{http://www.tei-c.org/ns/1.0}l")


def lines_of(path: Path) -> Iterator[str]:
    """Yield the text of a novel from its second quarter on, wrapped.

    Args:
        path: Its TEI file.
    """
    # The files are those of a collection that the user chose.
    body = ElementTree.parse(path).getroot().find(".//{*}body")  # noqa: S314
    paragraphs = [one for one in body.iter() if one.tag in _PARAGRAPHS]
    # The first chapters have prefaces and dedications, which are the same in many novels.
    for paragraph in islice(paragraphs, len(paragraphs) // 4, None):
        text = " ".join("".join(paragraph.itertext()).split())
        yield from textwrap.wrap(text, _LINE_CHARACTERS, break_long_words=False)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of TEI files")
    parser.add_argument("--characters", type=int, default=1_500_000, help="of all novels together")
    args = parser.parse_args()
    paths = sorted(args.folder.glob("*.xml"))
    for path in paths:
        characters = 0
        for line in lines_of(path):
            print(line)
            characters += len(line)
            if characters >= args.characters / len(paths):
                break
    return 0


if __name__ == "__main__":
    sys.exit(main())
