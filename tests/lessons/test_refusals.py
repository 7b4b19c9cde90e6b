"""Every mangled source is refused with file, line and cure."""

import re
import shutil

import pytest

from course_utils.lessons.check import check_course
from course_utils.lessons.problems import SourceError


def test_sound_sample_passes(sample):
    assert sample.problems() == []


# (what is broken, language, old, new, rule, words on the refused line, words in the message)
MANGLED = [
    ("prose id gone", "en", '+++ {"id": "read"}', "+++ {}", "no-id", "+++ {}", "without an id"),
    ("code id gone", "en", ":id: say\n", "\n", "no-id", None, "without an id"),
    ("id twice", "en", ":id: say", ":id: draw", "duplicate-id", None, "'draw' is used again"),
    ("id with capitals", "vi", ":id: say", ":id: Say", "bad-id", None, "'Say' cannot be an id"),
    ("reserved id", "en", ":id: say", ":id: language", "bad-id", None, "cannot be an id"),
    ("marker not JSON", "vi", '+++ {"id": "read"', "+++ {id: read", "marker", "+++ {id: read", "cannot be read"),
    ("unknown field", "vi", '{"id": "read",', '{"id": "read", "off": 1,', "marker", '"off"', "unknown fields: off"),
    ("hash on the English page", "en", '{"id": "read"}', '{"id": "read", "of": "0"}', "marker", '"of"', "fields: of"),
    ("tags not a list", "en", ":tags: [hide-input]", ":tags: hide-input", "marker", None, "not a list"),
    ("unknown tag", "en", "[hide-input]", "[hide-inptu]", "tag", None, "unknown tag 'hide-inptu'"),
    ("no title", "zh", "title: 一条直线能走多远？\n", "", "front-matter", None, "no title"),
    ("wrong kernel", "en", "name: python3", "name: julia", "front-matter", None, "no python3 kernel"),
    ("front matter not YAML", "en", "title: How", "title: [How", "front-matter", None, "not valid YAML"),
    ("no opening heading", "en", "# How far does a straight line carry?\n\nA", "A", "opening", None, "# heading"),
    ("code in a translation", "vi", ":id: say\n", ":id: say\nprint(1)\n", "code-in-translation", "print(1)", "code in"),
    ("tags in a translation", "vi", ":id: say\n", ":id: say\n:tags: [long-ok]\n", "code-in-translation", None,
     "options"),
    ("code block missing", "zh", "```{code-cell} ipython3\n:id: say\n```\n", "", "missing", None, "'say' is missing"),
    ("extra block", "zh", '+++ {"id": "read"', '+++ {"id": "more"}\n\n多。\n\n+++ {"id": "read"', "extra", '"more"',
     "'more' is not in English"),
    ("kinds differ", "vi", "```{code-cell} ipython3\n:id: say\n```", '+++ {"id": "say"}\n\nNói.', "kind", '"say"',
     "is prose here and code in English"),
    ("English changed", "en", "This page draws one.", "This page draws a law.", "stale", None, "older English text"),
    ("no hash", "vi", re.compile(r'\{"id": "law", "of": "\w+"\}'), '{"id": "law"}', "stale", '{"id": "law"}',
     "does not say which English"),
    ("formula changed", "vi", r"N^{-\alpha}", r"N^{\alpha}", "formula", r"N^{\alpha}", "is not in English"),
    ("formula lost", "zh", r"$L(N) = E + A N^{-\alpha}$ 奈特的", "", "formula", None, "missing from block 'law'"),
    ("display formula changed", "zh", r"\alpha = 0.16", r"\alpha = 0.61", "formula", "$$", "is not in English"),
    ("number changed", "vi", "140 tỷ", "14 tỷ", "number", None, "has 14000000000"),
    ("number of another scale", "zh", "1400 亿", "140 亿", "number", None, "numbers of block 'law' differ"),
    ("number lost", "zh", "2020 年 3 月的一次", "2020 年的一次", "number", None, "en.md:14 has 3"),
    ("money changed", "vi", "4.6 triệu", "4.8 triệu", "number", None, "numbers of block 'law' differ"),
    ("link changed", "vi", "https://arxiv.org/abs/2001.08361", "https://arxiv.org/abs/2001.08362", "link",
     "2001.08362", "is not in English"),
    ("link lost", "zh", "[再看一遍](00_two_lines.ipynb#What)", "再看一遍", "link", None, "missing from block 'read'"),
    ("citation changed", "zh", "arXiv:2001.08361", "arXiv:2001.08316", "link", "arXiv:2001.08316", "not in English"),
    ("dead link", "en", "(00_two_lines.ipynb#What)", "(00_tow_lines.ipynb#What)", "dead-link", "00_tow", "nowhere"),
    ("lone dollar", "en", r"\$4.6", "$4.6", "dollar", "$4.6", "a lone $"),
    ("term not the glossary's", "vi", "loss kiểm định", "sai số kiểm định", "term", None, "'validation loss'"),
    ("English never given", "zh", "缩放定律（Scaling Law）在", "缩放定律在", "first-use", None,
     "never gives the English"),
    ("banned variant", "zh", "这一页画一条。", "规模法则也一样。", "avoid", "规模法则", "'规模法则' is not said"),
    ("worn phrase", "vi", "giảm **một phần ba**", "giảm một cách rõ rệt **một phần ba**", "avoid", "một cách",
     "một cách"),
    ("half-width comma", "zh", "再大三档，", "再大三档,", "zh-punctuation", "再大三档,", "half-width"),
    ("half-width stop", "zh", "这一页画一条。", "这一页画一条.", "zh-punctuation", "这一页画一条.", "half-width"),
    ("half-width bracket", "zh", "（Scaling Law）", "(Scaling Law) ", "zh-punctuation", "Scaling", "half-width"),
    ("half-width comma and a space", "zh", "2001.08361)，", "2001.08361), 见", "zh-punctuation", "见", "half-width"),
    ("no space before digits", "zh", "用 1400", "用1400", "zh-space", "用1400", "no space"),
    ("no space after code", "zh", "`print` 的", "`print`的", "zh-space", "print", "no space"),
    ("no space after formula", "zh", r"\alpha}$ 奈特", r"\alpha}$奈特", "zh-space", "奈特", "no space"),
    ("space after full-width", "zh", "。这一页", "。 这一页", "zh-space", "这一页", "a space beside"),
    ("full-width digit", "zh", "1400 亿", "１400 亿", "zh-width", "１400", "full-width"),
    ("break in a paragraph", "zh", "对数坐标上", "对数\n坐标上", "zh-break", "在对数", "line break"),
    ("bold not set", "zh", "少了 **三分之一**，", "少了**“三分之一”**很多，", "emphasis", "少了**", "not set in bold"),
    ("tone mark", "vi", "Trang này", "Hoá ra trang này", "vi-tone", "Hoá ra", "tone mark"),
    ("decimal comma", "vi", "4.6 triệu", "4,6 triệu", "vi-decimal", "4,6", "decimal comma"),
    ("space before punctuation", "vi", "nữa, loss", "nữa , loss", "vi-space", "nữa ,", "space before"),
    ("separate accents", "vi", "Trang này", "Trang na\u0300y", "encoding", "Trang na", "not Unicode NFC"),
    ("code not Python", "en", "params = np", "params == = np", "syntax", "params == =", "not valid Python"),
    ("magic", "en", "import ipywidgets\n", "%matplotlib widget\nimport ipywidgets\n", "magic", None, "IPython's own"),
    ("warnings silenced", "en", "import ipywidgets\n", 'import warnings\nwarnings.filterwarnings("ignore")\n',
     "silenced", "filterwarnings", "silences"),
    ("language set by hand", "en", "import ipywidgets\n", 'course_utils.set_language("en")\n', "language",
     "set_language", "sets the language"),
    ("hidden by a semicolon", "en", "_ = plt.loglog(params, loss)", "plt.loglog(params, loss);", "semicolon", "loglog",
     "semicolon"),
    ("cell too long", "en", "import ipywidgets\n", "x = 1\n" * 9, "long", None, "13 lines"),
    ("marker with nothing under it", "en", "```{code-cell} ipython3\n:id: say\n",
     '+++ {"id": "void"}\n\n```{code-cell} ipython3\n:id: say\n', "empty", "void", "no prose under it"),
    ("empty English cell", "en", re.compile(r":id: say\n\n.+?```", re.S), ":id: say\n```", "empty", None, "is empty"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "old", "new", "rule", "on_line", "said"), [case[1:] for case in MANGLED], ids=[c[0] for c in MANGLED]
)
def test_mangled_source_is_refused(sample, language, old, new, rule, on_line, said):
    if isinstance(old, str):
        sample.replace(language, old, new)
    else:
        text, count = old.subn(new, sample.read(language))
        assert count == 1
        sample.write(language, text)
    found = sample.problems(rule)
    assert found, f"rule {rule} let it pass; others said {[str(p) for p in sample.problems()]}"
    problem = found[0]
    assert said in problem.message
    assert problem.cure.strip()
    assert (sample.root / problem.file).is_file()
    if rule == "stale" and language == "en":
        language = "vi"
    assert problem.file.endswith(f"/{language}.md")
    assert str(problem).startswith(f"{problem.file}:{problem.line}: ") and " Cure: " in str(problem)
    if on_line:
        line = sample.read(language).split("\n")[problem.line - 1]
        assert on_line in line, f"line {problem.line} is {line!r}"


def test_blocks_out_of_order(sample):
    text = sample.read("vi")
    say, explore = "```{code-cell} ipython3\n:id: say\n```\n", "```{code-cell} ipython3\n:id: explore\n```\n"
    sample.write("vi", text.replace(explore, "").replace(say, explore + "\n" + say))
    (problem,) = sample.problems("order")
    assert "out of order" in problem.message and "directly after" in problem.cure


def test_missing_page(sample):
    sample.path("zh").unlink()
    (problem,) = sample.problems("missing-page")
    assert problem.file.endswith("zh.md")


def test_page_not_utf8(sample):
    sample.path("vi").write_bytes("tiếng Việt\n".encode() + b"\xff\xfe\n")
    (problem,) = sample.problems("encoding")
    assert problem.line == 2


def test_glossary_not_toml(sample):
    sample.course.glossary_path.write_text('[loss]\nen = "loss\n', encoding="utf-8")
    (problem,) = sample.problems("glossary")
    assert problem.line == 2


def test_glossary_entry_without_a_language(sample):
    with sample.course.glossary_path.open("a", encoding="utf-8") as file:
        file.write('\n[floor]\nen = "floor"\nvi = "mức sàn"\n')
    (problem,) = sample.problems("glossary")
    assert "'floor' lacks" in problem.message and problem.line > 1


@pytest.mark.parametrize(
    ("language", "old", "new", "edit"),
    [
        ("zh", "1400 亿", "14 亿", ('"id": "law",', '"id": "law", "numbers": "free",')),
        ("vi", "loss kiểm định", "sai số kiểm định", ('"id": "law",', '"id": "law", "terms": ["validation_loss"],')),
        ("vi", "loss kiểm định", "sai số kiểm định", ('"id": "law",', '"id": "law", "terms": "free",')),
    ],
)
def test_a_block_may_be_excused(sample, language, old, new, edit):
    sample.replace(language, old, new)
    assert sample.problems()
    sample.replace(language, *edit)
    assert sample.problems() == []


def test_a_title_kept_in_english_is_no_use_of_the_term(sample):
    sample.replace("en", "Three sizes more", "See Scaling Laws for All. Three sizes more")
    sample.replace("vi", "Thêm ba cỡ nữa", "Xem Scaling Laws for All. Thêm ba cỡ nữa")
    sample.replace("zh", "再大三档", "见 Scaling Laws。再大三档")
    assert sample.problems("term") == []
    sample.replace("zh", "见 Scaling Laws。再大三档", "再大三档")
    (problem,) = sample.problems("term")
    assert problem.file.endswith("zh.md") and "'scaling law'" in problem.message


def test_english_is_given_in_the_first_lesson_that_uses_a_term(sample):
    shutil.copytree(sample.path("en").parent, sample.path("en").parent.with_name("01_more_lines"))
    sample.replace("zh", "（Scaling Law）", "")
    assert [problem.file.split("/")[2] for problem in sample.problems("first-use")] == [sample.lesson]
    later = sample.course.source_path("01_more_lines", "zh")
    later.write_text(later.read_text("utf-8").replace("（Scaling Law）", ""), encoding="utf-8")
    assert [problem.file.split("/")[2] for problem in sample.problems("first-use")] == [sample.lesson]


def test_run_in_head_in_bold_keeps_its_space(sample):
    sample.replace("zh", "再大三档，", "**读图。** 再大三档，")
    assert sample.problems() == []


def test_long_cell_may_be_tagged(sample):
    sample.replace("en", "import ipywidgets\n", "x = 1\n" * 9)
    sample.replace("en", ":id: explore\n", ":id: explore\n:tags: [long-ok]\n")
    assert sample.problems("long") == []


def test_one_language_is_checked_alone(sample):
    sample.path("zh").unlink()
    _, problems = check_course(sample.course, [sample.lesson], ["vi"])
    assert problems == []
    _, problems = check_course(sample.course, [sample.lesson], ["en"])
    assert problems == []


def test_the_error_carries_every_problem(sample):
    sample.replace("vi", "140 tỷ", "14 tỷ")
    sample.replace("zh", "1400 亿", "14 亿")
    error = SourceError(sample.problems())
    assert len(error.problems) == 2 and str(error).count("Cure:") == 2
