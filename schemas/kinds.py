"""The types of a line and of its region, together."""

from __future__ import annotations


class Kinds:
    """What has a kind, perhaps further ones, and those of the region that it is in."""

    kind: str
    more_kinds: tuple[str, ...]
    region_kind: str
    more_region_kinds: tuple[str, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """All types of the line, the first one first."""
        return (self.kind, *self.more_kinds) if self.kind else ()

    @property
    def region_kinds(self) -> tuple[str, ...]:
        """All types of its region, the first one first."""
        return (self.region_kind, *self.more_region_kinds) if self.region_kind else ()
