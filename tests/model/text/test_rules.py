"""Normalisation of transcriptions, and the rules file."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.charset import normalise_text
from model.text.rules import FORMS, Rule, TextRules, apply_rules, load_rules

PLAIN = st.text(st.characters(exclude_characters='"/#->\r\n', exclude_categories=["Cs", "Z", "C"]))


@given(st.text())
def test_without_rules_it_equals_the_normalisation_of_the_charset(text):
    assert apply_rules(text, TextRules()) == normalise_text(text)


@given(st.text(), st.sampled_from(FORMS))
def test_normalisation_is_idempotent(text, form):
    once = apply_rules(text, TextRules(form))
    assert apply_rules(once, TextRules(form)) == once
    assert unicodedata.is_normalized(form, once)


@given(st.text(), st.sampled_from(FORMS))
def test_the_normal_form_of_the_input_does_not_matter(text, form):
    rules = TextRules(form, load_rules("é -> e\n/[àâ]/ -> a"))
    decomposed = unicodedata.normalize("NFD", text)
    assert apply_rules(decomposed, rules) == apply_rules(text, rules)


@given(st.lists(st.tuples(PLAIN.filter(str.strip), PLAIN), max_size=5))
def test_rules_are_read_as_they_were_written(pairs):
    text = "".join(f"{pattern} -> {replacement}\r\n" for pattern, replacement in pairs)
    expected = tuple(Rule(unicodedata.normalize("NFC", p), r) for p, r in pairs)
    assert load_rules(text) == expected


def test_compatibility_forms_are_applied_only_on_request():
    assert apply_rules("ﬁn ſ ½", TextRules()) == "ﬁn ſ ½"
    assert apply_rules("ﬁn ſ ½", TextRules("NFKC")) == "fin s 1⁄2"


def test_rules_are_applied_in_order_before_white_space_is_normalised():
    rules = TextRules(replacements=load_rules('a -> b\nb -> " c "\n"#" ->'))
    assert apply_rules("#a#x", rules) == "c x"


def test_all_kinds_of_rules():
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


def test_a_literal_pattern_is_not_a_regular_expression():
    rules = TextRules(replacements=load_rules(r"a.b -> \1"))
    assert apply_rules("axb a.b", rules) == r"axb \1"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ab", "is not a rule"),
        (" -> b", "is not a rule"),
        ("/[/]/ -> b", "is not a rule"),
        ('"" -> b', "pattern is empty"),
        ("/(/ -> b", "unterminated"),
        ("/a/ -> \\1", "invalid group reference"),
        ("/a*/ -> b", "matches empty text"),
    ],
)
def test_an_invalid_rule_is_rejected_with_its_line_number(line, reason):
    with pytest.raises(ValueError, match=rf"^rules line 3: .*{reason}"):
        load_rules(f"# marks\na -> b\n{line}\n")


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+b", "(a|b)*c", "(?:x?){30}y", "((a)+b){2,}", "(?P<n>a{2,3})*b", "(?i:a*)+b", "((a*)c)+"],
)
def test_patterns_of_exponential_time_are_rejected(pattern):
    with pytest.raises(ValueError, match="may take exponential time"):
        load_rules(f"/{pattern}/ -> x")


@pytest.mark.parametrize(
    "pattern",
    ["(ab)+", "(a|b)c+", "a+b*c", r"(\w+) \1", "[(+*|]+", r"\(a+\)+", "(?:ab){2}", "(?<=a|b)c+"],
)
def test_patterns_of_polynomial_time_are_accepted(pattern):
    assert load_rules(f"/{pattern}/ -> x") == (Rule(pattern, "x", is_regex=True),)


def test_a_lone_surrogate_is_reported_unless_a_rule_removes_it():
    with pytest.raises(ValueError, match=r"U\+D83D at character 3.*correct the transcription"):
        apply_rules("le\ud83d", TextRules())
    drop = TextRules(replacements=load_rules(r"/[\ud800-\udfff]/ ->"))
    assert apply_rules("le\ud83d", drop) == "le"


def test_an_unknown_normal_form_is_rejected():
    with pytest.raises(ValueError, match="'NFX' is unknown"):
        TextRules("NFX")
