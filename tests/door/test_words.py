"""Every sentence exists in three languages, and the ones an old Python must read are readable to it."""

from __future__ import annotations

import ast
import re
import shutil
import string
import subprocess

import pytest

from course_door import versions, words
from course_door.cli import ROOT
from course_door.words import SENTENCES

FOR_OLD_PYTHONS = [f"course_door/{name}.py" for name in ("__init__", "language", "versions", "words")]


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", SENTENCES)
def test_each_sentence_stands_in_three_languages_with_the_same_fields(key):
    sentences = SENTENCES[key]
    assert set(sentences) == {"en", "vi", "zh"}
    assert len({frozenset(_fields(text)) for text in sentences.values()}) == 1
    assert len(set(sentences.values())) == 3, "a translation that is still the English sentence"


def test_every_sentence_is_said_somewhere_and_every_sentence_said_exists():
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "course_door").glob("*.py"))
    said = set(re.findall(r'(?:say|Problem)\(\s*"(\w+)"', code)) | set(re.findall(r'^    \("(\w+)", r"', code, re.M))
    said |= set(re.findall(r'^    \(\n +"(\w+)",\n +r"', code, re.M)) | {"python_too_old", "python_too_new"}
    said |= {"lab_open", "lab_open_by_hand"}
    assert said == set(SENTENCES)


@pytest.mark.parametrize("key", SENTENCES)
def test_chinese_uses_full_width_punctuation(key):
    assert not re.search(r"[\u4e00-\u9fff][,;:?!()]|[,;:?!()][\u4e00-\u9fff]", SENTENCES[key]["zh"])
    assert not re.search(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]", SENTENCES[key]["zh"])


@pytest.mark.parametrize("file", ["course.py", *FOR_OLD_PYTHONS])
def test_what_speaks_to_an_old_python_is_in_its_grammar(file):
    ast.parse((ROOT / file).read_text(encoding="utf-8"), feature_version=(3, 6))


@pytest.mark.parametrize("name", ["python3.6", "python3.7", "python3.8", "python3.9", "python3.10"])
@pytest.mark.parametrize(("lang", "start"), [("en_US", "This is"), ("vi_VN", "Bạn đang dùng"), ("zh_CN", "当前是")])
def test_an_old_python_meets_one_line_with_the_cure(name, lang, start, tmp_path):
    python = shutil.which(name)
    if python is None or subprocess.run([python, "--version"], capture_output=True).returncode != 0:
        pytest.skip(f"{name} is not on this machine")
    env = {"PATH": str(tmp_path), "LANG": f"{lang}.UTF-8", "HOME": str(tmp_path)}
    real = subprocess.run([python, "-c", "import sys; print(sys.executable)"], capture_output=True, text=True)
    met = subprocess.run(
        [real.stdout.strip(), ROOT / "course.py", "open"], env=env, capture_output=True, encoding="utf-8"
    )
    assert met.returncode == 2
    assert met.stderr.startswith(f"course.py: {start} Python {name[6:]}")
    assert "https://www.python.org/downloads/" in met.stderr
    assert met.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("version", "key"),
    [((3, 8), "python_too_old"), ((3, 10), "python_too_old"), ((3, 15), "python_too_new"), ((4, 0), "python_too_new")],
)
@pytest.mark.parametrize("language", ["en", "vi", "zh"])
def test_a_python_out_of_range_is_refused(version, key, language):
    words.use_language(language)
    line = versions.refusal(version, which=lambda name: None)
    cure = words.say("cure_install_python", course=versions.command())
    assert line == SENTENCES[key][language].format(have=".".join(map(str, version)), cure=cure)


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13), (3, 14)])
def test_a_python_in_range_is_not_refused(version):
    assert versions.refusal(version) is None


def test_the_refusal_names_a_suitable_python_that_runs(tmp_path):
    stub, good = tmp_path / "stub", tmp_path / "good"
    stub.write_text("#!/bin/sh\nexit 127\n")
    good.write_text("#!/bin/sh\nexit 0\n")
    stub.chmod(0o755)
    good.chmod(0o755)
    found = {"python3.14": str(stub), "python3.12": str(good)}
    assert "python3.12 course.py" in versions.refusal((3, 8), which=found.get)
