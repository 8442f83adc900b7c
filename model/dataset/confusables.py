"""Characters of different scripts that look alike.

If a transcriber uses a Canadian syllabic or a Cyrillic letter in place of a Latin one, the
recogniser has to learn two labels for one shape. The table is for handwriting and common fonts, so
it includes more pairs than those that are identical in one font.
"""

from __future__ import annotations

import unicodedata

# Each group of characters is one shape in several scripts.
_TABLE = """
    AΑАᎪᗅᗩꓮ BΒВᏴᗷꓐⲂᛒ CϹСᏟᑕꓚⲤ DᎠᗞᗪꓓ EΕЕᎬᗴꓰⴹ FϜᖴꓝ GԌᏀᏳᏻꓖᘜ HΗНᎻᕼꓧⲎ IΙІӀᏆꓲⲒⵏᛁ JͿЈᎫᒍꓙ
    KΚКᏦᏥꓗⲔᛕ LᏞᒪꓡⳐ MΜМᎷᗰꓟϺᛖ NΝᑎꓠⲚ OΟОՕᎾꓳⲞⵔᗝ PΡРᏢᑭꓑⲢᖘ QԚⵕ RᎡᏒᖇꓣᚱ SЅՏᏕᏚᔕꓢ
    TΤТᎢꓔⲦ UՍᑌꓴ VѴᏙᐯꓦⴸ WԜᎳᗯꓪ XΧХꓫⲬⵝᚷ᙭ YΥҮУᎩꓬⲨ ZΖᏃꓜᙆ
    aаα bЬᏏᑲᖯ cсϲⲥᒼ dԁᏧᑯ eеҽ fք gցɡ hһհᏂᑋ iіιᎥ jјϳ kкκ lӏᑊ nոηпᐢ oοоօσⲟჿסᐤ pрρⲣ
    qԛᑫզ rгⲅᣴ sѕᔆᣵ uυսᐡ vνѵᘁ wωԝшա xхχⲭᕁᕽ yуγүყ
    ßβᏰ æӕ ÆӔ əә ƏӘ ɅΛꓥᐱ ƆϽꓛᑐ ƎꓱЭ ɛεᕮ ɣɤγ þϸ ÞϷ
    ΓГᎱⲄ ΠПⲠ ΦФⲪ ΔᐃⲆ ΘѲⲐ ΨѰⲮ φфⲫ πпⲡ
    2ᒿ 3ЗӠⳌ 4ᏎЧ 6бᏮⳒ 8Ց 9ԳⳊ
    :։׃ꓽ '׳ "״ -־᐀ᐨ —一ー ·ᐧ /ノ |丨 +ᐩ .᙮
"""
_SHAPES = _TABLE.split()
_LOOKS_LIKE = {c: "".join(shape for shape in _SHAPES if c in shape) for c in "".join(_SHAPES)}
_COMMON = ""
_EAST_ASIAN = "Han or Kana"
_RENAMED = {
    "Canadian": "Canadian syllabics",
    "Cjk": _EAST_ASIAN,
    "Hiragana": _EAST_ASIAN,
    "Katakana": _EAST_ASIAN,
    "Katakana-hiragana": _EAST_ASIAN,
}
# Compatibility characters that look like their decomposition. A long s or a ligature looks
# different, and a superscript is deliberate.
_LOOK_ALIKE_TAGS = ("<font>", "<wide>", "<narrow>")
_ROMAN_NUMERALS = ("ROMAN NUMERAL", "SMALL ROMAN NUMERAL")


def script_of(character: str) -> str:
    """Return the script of a character, derived from its Unicode name.

    Args:
        character: One character.

    Returns:
        'Latin', 'Greek', 'Canadian syllabics' ...; empty for characters that all scripts share:
        digits, spaces, most punctuation, combining marks.

    Example:
        >>> script_of("é"), script_of("ᐯ"), script_of("𝐀"), script_of("7")
        ('Latin', 'Canadian syllabics', 'Latin', '')
    """
    plain = unicodedata.normalize("NFKC", character)[0]
    name = unicodedata.name(plain, "")
    first = name.split(" ")[0].capitalize()
    is_letter = unicodedata.category(plain).startswith("L")
    if first == "Modifier" or not (is_letter or first in _SCRIPTS_OF_SHAPES):
        return _COMMON
    return _RENAMED.get(first, first)


def look_alike(character: str, script: str) -> str:
    """Return the look-alike in a script of a character from another one.

    Args:
        character: One character.
        script: Name of a script, from `script_of`.

    Returns:
        Characters of the script or of all scripts; for a styled, wide or narrow form without
        such a look-alike, its plain form. Empty if the character belongs to the script or to all
        scripts, or has no known look-alike.

    Example:
        >>> look_alike("ᐯ", "Latin"), look_alike("A", "Cyrillic"), look_alike("Ⅻ", "Latin")
        ('V', 'А', 'XII')
        >>> look_alike("é", "Latin")
        ''
    """
    if _looks_like_its_decomposition(character):
        plain = unicodedata.normalize("NFKC", character)
        return "".join(_twin(c, script) or c for c in plain)
    return _twin(character, script)


def _twin(character: str, script: str) -> str:
    """Return the character of a script with the shape of another, with the same accents."""
    if script_of(character) in (script, _COMMON):
        return ""
    base, *marks = unicodedata.normalize("NFD", character)
    for twin in _LOOKS_LIKE.get(base, ""):
        if script_of(twin) in (script, _COMMON):
            return unicodedata.normalize("NFC", twin + "".join(marks))
    return ""


def _looks_like_its_decomposition(character: str) -> bool:
    decomposition = unicodedata.decomposition(character)
    is_numeral = unicodedata.name(character, "").startswith(_ROMAN_NUMERALS)
    return decomposition.startswith(_LOOK_ALIKE_TAGS) or (is_numeral and decomposition != "")


# Punctuation of a script has the script in its name, but the first word of 'COMMA' is no script.
_SCRIPTS_OF_SHAPES = frozenset(
    unicodedata.name(c).split(" ")[0].capitalize()
    for c in _LOOKS_LIKE
    if unicodedata.category(c).startswith("L")
)
