"""The news of a run: how many pages were new, changed, renamed, unchanged or gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.changes import Change

# Counts that are always stated, in this order.
_STATED = ("new", "changed", "renamed", "unchanged", "gone")
_READ_AGAIN = tuple(why.value for why in (Change.MODEL, Change.FINDER, Change.LINES, Change.REDO))
# Others are stated if there are any.
_WORDS = {
    Change.BACK.value: "back after they were gone",
    Change.RESTORED.value: "as an older run read them",
    Change.MODEL.value: "read again by another model",
    Change.FINDER.value: "read again by another finder version",
    Change.LINES.value: "read again for another --lines",
    Change.REDO.value: "read again for --redo",
    Change.JOINED.value: "that had two names and now have one",
}
_MOST_NAMES = 3


@dataclass(frozen=True)
class News:
    """What changed since the earlier runs.

    Attributes:
        counts: Number of pages by `Change`, and those that are 'unchanged'.
        alike: Number of new or changed pages with the image of another page.
        alike_names: The first of them.
    """

    counts: dict[str, int] = field(default_factory=dict)
    alike: int = 0
    alike_names: tuple[str, ...] = ()

    def columns(self) -> dict[str, int]:
        """Return the counts as columns of the table `runs`."""
        single = ("new", "changed", "renamed", "restored", "back", "gone")
        again = sum(self.counts.get(reason, 0) for reason in _READ_AGAIN)
        return {f"pages_{name}": self.counts.get(name, 0) for name in single} | {
            "pages_again": again
        }

    def __str__(self):
        stated = ", ".join(f"{self.counts.get(name, 0):,} {name}" for name in _STATED)
        others = [f"{self.counts[name]:,} {_WORDS[name]}" for name in _WORDS if self._has(name)]
        return "; ".join([stated, *others])

    def _has(self, name: str) -> bool:
        return self.counts.get(name, 0) > 0

    def lines(self, query: str) -> Iterator[str]:
        """Yield what a run says at its end: the counts, and the query that lists each.

        Args:
            query: The command that queries the tables, without its recipe.

        Example:
            >>> news = News({"new": 2, "unchanged": 9})
            >>> for line in news.lines("quire query --transcripts out"): print(line)
            2 new, 0 changed, 0 renamed, 9 unchanged, 0 gone
              new: quire query --transcripts out --recipe news --set what=new
              unchanged: quire query --transcripts out --recipe news --set what=unchanged
        """
        yield str(self)
        for name in (*_STATED, *_WORDS):
            if self._has(name):
                value = f"'what={name}'" if " " in name else f"what={name}"
                yield f"  {name}: {query} --recipe news --set {value}"
        if self.alike:
            named = ", ".join([*self.alike_names[:_MOST_NAMES], *["..."] * self._names_are_cut])
            pages = "page has" if self.alike == 1 else "pages have"
            yield (
                f"{self.alike:,} {pages} the same image as another page ({named}); if it is one "
                f"page by two paths, give --root: {query} --recipe same_image"
            )

    @property
    def _names_are_cut(self) -> bool:
        return self.alike > min(len(self.alike_names), _MOST_NAMES)
