"""Why transcribe wrote a row of a page."""

from __future__ import annotations

from enum import Enum


class Change(str, Enum):
    """Why a run wrote a row of a page; the value is what tables store."""

    NEW = "new"
    CHANGED = "changed"
    MODEL = "model"
    FINDER = "finder version"
    LINES = "lines"
    REDO = "redo"
    RENAMED = "renamed"
    RESTORED = "restored"
    BACK = "back"
    GONE = "gone"
    # The older name of a page that was renamed, and the second name of a page that had two.
    MOVED = "moved"
    JOINED = "joined"
