"""Query transcripts with SQL: the views are lines, pages, failures and runs."""

from __future__ import annotations

import argparse
import os
import re
import stat
import sys
from typing import TYPE_CHECKING, TextIO

from pipelines.cli.main import command_main
from pipelines.cli.options import EXIT_OK, UsageError, verb_parser
from pipelines.transcripts.engines import ENGINES, views_script
from pipelines.transcripts.recipes import PAGE, find_recipe, recipe_list
from schemas.process_end import end_process

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

_FORMATS = ("table", "csv", "jsonl")
# Statements that only read; those that make and drop views and tables do so in memory.
_READING = ("SELECT", "CREATE", "DROP", "SET", "VARIABLE_SET")


class _PrintRecipes(argparse.Action):
    """Print the recipes and end the program, as --help does."""

    def __call__(self, parser, namespace, values, option_string=None):
        sys.stdout.write(recipe_list())
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("query", __doc__, takes_beam_flags=False, prints_data=True)
    parser.add_argument(
        "--transcripts",
        help="folder that transcribe wrote; or that ingest, lines or export wrote, or a folder "
        "`failures` in it, to query their failures",
    )
    parser.add_argument("--format", choices=_FORMATS, default="table", help="of the printed rows")
    parser.add_argument(
        "--save",
        metavar="FILE",
        help="write the rows to a file instead: .parquet, or .csv or .xlsx for spreadsheets",
    )
    parser.add_argument(
        "--safe_csv",
        action=argparse.BooleanOptionalAction,
        help="with --format csv, put an apostrophe before texts that spreadsheet programs would "
        "compute (default: where the output is a file)",
    )
    parser.add_argument(
        "--allow_files",
        action="store_true",
        help="let the query read and write other files than those of the tables",
    )
    parser.add_argument(
        "--recipes",
        action=_PrintRecipes,
        nargs=0,
        default=argparse.SUPPRESS,
        help="print the ready-made queries, one a line, and exit",
    )
    parser.add_argument(
        "--show_sql",
        action="store_true",
        help="print what the --recipe is, its parameters and its SQL, and stop",
    )
    parser.add_argument(
        "--set",
        type=_assignment,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="value of a parameter, $NAME in the SQL; may be repeated",
    )
    query = parser.add_mutually_exclusive_group(required=True)
    query.add_argument("--recipe", metavar="NAME", help="name of a ready-made query; see --recipes")
    query.add_argument(
        "--print_views",
        choices=sorted(ENGINES),
        help="print a script that makes the views over the files without Quire, for this engine",
    )
    query.add_argument("query", nargs="?", help='SQL, for instance "SELECT * FROM failures"')
    return parser


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text} is not NAME=VALUE")
    return name, value


def _run(args: argparse.Namespace) -> int:
    if args.show_sql:
        return _show_sql(args.recipe or args.query)
    if args.transcripts is None:
        raise UsageError("query needs --transcripts, the folder that transcribe wrote")
    if args.print_views:
        sys.stdout.write(views_script(args.print_views, args.transcripts))
        return EXIT_OK
    query, values, files = args.query, dict(args.set), []
    if args.recipe is not None:
        recipe = find_recipe(args.recipe)
        query, values = recipe.sql, recipe.values(values)
        files = [values[one.name] for one in recipe.parameters if one.is_file]
        for path in files:
            _check_sample(path)
    # DuckDB takes a moment to import, and --help and --recipes do not need it.
    import duckdb

    from pipelines.transcripts.files import naming_damage
    from pipelines.transcripts.page_names import page_of
    from pipelines.transcripts.rows import check_savable
    from pipelines.transcripts.tables import open_any_tables

    if args.save:
        check_savable(args.save)
    connection = open_any_tables(args.transcripts, args.allow_files, files)
    try:
        with naming_damage(args.transcripts):
            if args.recipe is not None and values.get(PAGE):
                values[PAGE] = page_of(connection, values[PAGE], f"--set {PAGE}:")
            _check_reads(connection, query, args.allow_files)
            _give(_select(connection, query, values), args)
    # Some errors are raised only while rows are computed.
    except duckdb.PermissionException as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"query: {reason}; --allow_files lets it") from None
    except duckdb.Error as error:
        raise UsageError(f"query: {str(error).splitlines()[0]}") from None
    return EXIT_OK


def _check_sample(path: str) -> None:
    """Check that a file is a CSV file in UTF-8 with the columns `text` and `truth`.

    Raises:
        UsageError: If it is not.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            head = file.readline()
            for _ in file:
                pass
    except OSError as error:
        raise UsageError(f"--set file={path}: {error.strerror}; give the corrected file") from None
    except UnicodeDecodeError:
        raise UsageError(
            f"--set file={path} is not in UTF-8; save it as 'CSV UTF-8' in the spreadsheet program"
        ) from None
    for column in ("text", "truth"):
        if column not in re.split(r"\W+", head):
            raise UsageError(
                f"--set file={path} has no column {column} in its first line; keep the columns of "
                "the recipe sample"
            )


def _check_reads(connection: DuckDBPyConnection, query: str, allows_files: bool) -> None:
    """Check that a query only reads, unless it may do more.

    Raises:
        UsageError: If it does not.
    """
    for statement in connection.extract_statements(query):
        if statement.type.name not in _READING and not allows_files:
            raise UsageError(
                f"query: {statement.type.name} may write files; write a SELECT, which --save keeps "
                "as a file, or add --allow_files"
            )


def _give(rows: DuckDBPyRelation, args: argparse.Namespace) -> None:
    """Print the rows, or save them."""
    from pipelines.transcripts.rows import print_rows, save_rows
    from pipelines.transcripts.tables import iterate_rows

    if args.save:
        count = save_rows(rows, args.save)
        print(f"{args.save}: {count:,} rows")
        return
    is_safe = _is_file(sys.stdout) if args.safe_csv is None else args.safe_csv
    print_rows(rows.columns, iterate_rows(rows), args.format, sys.stdout, is_safe)


def _is_file(stream: TextIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        # It stands for no file of the system.
        return False


def _show_sql(name: str) -> int:
    sys.stdout.write(find_recipe(name).page())
    return EXIT_OK


def _select(connection: DuckDBPyConnection, query: str, values: dict[str, str]):
    statements = connection.extract_statements(query)
    wanted = statements[-1].named_parameters if statements else set()
    for name in sorted(wanted - values.keys()):
        raise UsageError(f"query has ${name} without a value; add --set {name}=...")
    for name in sorted(values.keys() - wanted):
        raise UsageError(f"--set {name}: the query has no ${name}; take it out")
    rows = connection.sql(query, params=values or None)
    if rows is None:
        raise UsageError("query gives no rows; write a SELECT")
    return rows


main = command_main(_parser, _run)

if __name__ == "__main__":
    end_process(main)
