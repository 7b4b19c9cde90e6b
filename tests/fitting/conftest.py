"""Published points for the tests of the fits: from a mirror beside the checkout, the cache, or the network."""

import os

import pytest


@pytest.fixture(scope="session")
def published(published_source):
    """Return a function that gives a published table, or skips the test with the reason."""
    from course_utils import datasets

    patch = pytest.MonkeyPatch()
    if published_source is not None and "SCALING_LAWS_MIRROR" not in os.environ:
        patch.setenv("SCALING_LAWS_MIRROR", published_source)

    def table(name):
        found = datasets.find(name)
        if found is None:
            pytest.skip(f"{name} can be had from no mirror, cache or network here")
        return found

    yield table
    patch.undo()


@pytest.fixture(scope="session")
def chinchilla_points(published):
    """The 245 points read off Chinchilla Figure 4, highest loss first out: `kept` marks the 240 of the replication."""
    return published("chinchilla_points")
