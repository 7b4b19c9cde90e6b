"""The explorer *the stock runs out*: the year and the budget at which a stock of text has been read, once or often."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from course_utils import datasets, laws
from course_utils.explorers.controls import Choice, Control, Slider
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.stock_state import (
    BUDGETS,
    EPOCHS,
    LAW,
    STOCKS,
    WORN_OUT,
    YEARS,
    Record,
    StockResult,
    StockState,
    run_out,
)
from course_utils.i18n import format_count, format_flops, format_number, format_scientific, language, t
from course_utils.plots.picture import Picture

_BY_YEAR, _BY_BUDGET = (0.095, 0.185, 0.41, 0.655), (0.62, 0.185, 0.36, 0.655)  # left, bottom, width, height
_TOKENS = (1e11, 1e19)
_ABOVE_FLOOR = (2e-3, 0.5)
_KEY = 0.42  # from the left of the axes to the signs of the key, as a share of its width
_FAR = 2100  # a year beyond it is said to be beyond it


class TheStockRunsOut(Explorer):
    """Let training sets grow towards a stock of text: when it is read, what re-reading postpones, what it costs.

    Examples
    --------
    >>> explorer = TheStockRunsOut(stock=1e13, epochs=1.0)
    >>> explorer.result.already
    True
    """

    section = "stock"
    State = StockState
    size = (760, 430)

    def prepare(self) -> None:
        self.record = Record.of(datasets.load("models_history"))

    def make_controls(self) -> tuple[Control, ...]:
        return (
            Choice("stock", t("explorers.stock.stock"), tuple((format_count(s), s) for s in STOCKS), between=True),
            Choice("epochs", t("explorers.stock.epochs"), tuple((f"{e:g}", e) for e in EPOCHS), between=True),
            Slider("growth", t("explorers.stock.growth"), 1.2, 5.0, 0.1, digits=1),
            Slider("stock_growth", t("explorers.stock.stock_growth"), 0.0, 0.1, 0.01),
        )

    def compute(self, state: StockState) -> StockResult:
        return run_out(
            self.record, stock=state.stock, epochs=state.epochs, growth=state.growth, stock_growth=state.stock_growth
        )

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils.explorers.colours import INK

        self._build_years(picture)
        self._build_budgets(picture)
        self._title = picture.text(0.02, 0.945, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._range, self._supply, self._often, self._demand, self._models, self._once_at, self._often_at,
            self._name_supply, self._name_often, self._name_year, self._limit, self._fresh, self._loss, *self._budgets,
            *self._keys, *self._key_names, self._name_fresh, self._title,
        )  # fmt: skip

    def _build_years(self, picture: Picture) -> None:
        from course_utils import plots
        from course_utils.explorers.colours import FAINT, INK, MUTED, OWN
        from course_utils.explorers.plane import white_halo

        axes = picture.figure.add_axes(_BY_YEAR)
        plots.tokens_axis(axes, "y")
        axes.set(xlim=YEARS, ylim=_TOKENS, xlabel=t("explorers.stock.x_axis"))
        axes.set_xticks([2020, 2025, 2030, 2035, 2040])
        axes.yaxis.set_major_formatter(lambda y, _: format_scientific(y))
        axes.set_yticks([1e12, 1e14, 1e16, 1e18])
        axes.yaxis.set_label_coords(-0.165, 0.5)
        axes.grid(False)
        self._range = axes.fill([0, 1], [1, 1], color=FAINT, alpha=0.4, lw=0)[0]
        (self._supply,) = axes.plot([], [], color=INK, lw=1.8)
        (self._often,) = axes.plot([], [], color=INK, lw=1.2, ls=(0, (4, 2)))
        (self._demand,) = axes.plot([], [], color=OWN, lw=2.2)
        self._models = plots.published(
            axes, self.record.years, self.record.tokens, source=t("explorers.stock.published_source"), ms=5.5
        )
        plots.provenance_note(axes)
        (self._once_at,) = axes.plot([], [], "o", color="white", mec=OWN, ms=8, mew=1.6)
        (self._often_at,) = axes.plot([], [], "o", color=OWN, ms=10, mec="white", mew=1.5)
        words = {"axes": axes, "fontsize": 9.5, "path_effects": white_halo()}
        self._name_supply = picture.text(2044.5, 1, ha="right", va="top", color=INK, **words)
        self._name_often = picture.text(2044.5, 1, ha="right", va="bottom", color=INK, **words)
        self._name_year = picture.text(1, 1, va="bottom", color=OWN, **words)
        axes.text(
            YEARS[0] + 0.5, _TOKENS[1] / 1.5, t("explorers.stock.label_range"), ha="left", va="top", color=MUTED,
            fontsize=9,
        )  # fmt: skip

    def _build_budgets(self, picture: Picture) -> None:
        from course_utils import plots
        from course_utils.explorers.colours import INK, MUTED, OWN
        from course_utils.explorers.plane import white_halo

        axes = picture.figure.add_axes(_BY_BUDGET)
        plots.loss_axis(plots.flops_axis(axes), above_floor=True)
        axes.set(xlim=(BUDGETS[0], BUDGETS[-1]), ylim=_ABOVE_FLOOR)
        axes.set_xticks([1e22, 1e25, 1e28, 1e31])
        axes.set_yticks([0.003, 0.01, 0.03, 0.1, 0.3])
        axes.set_ylabel(t("explorers.stock.loss_axis"))
        axes.yaxis.set_label_coords(-0.19, 0.5)
        axes.grid(False)
        (self._limit,) = axes.plot([], [], color=MUTED, lw=1.1, ls=(0, (1, 2)))
        (self._fresh,) = axes.plot([], [], color=MUTED, lw=1.6, ls=(0, (4, 2)))
        self._loss = plots.published(
            axes, BUDGETS[:1], [0.1], source="Muennighoff et al. 2023", ls="-", marker="none", lw=2.2
        )
        plots.provenance_note(axes)
        looks = (
            {"marker": "o", "color": "white", "mec": OWN, "ms": 8, "mew": 1.6},
            {"marker": "o", "color": OWN, "mec": "white", "ms": 10, "mew": 1.5},
            {"marker": "X", "color": INK, "mec": "white", "ms": 9, "mew": 1.0},
        )
        # Three places that may lie close together, so they are named in a key and not where they are.
        self._budgets = [axes.plot([], [], ls="none", **look)[0] for look in looks]
        heights = (0.955, 0.875, 0.795)
        self._keys = [
            axes.plot([_KEY], [height], ls="none", transform=axes.transAxes, clip_on=False, **look)[0]
            for look, height in zip(looks, heights, strict=True)
        ]
        self._key_names = [
            picture.text(_KEY + 0.04, height, axes=axes, transform=axes.transAxes, va="center", color=INK, fontsize=9.5)
            for height in heights
        ]
        self._name_fresh = picture.text(
            3e31, 0.0046, axes=axes, ha="right", va="center", color=MUTED, fontsize=9.5, path_effects=white_halo()
        )

    def draw(self, result: StockResult) -> Hashable:
        years = result.years
        self._range.set_xy(
            np.column_stack([np.append(years, years[::-1]), np.append(result.demand_low, result.demand_high[::-1])])
        )
        self._supply.set_data(years, result.supply)
        self._often.set_data(years, result.epochs * result.supply)
        self._often.set_visible(result.epochs > 1)
        self._demand.set_data(years, result.demand)
        at = np.interp([result.year_once, result.year_epochs], years, result.supply)
        self._once_at.set_data([result.year_once], [at[0]])
        self._often_at.set_data([result.year_epochs], [result.epochs * at[1]])
        self._name_years(result, float(result.epochs * at[1]))
        self._draw_budgets(result)
        self._title.set_text(self._message(result))
        return "only"

    def _name_years(self, result: StockResult, height: float) -> None:
        end = float(result.supply[-1])
        self._name_supply.set_text(t("explorers.stock.label_stock", stock=format_count(result.stock)))
        self._name_supply.set_y(float(np.interp(YEARS[1] - 9, result.years, result.supply)) / 1.3)
        self._name_often.set_text(t("explorers.stock.label_epochs", epochs=f"{result.epochs:g}"))
        self._name_often.set_y(end * result.epochs * 1.2)
        self._name_often.set_visible(result.epochs > 1)
        self._name_year.set_visible(YEARS[0] <= result.year_epochs <= YEARS[1])
        self._name_year.set_text(f"{result.year_epochs:.0f}")
        early = result.year_epochs < YEARS[0] + 4
        self._name_year.set_position((result.year_epochs + (0.8 if early else -0.5), height * (0.6 if early else 1.35)))
        self._name_year.set(ha="left" if early else "right", va="top" if early else "bottom")

    def _draw_budgets(self, result: StockResult) -> None:
        floor = laws.CONSTANTS[LAW].values["E"]
        self._loss.set_data(BUDGETS, result.loss - floor)
        self._fresh.set_data(BUDGETS, result.fresh_loss - floor)
        self._limit.set_data(BUDGETS[[0, -1]], [result.limit - floor] * 2)
        places = (
            ("key_once", result.flops_once, result.loss_once),
            ("key_often", result.flops_epochs if result.epochs > 1 else None, result.loss_epochs),
            ("key_worn", result.flops_worn_out, floor + WORN_OUT * (result.limit - floor)),
        )
        row = 0
        for dot, key, name, (word, flops, loss) in zip(self._budgets, self._keys, self._key_names, places, strict=True):
            for artist in (dot, key, name):
                artist.set_visible(flops is not None)
            if flops is None:
                continue
            dot.set_data([flops], [loss - floor])
            height = 0.955 - 0.08 * row
            key.set_ydata([height])
            name.set_y(height)
            name.set_text(t(f"explorers.stock.{word}", epochs=f"{result.epochs:g}", flops=format_scientific(flops, 2)))
            row += 1
        self._name_fresh.set_text(t("explorers.stock.label_fresh"))

    # Words ----------------------------------------------------------------------------------------------------------

    def _message(self, result: StockResult) -> str:
        said = self._said(result)
        key = "message_once" if result.epochs == 1 else "message"
        return t(f"explorers.stock.{'message_already' if result.already else key}", **said)

    def words(self, result: StockResult) -> str:
        said = self._said(result)
        key = "words_once" if result.epochs == 1 else "words_epochs"
        parts = [t(f"explorers.stock.{key}", **said), t("explorers.stock.words_range", **said)]
        if result.flops_once is not None and result.flops_epochs is not None:
            parts.append(t(f"explorers.stock.words_budget{'_once' if result.epochs == 1 else ''}", **said))
        if result.flops_worn_out is not None:
            parts.append(t("explorers.stock.words_worn", **said))
        parts.append(t("explorers.stock.words_assumed", **said))
        return ("" if language() == "zh" else " ").join(parts)

    def _said(self, result: StockResult) -> dict[str, str]:
        said = {
            "stock": format_count(result.stock),
            "epochs": f"{result.epochs:g}",
            "growth": format_number(result.growth, 2),
            "once": _year(result.year_once),
            "often": _year(result.year_epochs),
            "early": _bare(result.early),
            "late": _bare(result.late),
            "later": format_number(max(result.year_epochs - result.year_once, 0.0), 2),
            "worth": format_number(result.worth),
            "trend": format_number(self.record.growth, 2),
            "low": format_number(self.record.low, 2),
            "high": format_number(self.record.high, 2),
            "largest": format_count(float(self.record.tokens[-1])),
            "since": f"{self.record.years[-1]:.0f}",
            "params": format_count(result.params_once),
            "limit": f"{result.limit:.2f}",
        }
        for name in ("flops_once", "flops_epochs", "flops_worn_out"):
            flops = getattr(result, name)
            said[name] = "" if flops is None else format_flops(flops, 2)
        return said


def _year(year: float) -> str:
    if year > _FAR:
        return t("explorers.stock.far", year=f"{_FAR}")
    return t("explorers.stock.year", year=f"{year:.0f}")


def _bare(year: float) -> str:
    return f"> {_FAR}" if year > _FAR else f"{year:.0f}"
