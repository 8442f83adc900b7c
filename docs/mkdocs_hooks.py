"""MkDocs hooks: pages from files outside of this folder, and the columns of the tables.

README and the other Markdown files at the top of the repository are pages of the site, too. Links
between them and the pages of this folder are written for the repository; here they become links
within the site. It needs only the standard library and MkDocs.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
DOCS = "docs"
# Files of the repository, and the pages that they become.
OUTSIDE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "reporting.md",
    "model/default/README.md": "default-model.md",
}
TABLES_MARK = "<!-- columns -->"
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+)\)")
_FENCE = re.compile(r"(^```.*?^```$)", re.M | re.S)


def on_files(files, config):
    """Add the pages that are made of files outside of the documentation."""
    from mkdocs.structure.files import File

    for source, page in OUTSIDE.items():
        text = (REPOSITORY / source).read_text("utf-8")
        files.append(File.generated(config, page, content=site_links(text, source)))
    return files


def on_page_markdown(markdown, page, config, files):
    """Turn links into those of the site, and write the columns of the tables where they belong."""
    path = page.file.src_uri
    if path not in OUTSIDE.values():
        markdown = site_links(markdown, f"{DOCS}/{path}")
    return markdown.replace(TABLES_MARK, "\n".join(columns_of_tables()))


def site_links(text: str, source: str) -> str:
    """Return a Markdown text with its links as the site needs them.

    A link to a file that is no page of the site becomes its text.

    Args:
        text: The text, with links relative to its file.
        source: Its file, from the root of the repository.
    """
    pieces = _FENCE.split(text)
    pieces[::2] = (_LINK.sub(lambda link: _site_link(link, source), one) for one in pieces[::2])
    return "".join(pieces)


def _site_link(link: re.Match, source: str) -> str:
    picture, label, target = link.groups()
    path, mark, anchor = target.partition("#")
    if "://" in target or not path or target.startswith("mailto:"):
        return link.group()
    found = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    here = posixpath.dirname(OUTSIDE.get(source, posixpath.relpath(source, DOCS)))
    if found in OUTSIDE:
        page = OUTSIDE[found]
    elif found.startswith(f"{DOCS}/"):
        page = posixpath.relpath(found, DOCS)
    else:
        return label
    return f"{picture}[{label}]({posixpath.relpath(page, here or '.')}{mark}{anchor})"


def columns_of_tables() -> Iterator[str]:
    """Yield the columns of the tables as Markdown, as `schemas/tables.py` documents them."""
    tree = ast.parse((REPOSITORY / "schemas" / "tables.py").read_text("utf-8"))
    shared = {}
    for statement in tree.body:
        value = getattr(statement, "value", None)
        called = getattr(value.func, "id", "") if isinstance(value, ast.Call) else ""
        if called == "_column":
            shared[statement.targets[0].id] = value
        elif called == "_table":
            yield f"\n## {statement.targets[0].id.lower()}\n\n| column | type | what it is |"
            yield "|---|---|---|"
            yield from (_column(shared.get(getattr(one, "id", ""), one)) for one in value.args)


def _column(call: ast.Call) -> str:
    name, kind, doc = call.args[:3]
    text = ast.unparse(kind).removeprefix("pa.").removesuffix("()").replace("pa.", "")
    names = {
        "_POINTS": "list of x, y",
        "_READINGS": "list of text, confidence",
        "_CHARACTERS": "list of text, confidence, alternatives",
        "_UTC": "timestamp, UTC",
        "list_(string())": "list of string",
    }
    return f"| `{name.value}` | {names.get(text, text)} | {doc.value} |"
