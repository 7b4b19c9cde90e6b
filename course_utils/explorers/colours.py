"""What colours mean in the explorers' figures, over what they mean in every figure of the course.

Measured is blue and published orange, as everywhere; a law is black. The reader's own choice needs a colour of its
own that also carries text: the purple of Paul Tol's bright scheme, told apart from those by colour-blind readers.
"""

from course_utils.plots.colours import COLOURS

INK = "#222222"
MUTED = "#6B6B6B"
FAINT = "#C9C9C9"
LAW = COLOURS["black"]
MEASURED = COLOURS["blue"]
ABOVE_FLOOR = COLOURS["green"]
OWN = "#AA3377"
