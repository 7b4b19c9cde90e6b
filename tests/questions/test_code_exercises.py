"""Exercises in code: every solution passes, every stub only says that it is not written, and wrong code is told why."""

import numpy as np
import pytest

from course_utils import questions
from course_utils.questions import code_exercises, judging
from course_utils.questions.bank import Question, find, lesson_file, lessons
from course_utils.questions.code_exercises import blocks, function_of, try_out

CODE = [name for name in questions.names() if find(name).type == "code"]


@pytest.mark.parametrize("name", CODE)
def test_the_solution_passes(name):
    question = find(name)
    verdict = judging.judge(question, function_of(question, "solution"))
    assert verdict.right is True, verdict.text
    assert code_exercises.block(question, "solution") in questions.solution(name)
    lines = code_exercises.block(question, "solution").splitlines()
    assert len(lines) <= 13


@pytest.mark.parametrize("name", CODE)
def test_the_stub_fails_only_with_not_implemented(name):
    question = find(name)
    trial = try_out(question, function_of(question, "exercise"))
    assert type(trial.error) is NotImplementedError
    assert questions.check(name, function_of(question, "exercise")).right is None
    last = questions.stub(name).strip().splitlines()[-1].strip()
    assert last == "raise NotImplementedError"


@pytest.mark.parametrize("name", CODE)
def test_slips_fail_and_are_named(name):
    question = find(name)
    for slip, function in question.slips.items():
        verdict = judging.judge(question, function)
        assert verdict.right is False and verdict.slip == slip
        assert question.words()["feedback"][slip] in verdict.text


@pytest.mark.parametrize("lesson", lessons())
def test_every_block_belongs_to_a_question(lesson):
    folder = code_exercises.files("course_utils.questions") / "bank" / "code"
    wanted = {find(name).name for name in CODE if find(name).lesson == lesson}
    if not (folder / f"{lesson_file(lesson)}.py").is_file():
        assert not wanted
        return
    found = set(blocks(lesson_file(lesson))) - {("", "")}
    assert found == {(kind, name) for kind in ("exercise", "solution") for name in wanted}


SIX = Question(
    "01.six", "code", "made up", key="accounting.training_flops", function="flops", tolerance=0.01,
    cases=("70e9, 1.4e12", "np.array([1e9, 2e9]), 2e10"), slip_keys={"two_nd": "lambda n, d: 2 * n * d"},
)  # fmt: skip


def test_the_first_wrong_case_is_shown():
    assert try_out(SIX, lambda n, d: 6 * n * d).right
    trial = try_out(SIX, lambda n, d: 6 * 70e9 * 1.4e12)
    assert not trial.right and trial.call == "flops(np.array([1e9, 2e9]), 2e10)"
    assert try_out(SIX, lambda n, d: 2 * n * d).slip == "two_nd"
    assert try_out(SIX, lambda n, d: 3 * n * d).slip is None


@pytest.mark.parametrize("got", [None, "5.88e23", [1, [2]], {}, np.nan, 5.88e23 + 1j, [5.88e23]])
def test_what_is_no_such_number_is_wrong_and_breaks_nothing(got):
    assert not try_out(SIX, lambda n, d: got).right


@pytest.mark.parametrize("error", [ZeroDivisionError, TypeError, KeyError, RecursionError])
def test_what_the_code_raises_is_kept(error):
    def broken(n, d):
        raise error("no")

    assert type(try_out(SIX, broken).error) is error


def test_a_function_that_spoils_its_arguments_spoils_nothing():
    def greedy(n, d):
        wanted = 6 * n * d
        if isinstance(n, np.ndarray):
            n[:] = 0
        return wanted

    assert try_out(SIX, greedy).right and try_out(SIX, greedy).right


def test_tables_of_results_are_compared_entry_by_entry():
    pair = Question(
        "01.pair", "code", "made up", key="lambda x: {'a': x, 'b': 2 * x}", function="f", tolerance=0.01, cases=("1.0",)
    )
    assert try_out(pair, lambda x: {"a": 1.001, "b": 2.0}).right
    assert not try_out(pair, lambda x: {"a": 1.0}).right
    assert not try_out(pair, lambda x: {"a": 1.0, "b": 3.0}).right


def test_a_block_that_stands_twice_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "bank" / "code"
    folder.mkdir(parents=True)
    block = "# exercise: one\ndef f():\n    raise NotImplementedError\n"
    (folder / "07_made_up.py").write_text(f"import math\n\n{block}\n# solution: one\ndef f():\n    return math.pi\n")
    (folder / "08_made_up.py").write_text(block + block)
    monkeypatch.setattr(code_exercises, "files", lambda _: tmp_path)
    found = blocks("07_made_up")
    assert found["", ""] == "import math" and found["solution", "one"].endswith("return math.pi")
    with pytest.raises(ValueError, match="twice"):
        blocks("08_made_up")
    blocks.cache_clear()
