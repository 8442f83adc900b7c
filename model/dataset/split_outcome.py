"""What decided the splits of a dataset, how they came out, and whether a model can be trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from model.dataset.splits import SplitConfig
from schemas.features import SPLITS

_NAMED_KINDS = ("column", "folder", "file name")
_HELD_OUT_ALONE = "for a held-out set alone, give --test_fraction 1 --eval_fraction 0"


@dataclass(frozen=True)
class SplitOutcome:
    """What decided the splits, and how they came out.

    Attributes:
        config: Shares and grouping that were asked for.
        pages_by: Pages by what names their split ('column split', 'folder test'); '' for those
            that a hash assigned.
        lines: Lines by split.
        units: Pages or groups that a hash assigned.
        writers: Pages whose writer is known.
        is_eval_carved: Whether eval was taken out of the official train pages.
    """

    config: SplitConfig = field(default_factory=SplitConfig)
    pages_by: Mapping[str, int] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    units: int = 0
    writers: int = 0
    is_eval_carved: bool = False

    @property
    def pages(self) -> int:
        """Number of pages."""
        return sum(self.pages_by.values())

    def __str__(self):
        """Return one line: what decided, and the lines of each split.

        Example:
            >>> outcome = SplitOutcome(pages_by={"folder train": 6, "folder test": 3, "": 1})
            >>> print(outcome)
            splits: from folders test, train (9 pages), by hash of pages (1 page); lines: 0 train, 0 eval, 0 test
        """  # noqa: E501
        lines = ", ".join(f"{self.lines.get(split, 0)} {split}" for split in SPLITS)
        return f"splits: {', '.join(self._decided())}; lines: {lines}"

    def _decided(self) -> list[str]:
        by_name = {name: pages for name, pages in sorted(self.pages_by.items()) if name and pages}
        parts = [(f"from {what}", sum(pages)) for what, pages in _gathered(by_name)]
        hashed = self.pages_by.get("", 0)
        if hashed:
            parts.append((f"by hash of {self._unit_names()}", hashed))
        said = [part for part, _ in parts] if len(parts) < 2 else list(map(_with_pages, parts))
        if self.is_eval_carved:
            said.append(f"eval out of train by hash of {self._unit_names()}")
        return said or ["none, as nothing was read"]

    def _unit_names(self) -> str:
        if self.config.group_by == "writer" and not self.writers:
            return "documents, as no page names its writer"
        return f"{self.config.group_by}s"

    def problem(self, is_eval_wanted: bool) -> str:
        """Return why the dataset cannot be trained on, or not be evaluated on, and the cure.

        Args:
            is_eval_wanted: Whether a dataset of a single page has to have a split eval, too.

        Returns:
            One line; empty if there is no problem.

        Example:
            >>> SplitOutcome(pages_by={"folder test": 3}, lines={"test": 9}).problem(False)[:57]
            'nothing to train on: of 9 lines, 0 are in train (splits: '
        """
        lines = sum(self.lines.values())
        config = self.config
        if not lines:
            return ""
        if not self.lines.get("train") and config.eval_fraction + config.test_fraction < 1:
            why = ", ".join(self._decided())
            return (
                f"nothing to train on: of {lines} lines, 0 are in train (splits: {why}); "
                "see failures, add pages of train, or correct what names the splits, or "
                f"{_HELD_OUT_ALONE}"
            )
        if self.lines.get("eval") or not config.eval_fraction:
            return ""
        if self.pages <= 1 and not is_eval_wanted:
            return ""
        return f"nothing to evaluate on: {self._why_no_eval()}, or give --eval_fraction 0"

    def _why_no_eval(self) -> str:
        if self.units != 1:
            return "no line of the pages in eval could be read; see failures, add pages"
        unit = self.config.group_by
        if unit == "page":
            return "one page alone cannot be divided among train and eval; add pages"
        unknown = "no page names its writer, and " if unit == "writer" and not self.writers else ""
        return f"{unknown}all pages are one group, which stays together; give --group_by page"


def _gathered(by_name: Mapping[str, int]) -> list[tuple[str, list[int]]]:
    """Gather names of a kind: 'folder test' and 'folder train' are 'folders test, train'."""
    found: dict[str, tuple[list[str], list[int]]] = {}
    for name, pages in by_name.items():
        kind = next((kind for kind in _NAMED_KINDS if name.startswith(f"{kind} ")), "")
        names, counts = found.setdefault(kind or name, ([], []))
        names.append(name[len(kind) :].strip() if kind else "")
        counts.append(pages)
    return [
        (f"{kind}{'s' if len(names) > 1 else ''} {', '.join(names)}".strip(), counts)
        for kind, (names, counts) in found.items()
    ]


def _with_pages(part: tuple[str, int]) -> str:
    what, pages = part
    return f"{what} ({pages} page{'s' if pages != 1 else ''})"
