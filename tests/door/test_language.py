"""The reader's language, from every place where a system says it."""

from __future__ import annotations

import pytest

from course_door.language import code_of, reader_language

TABLE = [
    ({}, "linux", None, "en"),
    ({"LANG": "vi_VN.UTF-8"}, "linux", None, "vi"),
    ({"LANG": "zh_CN.UTF-8"}, "linux", None, "zh"),
    ({"LANG": "zh_TW"}, "linux", None, "zh"),
    ({"LANG": "vi"}, "linux", None, "vi"),
    ({"LANG": "de_DE.UTF-8"}, "linux", None, "en"),
    ({"LANG": "C.UTF-8"}, "linux", None, "en"),
    ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "vi_VN.UTF-8"}, "linux", None, "vi"),
    ({"LANG": "vi_VN.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "linux", None, "zh"),
    ({"LANG": "vi_VN.UTF-8", "LC_ALL": "C"}, "linux", None, "en"),
    ({"LANG": "vi_VN.UTF-8", "LC_ALL": ""}, "linux", None, "vi"),
    ({"LANG": "en_US.UTF-8", "LANGUAGE": "fr:zh_CN:vi"}, "linux", None, "zh"),
    ({"LANG": "fr_FR.UTF-8", "LANGUAGE": "fr"}, "linux", None, "en"),
    ({"LANG": "C", "LANGUAGE": "vi"}, "linux", None, "en"),
    ({"LANGUAGE": "vi"}, "linux", None, "vi"),
    ({"COURSE_LANG": "vi", "LANG": "zh_CN.UTF-8"}, "linux", None, "vi"),
    ({"COURSE_LANG": "xx", "LANG": "zh_CN.UTF-8"}, "linux", None, "zh"),
    ({}, "darwin", "vi_VN", "vi"),
    ({}, "darwin", "zh-Hans_CN", "zh"),
    ({"LANG": "C.UTF-8"}, "darwin", "zh_CN@currency=USD", "zh"),
    ({"LANG": "en_US.UTF-8"}, "darwin", "vi_VN", "en"),
    ({}, "win32", "vi_VN", "vi"),
    ({}, "win32", "fr_FR", "en"),
    ({}, "win32", None, "en"),
]


@pytest.mark.parametrize(("env", "platform", "system", "expected"), TABLE)
def test_the_reader_gets_the_language_of_the_system(env, platform, system, expected):
    ask = (lambda: system) if platform != "linux" else None
    assert reader_language(env, platform, ask) == expected


@pytest.mark.parametrize("tag", [None, "", "vie", "english", "Chinese", "zhuang_CN"])
def test_what_is_no_tag_of_a_course_language_is_none(tag):
    assert code_of(tag) is None
