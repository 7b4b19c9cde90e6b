"""What every explorer shares: state apart from view, one guarded way to change it, one picture that is never remade."""

from __future__ import annotations

import html
from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, ClassVar

from traitlets import HasTraits, TraitError

from course_utils.explorers.controls import Action, Choice, Control, Slider, Span, Switch
from course_utils.i18n import language, t, using_language
from course_utils.plots.picture import Picture


class Explorer:
    """Let a reader change the inputs of a computation and see its result at once.

    A subclass says four things, none of which knows a widget: what can be set (:meth:`controls`), what follows from
    it (:meth:`compute`, a pure function of the state), how that looks (:meth:`build` once, :meth:`draw` at every
    change) and how it is said in words (:meth:`words`).

    Everything that changes the state (a slider, :meth:`set`, :meth:`reset`, an assignment to ``state``) goes
    through one place, :meth:`one_update`: however many values change inside it, the result is computed and drawn
    once, and sliders that move because the code moved them change nothing back.

    Attributes
    ----------
    language : str
        The language in use when the explorer was made; it keeps it.
    state : traitlets.HasTraits
        The values that the reader chooses.
    result : object
        What :meth:`compute` gave for the present state.
    updates : int
        How often the result was computed.
    """

    section: ClassVar[str]
    State: ClassVar[type[HasTraits]]
    size: ClassVar[tuple[int, int]] = (760, 400)

    def __init__(self, **start: Any):
        self.language = language()
        self.state = self.State()
        self.updates = 0
        self._nested = 0
        self._stale = False
        self._controls: tuple[Control, ...] = ()
        self._controls_key: Hashable = object()
        self._picture: Picture | None = None
        self._drawn_update = -1
        self._layout: Hashable = None
        self._view = None
        self.prepare()
        self._update()
        self.state.observe(self._state_changed)
        self.set(**start)
        self._start = self.state.trait_values()

    # What a subclass says -------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Load what the explorer needs and set starting values that depend on it."""

    def make_controls(self) -> tuple[Control, ...]:
        """Return what the reader can set, in the order of reading."""
        raise NotImplementedError

    def controls_key(self) -> Hashable:
        """Return what the controls depend on; they are made anew only when it changes."""
        return None

    def actions(self) -> tuple[Action, ...]:
        """Return the buttons beside the reset button."""
        return ()

    def locked(self) -> frozenset[str]:
        """Return the traits that the reader cannot change at present."""
        return frozenset()

    def compute(self, state: HasTraits) -> Any:
        """Return the result for a state; depends on nothing else and changes nothing."""
        raise NotImplementedError

    def build(self, picture: Picture) -> None:
        """Make the axes and every artist, once, and declare the moving ones."""
        raise NotImplementedError

    def draw(self, result: Any) -> Hashable:
        """Move the artists to show a result; return the name of the layout of the axes."""
        raise NotImplementedError

    def words(self, result: Any) -> str:
        """Say a result in one to three sentences, in the reader's language."""
        raise NotImplementedError

    def table(self, result: Any) -> str:
        """Return HTML to stand under the words, or nothing."""
        return ""

    # What readers and lessons call ----------------------------------------------------------------------------------

    @property
    def controls(self) -> tuple[Control, ...]:
        """What the reader can set at present."""
        key = self.controls_key()
        if key != self._controls_key:
            with self._speaking():
                self._controls, self._controls_key = self.make_controls(), key
        return self._controls

    @property
    def buttons(self) -> tuple[Action, ...]:
        """The buttons at present, the reset button left out."""
        with self._speaking():
            return self.actions()

    def set(self, **values: Any) -> None:
        """Set one or several values; the picture is drawn once.

        Raises
        ------
        ValueError
            If there is no such control, or the value lies outside it. Nothing is changed then.
        """
        for name, value in values.items():
            self._check(name, value)
        with self.one_update():
            self._assign(values)

    def reset(self) -> None:
        """Go back to the values at the start; the picture is drawn once."""
        with self.one_update():
            self._assign(self._start)

    def png(self, *, small: bool = False) -> bytes:
        """Return the picture of the present state as PNG bytes, quick or (for keeping) small."""
        from course_utils import plots
        from course_utils.plots.fonts import figure_language

        with self._speaking(), _speaking(figure_language()):
            if self._picture is None:
                plots.use_style()
                self._picture = Picture(*self.size)
                self.build(self._picture)
            if self._drawn_update != self.updates:
                self._layout = self.draw(self.result)
                self._drawn_update = self.updates
            return self._picture.png(self._layout, small=small)

    def say(self) -> str:
        """Return the present result in words, in the reader's language."""
        with self._speaking():
            return self.words(self.result)

    def widget(self):
        """Return the live view (an ipywidgets container); one explorer has one."""
        if self._view is None:
            from course_utils.explorers.view import ExplorerView

            self._view = ExplorerView(self)
        return self._view

    def _repr_mimebundle_(self, include=None, exclude=None):
        return self.widget()._repr_mimebundle_(include=include, exclude=exclude)

    def __repr__(self) -> str:
        return f"{self.title()}: {self.say()}"

    def title(self) -> str:
        """Return the explorer's name in the reader's language."""
        return self.text("title")

    def text(self, key: str) -> str:
        """Return a text without fields by its key: one of this explorer's, or a whole ``section.key``."""
        with self._speaking():
            return t(key if "." in key else f"explorers.{self.section}.{key}")

    def html_table(self) -> str:
        """Return what stands under the words as HTML; empty for most explorers."""
        with self._speaking():
            table = self.table(self.result)
        return f'<div lang="{self.language}">{table}</div>' if table else ""

    def _speaking(self):
        return _speaking(self.language)

    def status_html(self) -> str:
        """Return the words as a live region, so that a screen reader says them when they change."""
        said = html.escape(self.say())
        return f'<p class="explorer-words" lang="{self.language}" role="status" aria-live="polite">{said}</p>'

    # The one place that guards changes ------------------------------------------------------------------------------

    @contextmanager
    def one_update(self) -> Iterator[None]:
        """Hold back computing and drawing until the block ends, then do both once if anything changed."""
        self._nested += 1
        try:
            yield
        finally:
            self._nested -= 1
            if not self._nested and self._stale:
                self._update()

    def _state_changed(self, change: Any) -> None:
        self._stale = True
        if not self._nested:
            self._update()

    def _update(self) -> None:
        self._stale = False
        self.result = self.compute(self.state)
        self.updates += 1
        if self._view is not None:
            self._view.show()

    def _assign(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            try:
                setattr(self.state, name, value)
            except TraitError as error:
                raise ValueError(f"{name}: {error}") from None

    def _check(self, name: str, value: Any) -> None:
        control = next((c for c in self.controls if c.trait == name), None)
        if control is None:
            names = ", ".join(c.trait for c in self.controls)
            raise ValueError(f"{name}: this explorer has no such control. It has {names}.")
        match control:
            case Slider(low=low, high=high):
                fits, cure = _is_number(value) and low <= value <= high, f"a number from {low} to {high}"
            case Choice(options=options, between=True):
                low, high = options[0][1], options[-1][1]
                fits, cure = _is_number(value) and low <= value <= high, f"a number from {low:g} to {high:g}"
            case Choice(options=options):
                fits = value in [named for _, named in options]
                cure = "one of " + ", ".join(repr(named) for _, named in options)
            case Span(options=options):
                order = [named for _, named in options]
                fits = (
                    len(value) == 2
                    and all(v in order for v in value)
                    and order.index(value[0]) <= order.index(value[1])
                )
                cure = f"two of {order}, the smaller one first"
            case Switch():
                fits, cure = isinstance(value, bool), "True or False"
        if not fits:
            raise ValueError(f"{name}: {value!r} is outside its control. Pass {cure}.")


def _speaking(code: str) -> AbstractContextManager[None]:
    """Speak a language for the length of a block; costs nothing where it is spoken already."""
    return nullcontext() if code == language() else using_language(code)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
