"""What a part of the drill found."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Outcome:
    """A row of the table.

    Attributes:
        name: What was tried.
        tried: How often.
        failed: What went wrong, one text each.
    """

    name: str
    tried: int = 0
    failed: list[str] = field(default_factory=list)

    def add(self, fault: str = "") -> None:
        """Count one try, and what went wrong in it."""
        self.tried += 1
        if fault:
            self.failed.append(fault)


def table(outcomes: list[Outcome]) -> str:
    """Return the outcomes as a table in Markdown, with what went wrong below.

    Example:
        >>> print(table([Outcome("a", 2, ["b"])]))
        | what | tried | survived |
        |---|---|---|
        | a | 2 | 1 |
        a: b
    """
    lines = ["| what | tried | survived |", "|---|---|---|"]
    for one in outcomes:
        lines.append(f"| {one.name} | {one.tried} | {one.tried - len(one.failed)} |")
    return "\n".join(lines + [f"{one.name}: {fault}" for one in outcomes for fault in one.failed])
