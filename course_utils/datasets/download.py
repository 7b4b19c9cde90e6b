"""Published originals: one pinned copy each in a cache, fetched once and checked by SHA-256.

Two environment variables move things. ``SCALING_LAWS_CACHE`` names another cache folder. ``SCALING_LAWS_MIRROR`` names
another source than the origin: an address or a folder that holds the files as ``owner/repository/commit/path``.
"""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from course_utils.datasets.catalogue import DataSet, describe, sha256_of

ORIGIN = "https://raw.githubusercontent.com"
_CONNECT_SECONDS, _READ_SECONDS = 4, 30


class Unavailable(Exception):
    """A published file that cannot be had now.

    Attributes
    ----------
    name : str
        Of the data set.
    reason : str
        Key of a sentence in section ``datasets.reason``: ``network``, ``absent``, ``changed`` or ``disk``.
    detail : str
        What the machine said, for a bug report.
    """

    def __init__(self, name: str, reason: str, detail: str) -> None:
        super().__init__(f"{name}: {reason} ({detail})")
        self.name, self.reason, self.detail = name, reason, detail


def cache_folder() -> Path:
    """Return the folder that keeps downloaded files; it need not exist yet."""
    chosen = os.environ.get("SCALING_LAWS_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    import pooch

    return Path(pooch.os_cache("scaling-laws-course"))


def cached(entry: DataSet) -> Path | None:
    """Return the cached copy of a published file, or None where there is none or it is damaged."""
    path = cache_folder() / entry.remote_path
    return path if path.is_file() and sha256_of(path) == entry.sha256 else None


def source_of(entry: DataSet) -> str:
    """Return the address from which a published file is fetched: its origin, or the mirror of the environment."""
    mirror = os.environ.get("SCALING_LAWS_MIRROR", "").strip()
    return f"{(mirror or ORIGIN).rstrip('/')}/{entry.remote_path}"


def fetch(name: str, *, progress: bool = True, attempts: int = 2) -> Path:
    """Return the path of a published file, downloading it when the cache has no sound copy.

    The download goes to a temporary file and takes its place only when its hash is right, so that neither a broken
    connection nor a kill leaves a half file behind that a later call would trust.

    Parameters
    ----------
    name : str
        Of a published data set.
    progress : bool
        Draw a progress bar while bytes arrive.
    attempts : int
        How often to try before giving up.

    Raises
    ------
    Unavailable
        If the file cannot be had: says why.
    ValueError
        If there is no such published data set.
    """
    entry = describe(name)
    if entry.kind != "published":
        raise ValueError(
            f"name: {name!r} is shipped with the course and needs no download. Use datasets.load({name!r})."
        )
    found = cached(entry)
    if found is not None:
        return found
    target = cache_folder() / entry.remote_path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, attempts + 1):
            try:
                return _fetch_once(entry, target, progress=progress)
            except Unavailable as failure:
                # A broken or cut connection may mend by itself within seconds; nothing else does.
                if failure.reason not in ("network", "changed") or attempt == attempts:
                    raise
    except OSError as error:
        raise Unavailable(name, "disk", _said(error)) from error
    raise ValueError(f"attempts: at least one is needed, not {attempts}. Pass 1 or more.")


def _fetch_once(entry: DataSet, target: Path, *, progress: bool) -> Path:
    source = source_of(entry)
    folder = _local_path(source)
    # Only this process knows the name, so two downloads at once do not write into each other.
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if folder is not None:
            _copy(entry, folder, part)
        else:
            _download(entry, source, part, progress=progress)
        if (got := sha256_of(part)) != entry.sha256:
            raise Unavailable(entry.name, "changed", f"{source}: SHA-256 {got}, expected {entry.sha256}")
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _local_path(source: str) -> Path | None:
    """Return the path when a source is a folder of this machine, given plainly or as ``file://``; else None."""
    parts = urlsplit(source)
    if parts.scheme in ("http", "https"):
        return None
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else Path(source).expanduser()


def _copy(entry: DataSet, source: Path, part: Path) -> None:
    if not source.is_file():
        raise Unavailable(entry.name, "absent", str(source))
    shutil.copyfile(source, part)


def _download(entry: DataSet, address: str, part: Path, *, progress: bool) -> None:
    import pooch
    import requests

    bar = _bar(entry) if progress else None
    limits = (_CONNECT_SECONDS, _READ_SECONDS)
    downloader = pooch.HTTPDownloader(timeout=limits, progressbar=False if bar is None else bar)
    try:
        downloader(address, str(part), None)
    except requests.exceptions.HTTPError as error:
        reason = "absent" if error.response is not None and error.response.status_code in (404, 410) else "network"
        raise Unavailable(entry.name, reason, _said(error)) from error
    # requests' errors are OSErrors too; they must be told apart from those of the disk, and come first.
    except (requests.exceptions.RequestException, TimeoutError, ConnectionError) as error:
        raise Unavailable(entry.name, "network", _said(error)) from error
    finally:
        if bar is not None:
            bar.close()


def _bar(entry: DataSet):
    """Make a bar with the data set's name; pooch takes any object with tqdm's total, update, reset and close."""
    from tqdm.auto import tqdm

    return tqdm(total=entry.bytes, desc=entry.name, unit="B", unit_scale=True, leave=False, ncols=79, delay=0.3)


def _said(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"no space left: {error.filename or cache_folder()}"
    return f"{type(error).__name__}: {error}"
