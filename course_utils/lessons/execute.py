"""Run notebooks, each in a kernel of its own, in an environment that gives the same outputs everywhere."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nbformat import NotebookNode

CELL_TIMEOUT = 600
"""Seconds after which a cell is given up."""


class CellFailed(RuntimeError):
    """Say which cell of a notebook failed, at which of its lines, and how.

    Parameters
    ----------
    cell_id : str
        Id of the cell.
    line : int
        Line of the cell's code, counted from 1; 1 where the traceback does not tell.
    reason : str
        One sentence.
    """

    def __init__(self, cell_id: str, line: int, reason: str):
        self.cell_id, self.line, self.reason = cell_id, line, reason
        super().__init__(f"cell {cell_id!r}, line {line}: {reason}")


def kernel_environment(ipython_folder: str) -> dict[str, str]:
    """Give the environment of a kernel: this process's own, less what makes outputs differ between machines."""
    environment = dict(os.environ)
    for name in ("COURSE_LANG", "PYTHONSTARTUP", "PYTHONWARNINGS", "MATPLOTLIBRC", "PYTEST_CURRENT_TEST"):
        environment.pop(name, None)
    # Hash seed: the order of sets. One thread: sums in one order. Columns: the width of printed tables. No IPython
    # profile: a reader's own start-up files. Progress off: what a reader has answered before.
    environment |= {
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "COLUMNS": "80",
        "TZ": "UTC",
        "PYTHONUTF8": "1",
        "SCALING_LAWS_PROGRESS": "off",
        "IPYTHONDIR": ipython_folder,
    }
    return environment


def execute(
    notebook: NotebookNode,
    folder: Path,
    *,
    on_cell: Callable[[], None] = lambda: None,
    on_start: Callable[[object], None] = lambda client: None,
    timeout: float = CELL_TIMEOUT,
) -> None:
    """Run every cell of a notebook in place, in a new kernel of this Python.

    Parameters
    ----------
    notebook : NotebookNode
        Without outputs; gets them.
    folder : Path
        Working folder of the kernel; must exist.
    on_cell : callable, optional
        Called after each code cell, for a progress bar.
    on_start : callable, optional
        Called with the client before the kernel starts, so that a caller can stop it.
    timeout : float, optional
        Seconds a cell may take.

    Raises
    ------
    CellFailed
        A cell raised an error, took too long, or its kernel died.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    at = {"id": ""}

    def before(cell: NotebookNode, cell_index: int) -> None:
        at["id"] = cell.id

    with tempfile.TemporaryDirectory(prefix="lesson-", ignore_cleanup_errors=True) as ipython_folder:
        client = NotebookClient(
            notebook,
            timeout=timeout,
            km=_kernel_manager(),
            allow_errors=False,
            record_timing=False,
            store_widget_state=False,
            on_cell_start=before,
            on_cell_executed=lambda cell, cell_index, execute_reply: on_cell(),
        )
        on_start(client)
        client.owns_km = True
        try:
            client.execute(cwd=str(folder), env=kernel_environment(ipython_folder))
        except CellExecutionError as wrong:
            line = _line_in_cell(wrong.traceback)
            raise CellFailed(at["id"], line, f"{wrong.ename}: {wrong.evalue}".split("\n")[0]) from None
        except CellTimeoutError:
            raise CellFailed(at["id"], 1, f"took more than {timeout:g} s") from None
        except DeadKernelError:
            raise CellFailed(at["id"], 1, "the kernel died (out of memory?)") from None


def _kernel_manager():
    """Give a manager that starts this very Python, whatever kernel named python3 a reader has installed."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            argv = [sys.executable, "-m", "ipykernel_launcher", "--log-level=ERROR", "-f", "{connection_file}"]
            return KernelSpec(argv=argv, display_name="Python 3", language="python")

    return AsyncKernelManager(kernel_name="python3", kernel_spec_manager=ThisPython())


def _line_in_cell(traceback: str) -> int:
    """Read the line of the cell's own frame out of an IPython traceback."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", traceback)
    found = re.search(r"Cell In\s?\[\d+\], line (\d+)", plain) or re.search(r"^-+> (\d+) ", plain, re.MULTILINE)
    return int(found.group(1)) if found else 1


@contextmanager
def stopping_kernels() -> Iterator[Callable[[object], None]]:
    """Give a function that registers clients; when the block ends early, their kernels are killed."""
    clients: list = []
    try:
        yield clients.append
    except BaseException:
        for client in clients:
            process = getattr(getattr(client.km, "provisioner", None), "process", None)
            if process is not None and process.poll() is None:
                process.kill()
        raise
