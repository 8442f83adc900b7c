"""Recipes: queries by name, with parameters, and the page that shows them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.cli.options import UsageError
from pipelines.transcripts import recipe_sql


@dataclass(frozen=True)
class Parameter:
    """A value that a recipe takes.

    Attributes:
        name: Of the flag `--set` and, after a '$', in the SQL.
        purpose: What it is, for the page.
        default: Taken where none is given; None where one must be given.
    """

    name: str
    purpose: str
    default: str | None = None


@dataclass(frozen=True)
class Recipe:
    """A query with a name.

    Attributes:
        name: Of the flag `--recipe`.
        purpose: What its rows are, for the page.
        sql: The query; its values are bound parameters.
        example: Values for the command on the page.
        parameters: What it takes.
    """

    name: str
    purpose: str
    sql: str
    parameters: tuple[Parameter, ...]
    example: tuple[str, ...] = ()

    def values(self, given: dict[str, str]) -> dict[str, str]:
        """Complete what was given by the defaults.

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


def _limit(rows: int) -> Parameter:
    return Parameter("limit", "most rows", str(rows))


RECIPES = (
    Recipe(
        "names",
        "Lines with a name, or with words that are almost the name: in the text, in another "
        "reading of the line, or with one letter replaced by what else the model saw there. That "
        "a letter may be a space is tried where the first word of the name stands beside it. "
        "Accents and capitals make no difference. Edits are counted in bytes: one for a Latin "
        "letter.",
        recipe_sql.NAMES,
        (
            Parameter("name", "a name of one word or several"),
            Parameter("distance", "letters that may be added, left out or changed", "1"),
            _limit(1000),
        ),
        ("name=Martin",),
    ),
    Recipe(
        "worst_pages",
        "The pages that are read worst, by the CER to be expected; where the model predicts "
        "none, by the share that is missing to full confidence. A page with lines but "
        "without any text counts as wrong throughout.",
        recipe_sql.WORST_PAGES,
        (_limit(50), Parameter("least", "CER from which on a page is listed", "0")),
        ("least=0.1",),
    ),
    Recipe(
        "failures_by_cause",
        "How often each cause of a failure occurs: errors with file names and numbers taken "
        "out, and one page for each.",
        recipe_sql.FAILURES_BY_CAUSE,
        (),
    ),
    Recipe(
        "differences",
        "Lines that two models read differently, the greatest changes first. Without runs: the "
        "newest run that read a page anew with another model, and the newest one before it.",
        recipe_sql.DIFFERENCES,
        (
            Parameter("old", "the earlier run", ""),
            Parameter("new", "the later run", ""),
            _limit(1000),
        ),
    ),
    Recipe(
        "got_worse",
        "Pages whose newest reading is worse than the one before: by the CER to be expected; "
        "where one of the two has none, by the confidence. A page with lines but without any text "
        "counts as wrong throughout.",
        recipe_sql.GOT_WORSE,
        (Parameter("least", "listed are those that are worse by more", "0.01"), _limit(1000)),
    ),
    Recipe(
        "pages_per_day",
        "What was done on each day, UTC, on which a run began.",
        recipe_sql.PAGES_PER_DAY,
        (_limit(31),),
    ),
    Recipe(
        "warnings",
        "Lines whose image may be at fault: 'several lines', 'low contrast', 'no margin', "
        "'blurred'.",
        recipe_sql.WARNINGS,
        (Parameter("warning", "only lines with this one", ""), _limit(1000)),
        ("warning=several lines",),
    ),
    Recipe(
        "gone",
        "Pages that were read and whose image is not in its folder any more: they stay in the "
        "views. Only of folders on a disk; where the folder itself cannot be seen, all its pages.",
        recipe_sql.GONE,
        (
            Parameter("folder", "the folder of the images, named as it was for --input"),
            _limit(1000),
        ),
        ("folder=scans",),
    ),
)


def find_recipe(name: str) -> Recipe:
    """Find a recipe by its name.

    Args:
        name: The name.

    Returns:
        The recipe.

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

Queries that archives ask for, made by `python -m pipelines.query --recipes`. Each runs by its
name, and its SQL can be copied, changed and run: values come in by `--set`, as `$name` in the
SQL, and are never part of it.

The views are `lines`, `pages` and `failures`, which show each page as the newest run that read
it left it; `all_lines`, `all_pages` and `all_failures`, which keep older versions; `runs`; and
`line_changes(old, new)`, the lines that two runs read differently.
"""


def recipe_page() -> str:
    """Write the page of all recipes.

    Returns:
        Markdown.
    """
    return "\n".join([_INTRODUCTION, *("\n".join(_section(recipe)) for recipe in RECIPES)])


def _section(recipe: Recipe) -> Iterator[str]:
    command = f"python -m pipelines.query --transcripts out/transcripts --recipe {recipe.name}"
    flags = [f" --set '{value}'" if " " in value else f" --set {value}" for value in recipe.example]
    yield f"## {recipe.name}\n\n{textwrap.fill(recipe.purpose, 95)}\n"
    yield f"```sh\n{command}{''.join(flags)}\n```\n"
    if recipe.parameters:
        yield "| parameter | default | what it is |\n|---|---|---|"
        for parameter in recipe.parameters:
            default = "must be given" if parameter.default is None else parameter.default
            yield f"| `{parameter.name}` | {default} | {parameter.purpose} |"
        yield ""
    yield f"```sql\n{recipe.sql.strip()}\n```\n"
