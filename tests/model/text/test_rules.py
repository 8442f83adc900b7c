"""Transcriptions to their final form, and the rules file."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.charset import normalise_text
from model.text.rules import FORMS, Rule, TextRules, apply_rules, load_rules

PLAIN = st.text(st.characters(exclude_characters='"/#->\r\n', exclude_categories=["Cs", "Z", "C"]))


@given(st.text())
def test_without_rules_it_is_what_the_charset_does(text):
    assert apply_rules(text, TextRules()) == normalise_text(text)


@given(st.text(), st.sampled_from(FORMS))
def test_doing_it_twice_is_doing_it_once(text, form):
    once = apply_rules(text, TextRules(form))
    assert apply_rules(once, TextRules(form)) == once
    assert unicodedata.is_normalized(form, once)


@given(st.text(), st.sampled_from(FORMS))
def test_the_form_of_the_file_does_not_matter(text, form):
    rules = TextRules(form, load_rules("é -> e\n/[àâ]/ -> a"))
    decomposed = unicodedata.normalize("NFD", text)
    assert apply_rules(decomposed, rules) == apply_rules(text, rules)


@given(st.lists(st.tuples(PLAIN.filter(str.strip), PLAIN), max_size=5))
def test_a_written_rule_is_read(pairs):
    text = "".join(f"{pattern} -> {replacement}\r\n" for pattern, replacement in pairs)
    expected = tuple(Rule(unicodedata.normalize("NFC", p), r) for p, r in pairs)
    assert load_rules(text) == expected


def test_compatibility_forms_are_asked_for():
    assert apply_rules("ﬁn ſ ½", TextRules()) == "ﬁn ſ ½"
    assert apply_rules("ﬁn ſ ½", TextRules("NFKC")) == "fin s 1⁄2"


def test_rules_come_in_order_before_the_spaces():
    rules = TextRules(replacements=load_rules('a -> b\nb -> " c "\n"#" ->'))
    assert apply_rules("#a#x", rules) == "c x"


def test_the_kinds_of_rules():
    text = (
        '\ufeff# comment\n\n  ⋎->^ \n"#" -> ""\n/\\[(\\w+)\\]/ -> <\\1>\n/a\\/b/ -> x # y\n" -> ”\n'
    )
    assert load_rules(text) == (
        Rule("⋎", "^"),
        Rule("#", ""),
        Rule(r"\[(\w+)\]", r"<\1>", is_regex=True),
        Rule(r"a\/b", "x # y", is_regex=True),
        Rule('"', "”"),
    )
    rules = TextRules(replacements=load_rules(text))
    assert apply_rules("a/b [mot] ⋎#", rules) == "x # y <mot> ^"


def test_a_literal_is_no_regular_expression():
    rules = TextRules(replacements=load_rules(r"a.b -> \1"))
    assert apply_rules("axb a.b", rules) == r"axb \1"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ab", "is no rule"),
        (" -> b", "is no rule"),
        ("/[/]/ -> b", "is no rule"),
        ('"" -> b', "pattern is empty"),
        ("/(/ -> b", "unterminated"),
        ("/a/ -> \\1", "invalid group reference"),
        ("/a*/ -> b", "matches empty text"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_line(line, reason):
    with pytest.raises(ValueError, match=rf"^rules line 3: .*{reason}"):
        load_rules(f"# marks\na -> b\n{line}\n")


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+b", "(a|b)*c", "(?:x?){30}y", "((a)+b){2,}", "(?P<n>a{2,3})*b", "(?i:a*)+b", "((a*)c)+"],
)
def test_what_may_take_for_ever_is_refused(pattern):
    with pytest.raises(ValueError, match="may take for ever"):
        load_rules(f"/{pattern}/ -> x")


@pytest.mark.parametrize(
    "pattern",
    ["(ab)+", "(a|b)c+", "a+b*c", r"(\w+) \1", "[(+*|]+", r"\(a+\)+", "(?:ab){2}", "(?<=a|b)c+"],
)
def test_what_is_quick_is_not_refused(pattern):
    assert load_rules(f"/{pattern}/ -> x") == (Rule(pattern, "x", is_regex=True),)


def test_a_lone_surrogate_is_named_or_dropped_by_a_rule():
    with pytest.raises(ValueError, match=r"U\+D83D at character 3.*mend the transcription"):
        apply_rules("le\ud83d", TextRules())
    drop = TextRules(replacements=load_rules(r"/[\ud800-\udfff]/ ->"))
    assert apply_rules("le\ud83d", drop) == "le"


def test_an_unknown_form_is_refused():
    with pytest.raises(ValueError, match="'NFX' is unknown"):
        TextRules("NFX")
