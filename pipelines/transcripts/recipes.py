"""Recipes: named queries with parameters, and the page that documents them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.cli.options import UsageError
from pipelines.transcripts import engines, quality_sql, recipe_sql
from schemas.program import command_name

# A parameter that names a page, as a user types it.
PAGE = "page"
# Measured; see docs/quality.md.
QUALITY_FACTOR = "2"


@dataclass(frozen=True)
class Parameter:
    """A value that a recipe takes.

    Attributes:
        name: Its name in `--set` and, after a '$', in the SQL.
        purpose: What it is, for the page.
        default: The value if none is given; None if one must be given.
        is_file: Whether it is a file, which the query may open.
    """

    name: str
    purpose: str
    default: str | None = None
    is_file: bool = False


@dataclass(frozen=True)
class Recipe:
    """A query with a name.

    Attributes:
        name: Its name in `--recipe`.
        purpose: What its rows are, for the page.
        sql: The query; its values are bound parameters.
        parameters: The parameters that it takes.
        example: Values for the command on the page.
    """

    name: str
    purpose: str
    sql: str
    parameters: tuple[Parameter, ...]
    example: tuple[str, ...] = ()

    def values(self, given: dict[str, str]) -> dict[str, str]:
        """Return the given values, completed by the defaults.

        Args:
            given: Parameter to value.

        Returns:
            A value for each parameter.

        Raises:
            UsageError: If a parameter is unknown, or one is missing.

        Example:
            >>> find_recipe("worst_pages").values({"limit": "5"})
            {'limit': '5', 'least': '0'}
        """
        names = [parameter.name for parameter in self.parameters]
        for name in given:
            if name not in names:
                raise UsageError(
                    f"--set {name}: recipe {self.name} has no such parameter; "
                    f"it takes {', '.join(names) or 'none'}"
                )
        values = {p.name: given.get(p.name, p.default) for p in self.parameters}
        for parameter in self.parameters:
            if not values[parameter.name] and parameter.default is None:
                raise UsageError(
                    f"recipe {self.name} needs {parameter.purpose}; add --set {parameter.name}=..."
                )
        return values

    def page(self) -> str:
        """Return what it is, how it is run, its parameters and its SQL, as Markdown."""
        return "\n".join(self._page_parts())

    def _page_parts(self) -> Iterator[str]:
        flags = [
            f" --set '{value}'" if " " in value else f" --set {value}" for value in self.example
        ]
        run = f"python -m pipelines.query --transcripts out/transcripts --recipe {self.name}"
        yield f"## {self.name}\n\n{textwrap.fill(self.purpose, 95)}\n"
        yield f"```sh\n{run}{''.join(flags)}\n```\n"
        if self.parameters:
            yield "| parameter | default | what it is |\n|---|---|---|"
            for parameter in self.parameters:
                default = "must be given" if parameter.default is None else parameter.default
                yield f"| `{parameter.name}` | {default} | {parameter.purpose} |"
            yield ""
        yield f"```sql\n{self.sql.strip()}\n```\n"


def _limit(rows: int) -> Parameter:
    return Parameter("limit", "maximum number of rows", str(rows))


RECIPES = (
    Recipe(
        "names",
        "Lines with a name, or with words that are almost the name: in the text, in an "
        "alternative reading of the line, or with one letter replaced by one of its alternatives. "
        "A letter is replaced by a space only beside the first word of the name. Accents and "
        "capitals make no difference. Edits are counted in bytes: one for a Latin letter.",
        recipe_sql.NAMES,
        (
            Parameter("name", "a name of one word or several"),
            Parameter("distance", "most letters that may be added, left out or changed", "1"),
            _limit(1000),
        ),
        ("name=Martin",),
    ),
    Recipe(
        "worst_pages",
        "The pages with the most errors, by the estimated CER; where the model estimates none, by "
        "one minus the confidence. A page with lines but no text at all counts as entirely wrong, "
        "and so does one with writing but no lines.",
        recipe_sql.WORST_PAGES,
        (_limit(50), Parameter("least", "lowest CER of a page that is listed", "0")),
        ("least=0.1",),
    ),
    Recipe(
        "quality",
        "The estimated CER of each document, and of all: the pages by their characters; what the "
        "estimate was fitted on; and an interval, from the estimate divided by a factor to the "
        "estimate times it. docs/quality.md says what may be claimed. Pages that are in no "
        "manifest or file of several are taken together by their folder.",
        quality_sql.QUALITY,
        (
            Parameter("factor", "how far the CER may lie from its estimate", QUALITY_FACTOR),
            _limit(1000),
        ),
    ),
    Recipe(
        "sample",
        "Lines chosen by chance, to measure the CER: write them with --save sample.csv, correct "
        "the column truth, and give the file to the recipe sampled_cer.",
        quality_sql.SAMPLE,
        (
            _limit(100),
            Parameter("document", "only pages with this in their name", ""),
            Parameter("seed", "another seed gives other lines", "0"),
        ),
        ("limit=100",),
    ),
    Recipe(
        "sampled_cer",
        "The CER of the lines in a CSV file with columns text and truth, with its 95 % interval; "
        "lines without a truth are left out. `as_read` counts the lines whose truth is the text "
        "as it was read: if nobody looked at them, leave their truth empty.",
        quality_sql.SAMPLED_CER,
        (Parameter("file", "the CSV file", is_file=True),),
        ("file=sample.csv",),
    ),
    Recipe(
        "unread",
        "The pages with writing outside of the lines that were read, worst first: lines that the "
        "line finder missed, that a description leaves out, or that failed.",
        recipe_sql.UNREAD,
        (
            Parameter(
                "least",
                "lowest share of the ink; without it, pages with the warning are listed",
                "",
            ),
            _limit(1000),
        ),
        ("least=0.05",),
    ),
    Recipe(
        "teach",
        "The pages to correct first before a model is fine-tuned on them: pages with many "
        "doubtful letters, typical of the others, and different from each other. `share` is the "
        "part of all probable errors that the correction of the page should prevent, `letters` "
        "are those with most of them. Letters that are doubtful on the same pages, and the folder, "
        "tell which pages are alike; of a large archive 500 pages are compared.",
        quality_sql.TEACH,
        (_limit(10),),
        ("limit=5",),
    ),
    Recipe(
        "failures_by_cause",
        "How often each cause of a failure occurs: the errors without file names and numbers, "
        "each with one page as an example.",
        recipe_sql.FAILURES_BY_CAUSE,
        (),
    ),
    Recipe(
        "differences",
        "Lines that two models read differently, the greatest changes first. By default it "
        "compares the newest run that read a page again with another model, and the newest run "
        "before it.",
        recipe_sql.DIFFERENCES,
        (
            Parameter("old", "the earlier run", ""),
            Parameter("new", "the later run", ""),
            _limit(1000),
        ),
    ),
    Recipe(
        "got_worse",
        "Pages whose newest reading is worse than the one before, by the estimated CER; where "
        "one of the two has none, by the confidence. A page with lines but no text at all counts "
        "as entirely wrong.",
        recipe_sql.GOT_WORSE,
        (
            Parameter("least", "pages are listed that are worse by more than this", "0.01"),
            _limit(1000),
        ),
    ),
    Recipe(
        "pages_per_day",
        "Counts and speed of the runs that started on each day (UTC).",
        recipe_sql.PAGES_PER_DAY,
        (_limit(31),),
    ),
    Recipe(
        "warnings",
        "Lines with a warning about their image: 'several lines', 'low contrast', 'no margin', "
        "'blurred'.",
        recipe_sql.WARNINGS,
        (Parameter("warning", "only lines with this warning", ""), _limit(1000)),
        ("warning=several lines",),
    ),
    Recipe(
        "cells",
        "The cells of tables and registers, row by row: the table `region_id`, the row and the "
        "column, each from 0, and the lines of the cell joined by spaces, with the confidence of "
        "the least sure of them.",
        recipe_sql.CELLS,
        (
            Parameter(PAGE, "only this page", ""),
            Parameter("column", "only this column, from 0", ""),
            _limit(10_000),
        ),
        ("column=3",),
    ),
    Recipe(
        "news",
        "What a run changed: each page with 'new', 'changed' (image or given lines), 'renamed' "
        "(same image, the old path is gone), 'gone', 'back', 'model', 'finder version' or 'lines' "
        "(read again though it did not change), 'redo', 'restored' (an older reading holds "
        "again), 'moved' (the old name of a renamed page), 'joined' (a second name of a page); "
        "only if asked for, 'unchanged'.",
        recipe_sql.NEWS,
        (
            Parameter("what", "only pages with this; empty for all but the unchanged ones", ""),
            Parameter("run", "the run; empty for the newest", ""),
            _limit(1000),
        ),
        ("what=gone",),
    ),
    Recipe(
        "gone",
        "Pages that were read and are no longer in the input, with the run that read them and the "
        "one that found them gone. They are in the views `gone`, `all_pages` and `all_lines` only.",
        recipe_sql.GONE,
        (Parameter("folder", "start of their names", ""), _limit(1000)),
        ("folder=scans",),
    ),
    Recipe(
        "same_image",
        "Pages with the same image, digest by digest.",
        recipe_sql.SAME_IMAGE,
        (_limit(1000),),
    ),
)


def find_recipe(name: str) -> Recipe:
    """Return the recipe of a name.

    Args:
        name: The name.

    Raises:
        UsageError: If there is none.
    """
    for recipe in RECIPES:
        if recipe.name == name:
            return recipe
    names = ", ".join(recipe.name for recipe in RECIPES)
    raise UsageError(f"--recipe {name}: no such recipe; there are {names}")


_INTRODUCTION = """\
# Recipes

Ready-made queries; `python -m pipelines.query --recipes` lists them, and `--recipe NAME --show_sql`
prints one. Each is run by its name, and its SQL can be copied, changed and run. Values are given by
`--set` and bound to `$name` in the SQL; they never become part of it.

The views are `lines`, `pages` and `failures`, which show the result of the newest run that read
a page, without pages that are gone; `gone`, those pages; `all_lines`, `all_pages` and
`all_failures`, which also have the older results; `runs`; `corrections`, and `corrected_lines`, the
lines as people corrected them ([corrections](corrections.md)); and `line_changes(old, new)`, the
lines that two runs read differently.
"""


def recipe_page() -> str:
    """Return the page of all recipes, as Markdown."""
    return "\n".join([_INTRODUCTION, *(recipe.page() for recipe in RECIPES), engines.PAGE])


def recipe_list() -> str:
    """Return the recipes, one a line, for the terminal."""
    width = max(len(recipe.name) for recipe in RECIPES)
    lines = (f"{recipe.name:{width}}  {_brief(recipe)}\n" for recipe in RECIPES)
    command = command_name("query")
    return (
        "".join(lines)
        + f"{command} --recipe NAME --show_sql prints what one is, its parameters and its SQL\n"
    )


def _brief(recipe: Recipe) -> str:
    """Return the beginning of the purpose, and the parameters that must be given."""
    brief = re.split(r"[.;:,](?=\s|$)", recipe.purpose, maxsplit=1)[0]
    needed = [p.name for p in recipe.parameters if p.default is None]
    return brief + "".join(f" (--set {name}=...)" for name in needed)
