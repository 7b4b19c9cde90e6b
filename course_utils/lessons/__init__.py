"""Build the lessons: one English source with the code, two translations, three executed notebooks.

The sources are MyST notebooks, ``notebooks/source/NN_name/{en,vi,zh}.md``; each block carries an id. ``en.md`` is
complete; ``vi.md`` and ``zh.md`` hold prose under the same ids and empty code cells, and the builder puts the code in,
so code cannot drift between languages. The one cell that differs is generated: it follows the title and sets the
language.

Command line::

    python -m course_utils.lessons check              every rule on every source; no execution
    python -m course_utils.lessons status             per lesson and language: missing, stale and extra blocks
    python -m course_utils.lessons build              check, execute, write notebooks/{en,vi,zh}/NN_name.ipynb
    python -m course_utils.lessons stamp LESSON ID    "I have re-read this block": renew its English hash

Where to look: `source` reads a page, `merge` joins code and prose, `check` runs the rules (`parity`, `quantities`,
`terms`, `typography`, `code_rules`, `built`), `execute` runs notebooks, `outputs` makes outputs the same on every run,
`build` ties them together.
"""

from course_utils.lessons.paths import LANGUAGES, Course
from course_utils.lessons.problems import Problem, SourceError

__all__ = ["LANGUAGES", "Course", "Problem", "SourceError"]
