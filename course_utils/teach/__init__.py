"""What somebody needs who teaches the course: one command makes a folder of it.

``python3 course.py teach --lang vi`` writes, from the built notebooks, the bank of questions and the teacher's notes
(``notebooks/source/NN_name/teacher.{en,vi,zh}.toml``):

- ``teacher/``: the lessons with goals, minutes, misconceptions, and every answer with its mark scheme, folded;
- ``student/``: the lessons without outputs and without solutions;
- ``slides/``: one page a lesson, Reveal.js inside it, so that it opens where there is no network;
- ``syllabus/``: plans for 4, 8 and 12 weeks;
- ``assignments/``: a course folder for nbgrader.

Where to look: `notes` reads a teacher's notes, `asked` finds the questions in a cell, `answer_key` writes their
answers, `editions`, `storyboard` with `slides`, `syllabus` and `assignments` make the parts, `folder` puts them in
place. A private bank for graded use is read by the bank itself: see `course_utils.questions.private_bank`.
"""

from course_utils.teach.folder import make_folder

__all__ = ["make_folder"]
