"""The recipes of `python -m pipelines.query`, on tables made by hand."""

from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path

import pytest

from pipelines.cli.options import UsageError
from pipelines.query import main
from pipelines.transcripts.recipes import RECIPES, find_recipe, recipe_page
from pipelines.transcripts.tables import open_tables
from tests.pipelines.written_tables import ask_recipe, page, write_run

PAGE = Path(__file__).parents[3] / "docs" / "queries.md"
RUN_1, RUN_2, RUN_3 = (f"2026010{day}T000000-000000-aa" for day in (1, 2, 3))


@pytest.fixture
def ask(tmp_path):
    """Run a recipe on the archive and return its rows."""
    return partial(ask_recipe, tmp_path)


def line(line_id, text, readings=(), letters=None, **columns):
    """Make a row of `lines`; `letters` maps a position in the text to alternative characters."""
    others = letters or {}
    characters = [
        {"text": letter, "confidence": 0.9, "alternatives": alternatives(others.get(place, ""))}
        for place, letter in enumerate(text)
    ]
    return {
        "page_uri": "a.jpg",
        "line_id": line_id,
        "text": text,
        "characters": characters,
        "alternatives": alternatives(readings),
    } | columns


def alternatives(texts):
    return [{"text": text, "confidence": 0.1} for text in texts]


def write_lines(folder, *lines):
    lines = [{"line_index": index} | line for index, line in enumerate(lines)]
    write_run(folder, {"run_id": RUN_1}, pages=[page("a.jpg")], lines=lines)


def test_a_name_is_found_in_text_readings_and_letters(tmp_path, ask):
    write_lines(
        tmp_path,
        line("text", "devant Mârtin, notaire"),
        line("edit", "devant Nartin notaire"),
        line("reading", "le 3 mai", ["le 3 mai", "MARTIN 3 mai"]),
        line("letter", "l’Mantin", letters={4: ["u", "r"]}),
        line("dropped", "Marrtin", letters={3: [""]}),
        line("both", "Nantin", letters={2: ["r"]}),
        line("far", "devant Mantiu notaire"),
    )
    found = [
        (row["line_id"], row["found"], row["edits"], row["source"])
        for row in ask("names", "name=martin")
    ]
    assert found == [
        ("text", "Mârtin", 0, "text"),
        ("reading", "MARTIN", 0, "reading"),
        ("letter", "Martin", 0, "letter"),
        ("dropped", "Martin", 0, "letter"),
        ("edit", "Nartin", 1, "text"),
        ("both", "Nartin", 1, "letter"),
    ]
    exact = [row["line_id"] for row in ask("names", "name=MARTÍN", "distance=0")]
    assert exact == ["text", "reading", "letter", "dropped"]
    assert len(ask("names", "name=martin", "distance=2")) == 7
    assert len(ask("names", "name=martin", "limit=2")) == 2


def test_spaces_and_letters_replace_each_other(tmp_path, ask):
    write_lines(
        tmp_path,
        line("joined", "le Mar in, notaire", letters={6: "t"}),
        line("parted", "deuxMartin notaire", letters={3: " "}),
        line("neither", "deuxMartin notaire"),
    )
    found = [(row["line_id"], row["found"], row["source"]) for row in ask("names", "name=martin")]
    assert found == [("joined", "Martin", "letter"), ("parted", "Martin", "letter")]


def test_a_name_may_have_several_words(tmp_path, ask):
    write_lines(
        tmp_path,
        line("hyphen", "le sieur Jean-Martin  Dupont, dit"),
        line("edit", "jean marin dupont"),
        line("apart", "Jean Dupont Martin"),
        line("short", "Jean"),
        line("blank", ""),
    )
    found = ask("names", "name=Jean Martin Dupont")
    assert [(row["line_id"], row["found"], row["edits"]) for row in found] == [
        ("hyphen", "Jean Martin Dupont", 0),
        ("edit", "jean marin dupont", 1),
    ]


def test_a_name_is_a_value_and_never_sql(tmp_path, ask):
    write_lines(tmp_path, line("l", "rue d'Orsay"))
    assert ask("names", "name=x') OR ('1'='1") == []
    assert [row["found"] for row in ask("names", "name=d'Orsay")] == ["d Orsay"]
    assert ask("names", "name=?!") == []


def test_an_older_reading_of_a_page_is_not_searched(tmp_path, ask):
    write_lines(tmp_path, line("l", "Martin"))
    write_run(tmp_path, {"run_id": RUN_2}, pages=[page("a.jpg")], lines=[line("l", "Dupont")])
    assert ask("names", "name=Martin") == []


@pytest.fixture
def three_runs(tmp_path):
    """Two models read a page; a third run, of the newer model, reads another page alone."""
    for run_id, model, text in ((RUN_1, "m1", "acte"), (RUN_2, "m2", "arle")):
        same = line("l1", "notaire")
        write_run(
            tmp_path,
            {"run_id": run_id, "model_digest": model},
            pages=[page("a.jpg")],
            lines=[same, line("l2", text, line_index=1)],
        )
    other = line("l1", "mairie", page_uri="b.jpg")
    third = {"run_id": RUN_3, "model_digest": "m2"}
    write_run(tmp_path, third, pages=[page("b.jpg")], lines=[other])
    return tmp_path


def test_two_models_are_compared_where_both_have_read(three_runs, ask):
    (row,) = ask("differences")
    assert (row["page_uri"], row["line_id"], row["edits"]) == ("a.jpg", "l2", 2)
    assert (row["old_text"], row["new_text"]) == ("acte", "arle")


def test_runs_to_compare_may_be_named(three_runs, ask):
    (row,) = ask("differences", f"old={RUN_2}", f"new={RUN_1}")
    assert (row["old_text"], row["new_text"]) == ("arle", "acte")
    assert ask("differences", f"new={RUN_3}") == []
    assert ask("differences", f"old={RUN_1}", f"new={RUN_1}") == []


def test_runs_of_one_model_are_not_compared_unless_named(tmp_path, ask):
    for run_id, text in ((RUN_1, "acte"), (RUN_2, "arle")):
        run = {"run_id": run_id, "model_digest": "m"}
        write_run(tmp_path, run, pages=[page("a.jpg")], lines=[line("l", text)])
    assert ask("differences") == []
    assert len(ask("differences", f"old={RUN_1}", f"new={RUN_2}")) == 1


def test_pages_are_counted_by_day(tmp_path, ask):
    late = datetime(2026, 1, 1, 23, 30, tzinfo=timezone.utc)
    runs = ((RUN_1, late, 10), (RUN_2, late + timedelta(hours=1), 20), (RUN_3, late, 30))
    for run_id, started, pages_ok in runs:
        times = {"started": started, "finished": started + timedelta(minutes=30)}
        counts = {"pages_ok": pages_ok, "pages_failed": 1, "lines_ok": 5 * pages_ok}
        write_run(tmp_path, {"run_id": run_id, **times, **counts})
    assert [tuple(row.values()) for row in ask("pages_per_day")] == [
        ("2026-01-02", 1, 20, 1, 100, 0.5, 40.0),
        ("2026-01-01", 2, 40, 2, 200, 1.0, 40.0),
    ]


def test_lines_with_warnings_are_listed(tmp_path, ask):
    write_lines(
        tmp_path,
        line("l2", "deux", line_index=1, warnings=["blurred", "no margin"]),
        line("l1", "un", line_index=0, warnings=["blurred"]),
        line("l3", "trois", line_index=2),
    )
    rows = ask("warnings")
    assert [(row["line_id"], row["warnings"]) for row in rows] == [
        ("l1", "blurred"),
        ("l2", "blurred, no margin"),
    ]
    assert [row["line_id"] for row in ask("warnings", "warning=no margin")] == ["l2"]


def test_the_page_of_the_documentation_is_that_of_the_recipes():
    assert recipe_page() == PAGE.read_text("utf-8")


def test_recipes_are_listed_one_a_line(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--recipes"])
    assert stop.value.code == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [recipe.name for recipe in RECIPES]
    assert max(map(len, lines)) < 100 and "--show_sql" in last
    assert lines[0].endswith("(--set name=...)")


@pytest.mark.parametrize("flags", [["--recipe", "cells", "--show_sql"], ["--show_sql", "cells"]])
def test_one_recipe_is_shown_with_its_sql(capsys, flags):
    assert main(flags) == 0
    shown = capsys.readouterr().out
    assert shown == find_recipe("cells").page() and shown in recipe_page()
    assert find_recipe("cells").sql.strip() in shown and "| `column` |" in shown


def test_a_recipe_takes_a_page_by_the_end_of_its_name(tmp_path, ask):
    cells = [
        line("l1", "one", column=0, page_uri="d/p_0005.jpg"),
        line("l2", "two", column=0, page_uri="d/p_0006.jpg"),
    ]
    pages = [page("d/p_0005.jpg"), page("d/p_0006.jpg")]
    write_run(tmp_path, {"run_id": RUN_1}, pages=pages, lines=cells)
    assert [row["text"] for row in ask("cells", "page=p_0005")] == ["one"]
    flags = ["--transcripts", str(tmp_path), "--recipe", "cells", "--set", "page=p"]
    assert main(flags) == 2


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_sql_copied_from_the_page_runs(tmp_path, recipe, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sample.csv").write_text("text,truth\na,b\nb,b\n")
    write_run(tmp_path, {"run_id": RUN_1}, pages=[page("a.jpg")])
    given = dict(value.split("=", 1) for value in recipe.example)
    flags = [f"--set={name}={value}" for name, value in recipe.values(given).items()]
    reads = ["--allow_files"] * any(parameter.is_file for parameter in recipe.parameters)
    assert main(["--transcripts", str(tmp_path), *flags, *reads, recipe.sql]) == 0
    # The recipe declares the parameters that the SQL has.
    (statement,) = open_tables(str(tmp_path)).extract_statements(recipe.sql)
    assert statement.named_parameters == {parameter.name for parameter in recipe.parameters}


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--recipe", "nam"], "--recipe nam: no such recipe; there are names, worst_pages"),
        (["--recipe", "names"], "recipe names needs a name of one word or several; add --set name"),
        (["--recipe", "names", "--set", "name="], "recipe names needs"),
        (["--recipe", "names", "--set", "nom=x"], "--set nom: recipe names has no such parameter"),
        (["--recipe", "failures_by_cause", "--set", "limit=1"], "it takes none"),
        (["--recipe", "worst_pages", "--set", "limit=few"], "Could not convert string 'few'"),
        (["SELECT $limit"], "query has $limit without a value; add --set limit=..."),
        (["SELECT 1", "--set", "limit=1"], "--set limit: the query has no $limit"),
        (["CREATE TABLE t AS SELECT $a AS a", "--set", "a=1"], "query gives no rows"),
        (["SELECT error('while rows are made')"], "while rows are made"),
        ([""], "query gives no rows"),
    ],
)
def test_queries_that_cannot_run_are_one_line_and_status_2(tmp_path, capsys, flags, reason):
    write_lines(tmp_path, line("l", "acte"))
    assert main(["--transcripts", str(tmp_path), *flags]) == 2
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ([], "one of the arguments --recipe --print_views query is required"),
        (["--recipe", "names", "SELECT 1"], "not allowed with"),
        (["SELECT 1", "--set", "limit"], "limit is not NAME=VALUE"),
    ],
)
def test_flags_that_do_not_go_together_are_one_line_and_status_2(tmp_path, capsys, flags, reason):
    with pytest.raises(SystemExit) as stop:
        main(["--transcripts", str(tmp_path), *flags])
    error = capsys.readouterr().err
    assert stop.value.code == 2 and reason in error and error.count("\n") == 1


def test_the_names_of_recipes_are_unique():
    assert all(find_recipe(recipe.name) is recipe for recipe in RECIPES)
    with pytest.raises(UsageError, match="no such recipe"):
        find_recipe("")
