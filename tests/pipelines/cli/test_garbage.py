"""What is exempt from garbage collection, and what is not."""

import gc
import weakref

import pytest

from pipelines.cli.garbage import freeze_loaded, loading


class Node:
    """An object that can refer to itself."""


def test_a_second_freeze_exempts_nothing_more():
    freeze_loaded()
    frozen = gc.get_freeze_count()
    node = Node()
    node.own = node
    gone = weakref.ref(node)
    del node
    freeze_loaded()
    gc.collect()
    assert gone() is None
    # Some of them may have been freed since.
    assert 0 < gc.get_freeze_count() <= frozen


def test_collection_continues_after_a_failed_import():
    with pytest.raises(ImportError), loading():
        import no_such_module  # noqa: F401
    assert gc.isenabled()
