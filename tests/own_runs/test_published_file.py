"""The original file of the Chinchilla points, read as anybody's: without the five rows that the replication leaves out
the fit is the replication's (Besiroglu et al. 2024, arXiv 2404.10102), and four of them are named as odd."""

import pytest

from course_utils import datasets, fitting, own_runs

pytestmark = pytest.mark.slow


@pytest.fixture
def points(monkeypatch, tmp_path, published_source):
    if published_source is not None:
        monkeypatch.setenv("SCALING_LAWS_MIRROR", published_source)
        monkeypatch.setenv("SCALING_LAWS_CACHE", str(tmp_path))
    try:
        return datasets.fetch("chinchilla_points", progress=False)
    except datasets.Unavailable as failure:
        pytest.skip(f"published data not to be had here: {failure}")


def test_the_original_is_read_without_a_question_and_gives_the_replications_fit(points):
    reading = own_runs.read(points)
    assert reading.questions == ()
    first = own_runs.analyse(reading, n=50)
    (odd,) = [warning for warning in first.warnings if warning.key == "warning.odd"]
    left_out = [2, 3, 4, 5, 6]  # the five highest losses
    assert len(set(odd.fields["lines"]) & set(left_out)) == 4
    kept = own_runs.analyse(reading.choose(leave_out=left_out), n=50)
    assert len(kept.runs) == 240 and len(kept.runs.excluded) == 5
    table = datasets.load_chinchilla_points(points)
    table = table[table["kept"]]
    reference = fitting.fit_chinchilla(table["params"], table["tokens"], table["loss_nats"])
    for name, value in {"E": 1.8172, "A": 477.8, "B": 2143.4, "alpha": 0.34731, "beta": 0.36717}.items():
        assert kept.fit[name] == pytest.approx(value, rel=1e-3)
        assert kept.fit[name] == pytest.approx(reference[name], rel=1e-6)
