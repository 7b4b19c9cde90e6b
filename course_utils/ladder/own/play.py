"""``python3 course.py ladder play NAME``: a whole game in a terminal."""

from __future__ import annotations

import argparse
import sys
from importlib import util
from pathlib import Path

from course_utils.i18n import t
from course_utils.planning import DESIGNS

from ..sweep import SweepError
from .game import Game
from .refusal import Refusal
from .seal import checked


def main(arguments: list[str]) -> int:
    """Parse `arguments`, play, and return the exit status: 130 when it was broken off."""
    options = _parser().parse_args(arguments)
    try:
        if options.recorded is not None:
            from .opening import recorded

            game = recorded(options.recorded, options.design or "ladder", folder=options.folder)
        else:
            if options.name is None:
                _parser().error(t("ladder.play.no_name"))
            if util.find_spec("torch") is None or util.find_spec("tokenizers") is None:
                print(t("ladder.play.no_torch", name=options.name), file=sys.stderr)
                return 1
            from .opening import start

            game = start(options.name, options.budget, target=options.target, design=options.design, text=options.text,
                         encoding=options.encoding, folder=options.folder, seed=options.seed, rate=options.rate)
        return play(game, predict=options.predict, processes=options.processes, report=options.report)
    except KeyboardInterrupt:
        print("\n" + t("ladder.play.stopped"))
        return 130
    except SweepError as error:
        print(error, file=sys.stderr)
        return 1
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2


def play(game: Game, *, predict: list[float] | None = None, processes: int | None = None,
         report: Path | None = None) -> int:
    """Play a game from where it stands to its verdict, and write its page.

    Parameters
    ----------
    game : Game
    predict : loss, low and high, or None
        What to seal. None asks, where somebody sits at the terminal, and else seals the forecast.
    processes : int or None
        Runs at the same time.
    report : path or None
        Where the page goes; into the game's folder when None, nowhere for a recorded game.

    Returns
    -------
    int
        0, or 130 when it was broken off.
    """
    if predict is not None:
        checked(*predict)  # before hours of training, not after
    if game.state == "planned":
        if not game.screening():
            print(game.plan, end="\n\n", flush=True)
        status = game.screen(processes=processes)
        print(status, end="\n\n", flush=True)
        if status.stopped:
            return 130
    if game.state == "screened":
        print(game.forecast(), end="\n\n", flush=True)
        print(game.seal(*(predict or _asked())), end="\n\n", flush=True)
    elif predict is not None and tuple(predict) != game.sealed().numbers():
        raise Refusal("sealed_already", sealed=game.sealed().short())
    if game.state == "sealed":
        status = game.train(processes=processes)
        if status.stopped:
            print(status)
            return 130
    print(game.verdict())
    if report is not None or game.folder is not None:
        print("\n" + t("ladder.report.written", path=game.report(report, overwrite=True).path))
    return 0


def _asked() -> list[float | None]:
    """Ask for a prediction; an empty line, or nobody there, means the forecast's own."""
    if not sys.stdin.isatty():
        return [None, None, None]
    while True:
        try:
            given = input(t("ladder.play.ask") + " ")
        except EOFError:  # Ctrl-D is no prediction
            raise KeyboardInterrupt from None
        if not given.strip():
            return [None, None, None]
        numbers = _numbers(given)
        if len(numbers) == 3 and numbers[1] < numbers[0] < numbers[2]:
            return numbers
        print(t("ladder.play.ask_again"))


def _numbers(given: str) -> list[float]:
    """Read numbers parted by spaces, commas or both, with a decimal point or comma; none where one of them is none.

    Examples
    --------
    >>> _numbers("3.97, 3.90, 4.05"), _numbers("3,97 3,90 4,05"), _numbers("3.97,3.90,4.05"), _numbers("about 4")
    ([3.97, 3.9, 4.05], [3.97, 3.9, 4.05], [3.97, 3.9, 4.05], [])
    """
    found = given.split()
    if len(found) < 3:
        found = given.replace(",", " ").split()
    try:
        return [float(word.strip(",;").replace(",", ".")) for word in found]
    except ValueError:
        return []


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="course.py ladder play",
                                     description="Plan, train small models, foretell a large one, train it, be judged.")
    parser.add_argument("name", nargs="?", metavar="NAME", help="name of a live game; the same name goes on with it")
    parser.add_argument("--recorded", type=int, metavar="GAME", help="a game that the course has measured: no PyTorch")
    parser.add_argument("--budget", type=float, help="FLOPs for everything (default: 1e12)")
    parser.add_argument("--target", type=float, help="FLOPs of the run that is foretold (default: half of the budget)")
    parser.add_argument("--design", choices=DESIGNS, help="how the small runs are chosen (default: ladder)")
    parser.add_argument("--text", type=Path, help="a file or folder of your own to train on")
    parser.add_argument("--encoding", help="of its files that are not UTF-8, such as cp1258 or gb18030")
    parser.add_argument("--seed", type=int, help="which seeds the runs have (default: drawn for a new game)")
    parser.add_argument("--rate", type=float, help="factor on the learning rates (default: 1)")
    parser.add_argument("--predict", type=float, nargs=3, metavar=("LOSS", "LOW", "HIGH"),
                        help="what to seal (default: you are asked; where nobody is there, the forecast)")
    parser.add_argument("--processes", type=int, help="runs at the same time (default: one per core)")
    parser.add_argument("--folder", type=Path, help="where the game lives (default: my_ladders/NAME)")
    parser.add_argument("--report", type=Path, help="where the page goes (default: in the folder of the game)")
    return parser
