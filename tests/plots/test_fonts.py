"""No figure shows an empty box, in any language, with or without a Chinese font on the machine."""

import io
import re
import warnings

import pytest
from matplotlib import font_manager
from matplotlib import rcParams as settings

from course_utils import plots
from course_utils.i18n import LANGUAGES, fields, format_count, format_duration, format_money, keys, set_language, t
from course_utils.plots import fonts


def draw(texts):
    """Draw texts; a missing glyph, or a family that is not found, is an error."""
    fig, ax = plots.subplots()
    fig.set_layout_engine("none")
    for i, text in enumerate(texts):
        ax.text(0.0, (i % 50) / 50, text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fig.savefig(io.BytesIO(), format="rgba")


def every_text():
    for key in sorted(keys("en")):
        # Widgets write HTML, which figures never show.
        text = re.sub(r"<[^>]*>", "", plots.figure_words(key, **dict.fromkeys(fields(key, "en"), 8)))
        yield text if text.count("$") % 2 == 0 and "$8" not in text else text.replace("$", r"\$")


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_text_of_the_course_can_be_drawn(code, recwarn):
    set_language(code)
    draw(every_text())
    assert not [warning for warning in recwarn if "missing" in str(warning.message)]


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_kind_of_number_can_be_drawn(code):
    set_language(code)
    with fonts.using_language(fonts.figure_language()):
        numbers = [format_count(1.4e11), format_count(-5.76e23), format_duration(1e6), format_money(4.6e6)]
    draw([*numbers, "−10⁻⁰¹²³⁴⁵⁶⁷⁸⁹ × 10²³", "●□×—┄ α β γ ≈ ≤ ∞ ± · …", "Ngân sách gấp mười: ộ ữ ẵ ỹ đ"])


def test_glyph_test_would_notice_a_box():
    """The test above fails where it must: with Latin letters only, Chinese is missing."""
    fig, ax = plots.subplots()
    settings["font.family"] = [fonts.LATIN_FAMILY]
    ax.text(0, 0, "损失")
    with pytest.warns(UserWarning, match="missing from"):
        fig.savefig(io.BytesIO(), format="rgba")


def test_simplified_face_of_a_collection_is_used(chinese_font):
    entries = {entry.name for entry in font_manager.fontManager.ttflist}
    if not entries & {"Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC"}:
        pytest.skip(f"only {chinese_font} is here")
    assert chinese_font.endswith("SC")
    face = font_manager.get_font(font_manager.findfont(font_manager.FontProperties(family=[chinese_font])))
    assert "SC" in face.family_name


def test_latin_letters_stay_in_one_family(chinese_font):
    for code in LANGUAGES:
        set_language(code)
        assert settings["font.family"][0] == "DejaVu Sans"
        assert chinese_font in settings["font.family"]


@pytest.fixture
def forgetful(monkeypatch):
    """Fonts as if nothing had been looked for yet."""
    for function in (fonts._known_chinese_family, fonts._add_new_fonts):
        function.cache_clear()
    monkeypatch.setattr(fonts, "_told_no_font", False)
    yield
    monkeypatch.undo()
    for function in (fonts._known_chinese_family, fonts._add_new_fonts):
        function.cache_clear()
    fonts.use_language_fonts("en")


def test_a_font_newer_than_matplotlibs_cache_is_found(chinese_font, forgetful, monkeypatch):
    entries = font_manager.fontManager.ttflist
    files = {entry.fname for entry in entries if entry.name in fonts.CHINESE_FAMILIES}
    old = [entry for entry in entries if entry.fname not in files]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", old)
    assert fonts.chinese_family(search=False) is None
    assert fonts.chinese_family() == chinese_font
    set_language("zh")
    draw([t("plots.loss")])


def test_without_a_font_figures_speak_english_and_say_so_once_in_chinese(forgetful, monkeypatch, capsys):
    monkeypatch.setattr(fonts, "CHINESE_FAMILIES", ())
    set_language("zh")
    said = capsys.readouterr().out
    assert "fonts-noto-cjk" in said
    assert "中文字体" in said
    set_language("zh")
    fig, ax = plots.subplots()
    plots.params_axis(plots.loss_axis(ax))
    plots.measured(ax, [1e6, 1e9], [4.0, 2.0])
    plots.provenance_note(ax)
    note = ax.texts[-1]
    assert capsys.readouterr().out == ""
    assert ax.get_xlabel() == "parameters N"
    assert note.get_text() == "● measured by this course"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fig.canvas.draw()
    assert "10M" in [label.get_text() for label in ax.get_xticklabels()]
    assert t("plots.params") == "参数量 N"


def test_english_and_vietnamese_never_search_the_machine(forgetful, monkeypatch, capsys):
    monkeypatch.setattr(fonts, "CHINESE_FAMILIES", ())
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda *_: pytest.fail("searched"))
    for code in ("en", "vi"):
        set_language(code)
        plots.use_style()
    assert capsys.readouterr().out == ""


def test_a_damaged_font_file_does_not_stand_in_the_way(forgetful, monkeypatch, tmp_path, caplog):
    broken = tmp_path / "NotoSansCJK-Broken.otf"
    broken.write_bytes(b"no font")
    monkeypatch.setattr(fonts, "CHINESE_FAMILIES", ())
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda *_: [str(broken)])
    assert fonts.chinese_family() is None
    assert "NotoSansCJK-Broken" in caplog.text
