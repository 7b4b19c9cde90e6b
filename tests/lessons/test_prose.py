"""Markdown is taken apart as Markdown is read."""

import pytest

from course_utils.lessons.prose import CODE, FORMULA, normalise_formula, take_apart


def formulas(text):
    return [formula for formula, _ in take_apart(text).formulas]


def links(text):
    return [link for link, _ in take_apart(text).links]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a $x$ and $y$.", ["inline x", "inline y"]),
        ("$$\nx\n= y\n$$", ["display x=y"]),
        (r"\$5 and \$6", []),
        ("`$x$`", []),
        ("```\n$x$\n```", []),
        (r"\begin{align}a &= b\end{align}", [r"display \begin{align}a&=b\end{align}"]),
        (r"$P(\text{a}) = \$5$", [r"inline P(\text{})=\$5"]),
    ],
)
def test_formulas(text, wanted):
    assert formulas(text) == wanted


def test_formulas_of_two_languages_agree_but_for_their_words():
    assert normalise_formula("inline", r"L_{\text{floor}} = 1") == normalise_formula("inline", r"L_{\text{下限}}=1")
    assert normalise_formula("inline", "a b") != normalise_formula("inline", "ab")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[a](https://x.org/b_(c))", ["https://x.org/b_(c)"]),
        ('![alt](fig.png "title")', ["fig.png"]),
        ("[![alt](fig.png)](page.ipynb)", ["fig.png", "page.ipynb"]),
        ("<https://x.org>", ["https://x.org"]),
        ("see https://x.org/a.", ["https://x.org/a"]),
        ("见 https://x.org/a。", ["https://x.org/a"]),
        ("[a]: https://x.org", ["https://x.org"]),
        ('<a href="https://x.org">x</a>', ["https://x.org"]),
        ("arXiv:2203.15556v2", ["arXiv:2203.15556"]),
        ("`[a](b)`", []),
    ],
)
def test_links(text, wanted):
    assert sorted(links(text)) == sorted(wanted)


def test_words_keep_their_lines():
    parts = take_apart("one\n$$\nx\n$$\n```python\ny\n```\n**two** `z` $w$\n")
    assert parts.words.split("\n")[7] == f"two {CODE} {FORMULA}"
    assert parts.fences == [("y", parts.fences[0][1])]


def test_lone_dollar_has_its_line():
    text = "a\n\nb $5\n\nc"
    assert text.count("\n", 0, take_apart(text).lone_dollar) == 2
    assert take_apart(r"\$5 and $x$").lone_dollar is None
