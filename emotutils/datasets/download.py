"""Fetch the published sets, and see whether what is here is whole.

Taught in notebooks/03_face_data, 04_film_data and 05_voice_data.
"""

import os
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import BinaryIO, NamedTuple
from urllib.parse import urlsplit

import pooch
import requests

from .. import config
from ..errors import DataError, EmotutilsError
from ..support.files import clear, replacing, temporary_folder
from . import loading
from .catalog import CATALOG, Entry, entry
from .listing import DAMAGED, is_of_the_archive, named

#: More than any set of the catalogue: files in an archive, bytes that it unpacks to, and these over
#: its own size.
MAX_MEMBERS, MAX_BYTES, MAX_RATIO = 20_000, 20e9, 100
#: Disk space to ask for: so many times the archive's size, for itself and for what is in it (csv:
#: three to four times).
ROOM = 5


class Status(NamedTuple):
    """What is here of a set: in one line; whether it can be read; whether it is whole as far as the
    catalogue knows.
    """

    line: str
    usable: bool = False
    whole: bool = False


def here(wanted: Entry, root: str | os.PathLike | None = None) -> bool:
    """Whether any file of this set lies under the data root; none is opened.

    Parameters
    ----------
    wanted : of the catalogue, see ``catalog.entry``.
    root : the data root, if not ``config.data_root()``.
    """
    folder = config.data_root(root) / wanted.folder
    return any(named(folder, *wanted.files))


def overview(root: str | os.PathLike | None = None) -> str:
    """Table of the catalogue: name, size, how to get it, whether it is here, what, licence."""
    rows = [("set", "size", "needs", "here", "what", "licence")]
    for e in CATALOG.values():
        needs = "nothing"
        if e.steps and not e.ships:
            needs = "Kaggle account" if e.addresses else "signed agreement"
        size = f"{e.bytes / 1e6:.0f} MB" if e.bytes else ""
        rows.append((e.name, size, needs, _presence(e, root), e.title, e.licence))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _presence(wanted: Entry, root: str | os.PathLike | None) -> str:
    if here(wanted, root):
        return "yes"
    return "ships" if wanted.ships else "no"


def check(name: str, root: str | os.PathLike | None = None) -> Status:
    """Read a set, every file of it, and compare it with what a whole one holds.

    Parameters
    ----------
    name : of the catalogue, or any other that ``datasets.load`` knows (then there is nothing to
        compare with).

    Returns
    -------
    Status; a set that is not there, or cannot be read, is no error but what its line says.
    """
    known = CATALOG.get(name)
    folder = config.data_root(root) / known.folder if known else None
    shipped = bool(known and known.ships and not here(known, root))
    if known and not shipped and not here(known, root):
        return Status(f"{name}: not found in {folder}; how to get it: emotutils data fetch {name}")
    try:
        data = loading.load(name, root, on_error="report")
    except EmotutilsError as error:
        return Status(f"{name}: {error}")
    whole = known.whole if known else {"rows": None, "groups": None}
    found = (len(data), data.table["group"].nunique())
    short = any(full not in (None, n) for n, full in zip(found, whole.values(), strict=True))
    rows, groups = (
        f"{n:,} of {full:,} {what}" if full and short else f"{n:,} {what}"
        for n, (what, full) in zip(found, whole.items(), strict=True)
    )
    counts = data.table["split"].value_counts()
    parts = ", ".join(f"{counts.get(s, 0):,} {s}" for s in ("train", "validation", "test"))
    complete = "complete, " if any(whole.values()) and not short else ""
    line = f"{name}: {complete}{rows} ({parts}), {groups}"
    if shipped:
        line += ", as it ships"
    elif folder:
        line += f", in {folder}"
    if data.source:
        line += f" ({data.source})"
    if len(data.rejects):
        first = data.rejects.iloc[0]
        line += f"; {len(data.rejects):,} refused, the first: {first['where']} {first['what']}"
    if short:
        line += f"; half unpacked? Move these files away, then: emotutils data fetch {name}"
    return Status(line, True, not short)


def fetch(
    name: str,
    root: str | os.PathLike | None = None,
    *,
    keep: Path | None = None,
    progress: bool = True,
    say: Callable[[str], None] = print,
) -> Path:
    """Download a set, compare its hash, and unpack it where the reader looks for it; nothing
    half-done is ever left.

    An archive that lies in the data root or in the set's folder already is taken instead of the
    download. A set that is whole is left alone; one that is not is never overwritten.

    Parameters
    ----------
    name : of the catalogue.
    root : the data root, as in ``datasets.load``.
    keep : a folder for archives: one that lies there is taken, one that had to be downloaded is put
        there.
    progress : whether a bar is drawn.
    say : gets what is worth telling, a line each.

    Returns
    -------
    The set's folder.

    Raises
    ------
    DataError : no connection, a wrong hash, a damaged or hostile archive, no space, an incomplete
        set in the way; or, in several lines, what the user must do first (FER2013 without a Kaggle
        token, Aff-Wild2).
    """
    wanted, root = entry(name), config.data_root(root)
    folder = root / wanted.folder
    clear(root)
    if here(wanted, root):
        status = check(name, root)
        if not status.whole and wanted.addresses:
            raise DataError(
                folder,
                f"holds a set that is not whole ({status.line})",
                "move it away and fetch again",
            )
        say(f"already here; {status.line}")
        return folder
    places = [place / wanted.archive for place in (root, folder, keep) if place]
    placed = next((p for p in places if p.is_file()), None)
    token = config.kaggle_authorization() if wanted.steps else None
    if wanted.steps and not placed and not (token and wanted.addresses):
        raise DataError(
            name,
            "needs something from you first",
            f"do this.\n{wanted.steps.format(folder=folder)}",
        )
    target = folder / wanted.archive.partition(".")[0]
    if target.exists():
        raise DataError(
            target, f"is there, but holds nothing of {name}", "move it away and fetch again"
        )
    try:
        root.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(root).free
        if free < ROOM * wanted.bytes:
            raise OSError(
                f"{ROOM * wanted.bytes / 1e6:,.0f} MB are needed, {free / 1e6:,.0f} MB are free"
            )
        with temporary_folder(root) as temporary:
            archive = placed or _download(wanted, temporary, token, progress)
            _compare_hash(archive, wanted, say)
            content = temporary / wanted.folder
            unpack(archive, content)
            if not here(wanted, temporary):
                raise DataError(
                    wanted.archive,
                    f"holds no {' or '.join(wanted.files)}",
                    f"get it from {wanted.page}",
                )
            if keep and not placed:
                _keep(archive, keep)
                say(f"{wanted.archive}: kept in {keep}, so that it need not be downloaded again")
            _put_in_place(content, target)
    except OSError as error:
        raise DataError(
            root, error.strerror or error, "make room or choose another folder (--root)"
        ) from error
    say(f"{name}: unpacked to {target}; now every file is read once")
    say(check(name, root).line)
    return folder


def _put_in_place(content: Path, target: Path) -> None:
    """Rename what was unpacked; some archives bring a folder of the target's name."""
    if [path.name for path in content.iterdir()] == [target.name]:
        content = content / target.name
    target.parent.mkdir(exist_ok=True)
    if not target.is_dir():  # otherwise somebody else fetched it meanwhile
        content.rename(target)


def _compare_hash(archive: Path, wanted: Entry, say: Callable[[str], None]) -> None:
    """Refuse an archive that is not the published one; where no hash is known, say what it is."""
    algorithm, _, published = (wanted.hash or "md5:").partition(":")
    computed = pooch.file_hash(archive, algorithm)
    if not published:
        say(
            f"{wanted.archive}: {algorithm} {computed}; "
            f"we know no published one, compare with {wanted.page}"
        )
    elif computed != published:
        raise DataError(
            archive,
            f"{algorithm} {computed}, published is {published}",
            "remove it and fetch again",
        )


def _keep(archive: Path, folder: Path) -> None:
    with replacing(folder / archive.name) as copy:
        shutil.copyfile(archive, copy)


def _download(wanted: Entry, folder: Path, token: str | None, progress: bool) -> Path:
    pooch.get_logger().setLevel("WARNING")
    # Zenodo slows down programs that do not say who they are.
    headers = {"User-Agent": "emotutils"} | ({"Authorization": token} if token else {})
    bar = pooch.HTTPDownloader(progress, chunk_size=1 << 16, headers=headers)
    failures = []
    untrusted = False
    for url in wanted.addresses:
        try:
            return Path(pooch.retrieve(url, wanted.hash, wanted.archive, folder, downloader=bar))
        except requests.HTTPError as error:
            reason = f"answers {error.response.status_code} {error.response.reason}"
        except requests.exceptions.ChunkedEncodingError:
            reason = "broke off"
        except requests.exceptions.SSLError:
            reason = "shows a certificate that is not trusted here"
            untrusted = True
        except requests.RequestException:
            reason = "cannot be reached"
        except ValueError:  # pooch's word for a wrong hash
            reason = "gave another file than the published one (wrong hash, removed)"
        failures.append(f"{urlsplit(url).hostname} {reason}")
    remedy = "try again later"
    if token:
        remedy = f"accept the rules at {wanted.page} and look at the token"
    if untrusted:
        remedy = "see CERTIFICATE_VERIFY_FAILED in INSTALL.md"
    raise DataError(
        wanted.name,
        f"was not downloaded, {', '.join(dict.fromkeys(failures))}",
        f"{remedy}, or download {wanted.archive} from {wanted.page} "
        f"and put it into {folder.parent}",
    )


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip or tar into a new ``folder``, if all that it holds are files and folders that
    stay in there.

    By hand, because ``shutil`` and pooch unpack all that an archive says, and ``tarfile``'s
    filters know neither zip files nor bombs.

    Raises
    ------
    DataError : a link or device, a path that leads out, more than ``MAX_MEMBERS``, ``MAX_BYTES`` or
        ``MAX_RATIO`` allow, or an archive that is damaged, cut off or none. What was unpacked until
        then stays in ``folder``.
    """
    total, room = 0, min(MAX_BYTES, MAX_RATIO * archive.stat().st_size)
    try:
        with closing(_members(archive)) as members:
            for count, (name, is_folder, is_file, size, open_member) in enumerate(members, 1):
                path = PureWindowsPath(name)  # knows / and \\, and drives
                leads_out = path.anchor or ".." in path.parts or not path.parts
                if leads_out or not (is_folder or is_file):
                    raise DataError(
                        archive.name,
                        f"refused, {name!r} is a link, a device or leads out",
                        "get it anew",
                    )
                total += size
                if count > MAX_MEMBERS or total > room:
                    raise DataError(
                        archive.name,
                        "refused, it unpacks to more than any known set",
                        "get it anew",
                    )
                target = folder.joinpath(*path.parts)
                (target if is_folder else target.parent).mkdir(parents=True, exist_ok=True)
                if is_file:
                    with open_member() as source, target.open("xb") as out:
                        shutil.copyfileobj(source, out)
    except OSError as error:
        if not is_of_the_archive(error):
            raise
        raise DataError(archive.name, f"cannot be unpacked ({error})", "get it anew") from error
    except DAMAGED as error:
        what = "damaged, cut off, with a password, or no zip or tar"
        raise DataError(archive.name, what, "get it anew") from error


def _members(archive: Path) -> Iterator[tuple[str, bool, bool, int, Callable[[], BinaryIO]]]:
    """Name, whether it is a folder, whether it is a plain file, size, and how to open it."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as z:
            for m in z.infolist():
                kind = stat.S_IFMT(m.external_attr >> 16)  # 0: not packed on Unix
                yield (
                    m.filename,
                    m.is_dir(),
                    kind in (0, stat.S_IFREG),
                    m.file_size,
                    partial(z.open, m),
                )
    else:
        with tarfile.open(archive) as t:
            for m in t:
                yield m.name, m.isdir(), m.isreg(), m.size, partial(t.extractfile, m)
