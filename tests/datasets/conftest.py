"""A cache of its own for every test, and the mirror beside the checkout where there is one."""

import os

import pytest

from course_utils.datasets import access, catalogue
from course_utils.i18n import language, set_language


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    """Keep the learner's own cache and language out of the tests."""
    monkeypatch.setenv("SCALING_LAWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SCALING_LAWS_MIRROR", raising=False)
    monkeypatch.setattr(access, "_told", set())
    before = language()
    set_language("en")
    yield
    set_language(before)
    catalogue.catalogue.cache_clear()


@pytest.fixture(scope="session")
def originals(tmp_path_factory, published_source):
    """Read published tables from the mirror or the network, whichever there is; skip where neither gives them."""
    keep = tmp_path_factory.mktemp("originals")

    def read(name):
        from course_utils.datasets.access import loader_of
        from course_utils.datasets.download import Unavailable, fetch

        saved = {key: os.environ.get(key) for key in ("SCALING_LAWS_CACHE", "SCALING_LAWS_MIRROR")}
        os.environ["SCALING_LAWS_CACHE"] = str(keep)
        if published_source is not None:
            os.environ["SCALING_LAWS_MIRROR"] = published_source
        try:
            fetch(name, progress=False)
            return loader_of(name)()
        except Unavailable as failure:
            pytest.skip(f"published data not to be had here: {failure}")
        finally:
            for key, value in saved.items():
                if value is None:
                    os.environ.pop(key, None)
                else:
                    os.environ[key] = value

    return read
