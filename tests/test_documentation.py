"""The documentation: its commands run, and its flags, messages, files and links exist."""

from __future__ import annotations

import ast
import doctest
import importlib.util
import re
import subprocess
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import datetime, timezone
from functools import cache, lru_cache
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model.synthetic.pages import draw_page
from pipelines.cli.console import COMMANDS
from pipelines.cli.console import main as quire
from pipelines.formats.page_text import Origin
from pipelines.formats.page_xml.write import write_description
from schemas.records import Line
from tests import documented, rewrite_documentation
from tests.documented import (
    BEAM_FLAGS,
    NOT_RUN,
    OTHER_PROGRAMS,
    PAGES,
    REPOSITORY,
    commands_of,
    flags_known_to,
    flags_of,
    inline_commands,
    module_of,
    parser_of,
    unlike,
    words_of,
)

DOCS = REPOSITORY / "docs"
# Run from the first command to the last, on drawn pages in place of the real ones. The commands of
# all other pages are parsed: they train, or need the paths of an archive.
RUN = [REPOSITORY / "README.md", DOCS / "tutorial.md"]
# Of benchmarks, and of other programs.
FLAGS_OF_OTHERS = {"--keep", "--most_lines", "--seconds", "--way"}
TEST_PAGES = (
    "test_B.12.japon3_0048",
    "test_B.18.chine4_0003",
    "test_B.3.pologne-urss1_0007",
    "test_B.5.urss3_0045",
    "test_D.3.eurasie-5-6_0018",
    "test_D.4.eurasie-7-8_0077",
    "test_D.7.eurasie-13-14_0056",
    "test_D.8.eurasie-15_0062",
)
TRAIN_PAGES = ("B.5.urss3_0003", "B.10.chine2_0020")
TEXTS = ("Anna Keller of Irkoutsk", "after the guerre of 1914", "sold his mill on 3 June")
ELSEWHERE = Line("elsewhere", 2, "not there", ((20, 12), (90, 12)), ((20, 4), (90, 4), (90, 16)))
# Sentences that have to be read twice.
UNCLEAR = re.compile(
    r"\b(dealt out|deals? out|accounts? (that )?closes|vouch\w*|in the box|all but as well|"
    r"page ends so|same thing on a cluster|int8 is about twice as fast)\b",
    re.I,
)


def name_of(path):
    return path.relative_to(REPOSITORY).as_posix()


def write_page(path, rng, is_wrong=False):
    """Draw a page and its PAGE XML; a wrong one lacks a line and has one where nothing is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    grey, page = draw_page(TEXTS, rng, uri=path.name)
    Image.fromarray(grey).save(path, quality=90)
    if is_wrong:
        page = replace(page, lines=(*page.lines[:2], ELSEWHERE))
    origin = Origin("Quire", datetime(2000, 1, 1, tzinfo=timezone.utc))
    path.with_suffix(".xml").write_bytes(write_description(page, origin))


@pytest.fixture
def _peraire(tmp_path, monkeypatch):
    """Draw pages where the real ones would be after `git clone`."""
    rng = np.random.default_rng(5)
    for number, name in enumerate(TEST_PAGES):
        write_page(tmp_path / f"peraire/data/test/{name}.jpg", rng, is_wrong=not number)
    for name in TRAIN_PAGES:
        write_page(tmp_path / f"peraire/data/train/{name}.jpg", rng)
    monkeypatch.chdir(tmp_path)


def printed_by(words):
    """Run a command of Quire, and return its status and the lines that it prints."""
    with redirect_stdout(StringIO()) as out:
        status = quire(words[1:])
    return status, out.getvalue().splitlines()


@pytest.mark.parametrize("path", RUN, ids=name_of)
@pytest.mark.usefixtures("_peraire")
def test_commands_of_a_page_run_and_print_what_it_shows(path):
    ran = 0
    for block in commands_of(path, ("console",)):
        if NOT_RUN.match(block.command):
            continue
        (words,) = words_of(block.command)
        if words[0] == "quire":
            status, printed = printed_by(words)
            assert status == 0, block.command
            assert unlike(block.output, printed) == [], "\n".join([block.command, *printed])
            ran += 1
        else:
            subprocess.run(["sh", "-c", block.command], check=True)
    assert ran >= 5


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_commands_of_a_page_are_parsed(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for block in commands_of(path):
        for words in words_of(block.command):
            # Some parsers look whether a text file exists.
            for name in words:
                if re.fullmatch(r"\w+\.txt", name):
                    (tmp_path / name).touch()
            check_command(words, block.command)


def check_command(words, command):
    found = module_of(words)
    if found is None:
        if words[0] == "make":
            targets = set(
                re.findall(r"^([a-z0-9-]+):", (REPOSITORY / "Makefile").read_text(), re.M)
            )
            assert {word for word in words[1:] if "=" not in word} <= targets, command
        else:
            known = {*OTHER_PROGRAMS, "quire", "python", "python3", "python3.10"}
            assert words[0] in known, f"{command}: add its program to OTHER_PROGRAMS"
        return
    module, arguments = found
    if module in ("pytest", "venv", "pip", "ruff"):
        return
    try:
        _, unknown = plain_parse(parser_of(module), arguments)
    except SystemExit as end:
        if end.code:
            pytest.fail(f"{command}: its parser refuses it")
        return
    assert set(flags_of(unknown)) <= BEAM_FLAGS, command


def plain_parse(parser, arguments):
    # What stands for a number in the documentation is one.
    return parser.parse_known_args([re.sub(r"^[A-Z]$", "3", word) for word in arguments])


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_flags_of_commands_in_a_sentence_exist(path):
    for code in inline_commands(path):
        for words in words_of(code):
            module, arguments = module_of(words) or ("", [])
            if module and module not in ("pytest",):
                known = flags_known_to(parser_of(module)) | BEAM_FLAGS
                assert set(flags_of(arguments)) <= known, code


@lru_cache(maxsize=1)
def all_flags():
    known = (flags_known_to(parser_of(command.module)) for command in COMMANDS.values())
    return BEAM_FLAGS.union(*known)


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_flags_in_a_sentence_exist(path):
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.M | re.S)
    flags = set(re.findall(r"`(--[a-z]\w*)", text))
    assert flags - all_flags() - FLAGS_OF_OTHERS == set()


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_lead_to_files_and_headings(path):
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^()\s]+)\)", text):
        file, _, anchor = target.partition("#")
        if "://" in file or file.startswith("mailto:"):
            continue
        found = (path.parent / file).resolve() if file else path
        assert found.is_file(), target
        assert not anchor or anchor in anchors(found), target


@cache
def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.M)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@lru_cache(maxsize=1)
def messages():
    """Return all texts in the code, with '…' for what is filled in."""
    found = set()
    for package in ("pipelines", "model"):
        for path in (REPOSITORY / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    parts = (getattr(part, "value", "") for part in node.values)
                    found.add("…".join(part for part in parts if isinstance(part, str)))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
    return "\n".join(found)


def test_messages_of_troubleshooting_are_in_the_code():
    text = (DOCS / "troubleshooting.md").read_text("utf-8")
    listed = re.findall(r"^\*\*`(.+?)`\*\*", text, re.M)
    assert len(listed) >= 25
    for message in listed:
        missing = [part for part in message.split("…") if part.strip() not in messages()]
        assert missing == [], message


def test_every_page_is_in_the_navigation():
    listed = set(re.findall(r"([a-z/-]+\.md)$", (REPOSITORY / "mkdocs.yml").read_text(), re.M))
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert pages | set(hooks().OUTSIDE.values()) == listed


@lru_cache(maxsize=1)
def hooks():
    spec = importlib.util.spec_from_file_location("mkdocs_hooks", DOCS / "mkdocs_hooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        ("[a](docs/python.md#x)", "README.md", "[a](python.md#x)"),
        ("![a](docs/page.jpg)", "README.md", "![a](page.jpg)"),
        ("[a](model/default/README.md)", "README.md", "[a](default-model.md)"),
        # Files that are no pages of the site become text.
        ("see [`a`](LICENSE).", "README.md", "see `a`."),
        ("[a](../README.md#install)", "docs/tutorial.md", "[a](index.md#install)"),
        ("[a](../python.md)", "docs/reference/model.md", "[a](../python.md)"),
        ("[a](../../docs/x.md)", "model/default/README.md", "[a](x.md)"),
        ("[a](https://example.org/) [b](#c)", "README.md", "[a](https://example.org/) [b](#c)"),
        ("```\n[a](LICENSE)\n```", "README.md", "```\n[a](LICENSE)\n```"),
    ],
)
def test_links_become_those_of_the_site(text, source, expected):
    assert hooks().site_links(text, source) == expected


def test_the_site_lists_every_column():
    from schemas.tables import TABLES

    page = "\n".join(hooks().columns_of_tables())
    names = [f"| `{field.name}` |" for table in TABLES.values() for field in table]
    assert [line[: line.index("|", 1) + 1] for line in page.splitlines() if "`" in line] == names
    assert "pa." not in page and "_(" not in page


def test_the_reference_has_every_public_name():
    import model

    text = (DOCS / "reference" / "model.md").read_text("utf-8")
    listed = set(re.findall(r"^::: (\S+)$", text, re.M))
    assert listed == {f"{module}.{name}" for name, module in model._MODULES.items()}


def test_the_citation_has_the_version():
    from schemas import VERSION

    citation = (REPOSITORY / "CITATION.cff").read_text("utf-8")
    assert f"\nversion: {VERSION}\n" in citation and citation.startswith("cff-version: 1.2.0\n")


@pytest.mark.parametrize("module", [documented, rewrite_documentation])
def test_examples_of_the_helpers_hold(module):
    assert doctest.testmod(module).failed == 0


def test_texts_are_plain():
    sources = [
        path
        for p in ("model", "pipelines", "schemas", "components", "benchmarks")
        for path in (REPOSITORY / p).rglob("*.py")
    ]
    texts = {name_of(path): path.read_text("utf-8") for path in (*PAGES, *sources)}
    texts["CHANGELOG.md"] = (REPOSITORY / "CHANGELOG.md").read_text("utf-8")
    found = {name: UNCLEAR.findall(text) for name, text in texts.items()}
    assert {name: phrases for name, phrases in found.items() if phrases} == {}
