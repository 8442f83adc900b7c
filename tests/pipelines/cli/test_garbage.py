"""What is left out of garbage collection, and what is not."""

import gc
import weakref

import pytest

from pipelines.cli.garbage import leave_out, loading


class Node:
    """Something that can be in a circle."""


def test_garbage_of_later_is_collected_though_things_were_left_out_again():
    leave_out()
    frozen = gc.get_freeze_count()
    node = Node()
    node.own = node
    gone = weakref.ref(node)
    del node
    leave_out()
    gc.collect()
    assert gone() is None
    assert gc.get_freeze_count() == frozen > 0


def test_collection_goes_on_after_an_import_that_fails():
    with pytest.raises(ImportError), loading():
        import no_such_module  # noqa: F401
    assert gc.isenabled()
