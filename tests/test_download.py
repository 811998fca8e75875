"""Downloads against a server of our own: good ones, broken ones, hostile ones; nothing half-done is
ever left.
"""

import base64
import bz2
import errno
import hashlib
import io
import lzma
import shutil
import stat
import tarfile
import threading
import zipfile
from collections import namedtuple
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import requests
import soundfile
from raising import raises_error

from emotutils import config
from emotutils.cli import main
from emotutils.datasets import catalog, download
from emotutils.errors import DataError, EmotutilsError

TAKES = [f"Actor_{actor:02d}/03-01-05-01-01-01-{actor:02d}" for actor in (1, 17, 24)]


class Server(ThreadingHTTPServer):
    """Answers with what ``routes`` says: path → (status, headers, body, bytes of the body to send)."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.routes, self.asked = {}, []

    def url(self, path):
        return f"http://127.0.0.1:{self.server_port}/{path}"

    def serve(self, path, body, *, status=200, send=None, **headers):
        self.routes[f"/{path}"] = (
            status,
            {"Content-Length": str(len(body)), **headers},
            body[:send],
        )
        return self.url(path)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers))
        status, headers, body = self.server.routes.get(
            self.path, (404, {"Content-Length": "0"}, b"")
        )
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@contextmanager
def serving():
    with Server() as server:
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server():
    with serving() as it:
        yield it


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOTUTILS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("EMOTUTILS_DATA", "KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def publish(monkeypatch):
    """Let a set of the catalogue lie elsewhere: ``publish("ravdess", archive, address, …)``."""

    def change(name, body, *addresses, known_hash=True, **whole):
        digest = "md5:" + hashlib.md5(body).hexdigest() if known_hash else None
        known = catalog.CATALOG[name]
        whole = dict(zip(known.whole, whole.values(), strict=True)) if whole else known.whole
        changed = replace(known, addresses=addresses, bytes=len(body), hash=digest, whole=whole)
        monkeypatch.setitem(catalog.CATALOG, name, changed)

    return change


def wav():
    file = io.BytesIO()
    soundfile.write(file, 0.1 * np.sin(np.arange(4000) / 10), 16000, format="WAV")
    return file.getvalue()


def zipped(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in members.items():
            z.writestr(name, content)
    return file.getvalue()


def tarred(*members):
    """A tar.gz of (name, content) or of TarInfo."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as t:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                t.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                t.addfile(info, io.BytesIO(member[1]))
    return file.getvalue()


@pytest.fixture(scope="session")
def recordings():
    return zipped({f"{take}.wav": wav() for take in TAKES})


@pytest.fixture(scope="session")
def faces():
    rows = []
    for i, use in enumerate(("Training", "PublicTest", "PrivateTest")):
        rows.append(
            f"{i},{' '.join(map(str, np.random.default_rng(i).integers(0, 256, 2304)))},{use}"
        )
    csv = "\n".join(["emotion,pixels,Usage", *rows]).encode()
    return tarred(("fer2013/fer2013.csv", csv), ("fer2013/README", b"about"))


def fetch(name, root, said=None):
    return download.fetch(name, root, progress=False, say=(said if said is not None else []).append)


def left_in(root):
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*")) if root.exists() else []


def refused(name, root, *words):
    """The one line with which ``fetch`` fails, having left nothing."""
    before = left_in(root)
    with pytest.raises(DataError) as error:
        fetch(name, root)
    line = str(error.value)
    assert "\n" not in line and all(word in line for word in words), line
    assert left_in(root) == before
    return line


def test_a_set_is_downloaded_verified_unpacked_and_read(server, publish, recordings, root):
    publish("ravdess", recordings, server.serve("a.zip", recordings), rows=3, groups=3)
    said = []
    assert fetch("ravdess", root, said) == root / "ravdess"
    assert said[-1].startswith(
        "ravdess: complete, 3 recordings (1 train, 1 validation, 1 test), 3 actors, in "
    )
    files = [name for name in left_in(root) if name.endswith(".wav")]
    assert files == [f"ravdess/Audio_Speech_Actors_01-24/{take}.wav" for take in TAKES]
    assert not [name for name in left_in(root) if "fetch" in name or name.endswith(".zip")]
    assert (root / files[0]).read_bytes() == wav()
    # A second time: said, and nothing is done.
    fetch("ravdess", root, said)
    assert said[-1].startswith("already here; ravdess: complete") and len(server.asked) == 1


def test_the_second_address_is_used(server, publish, recordings, root):
    server.serve("other.zip", b"something else")
    server.serve("short.zip", recordings, send=100)
    good = server.serve("good.zip", recordings)
    addresses = [server.url(path) for path in ("missing.zip", "short.zip", "other.zip")]
    publish("ravdess", recordings, *addresses, good, rows=3, groups=3)
    said = []
    fetch("ravdess", root, said)
    assert "complete" in said[-1] and [path for path, _ in server.asked][-1] == "/good.zip"


def test_one_line_for_everything_that_goes_wrong_on_the_way(server, publish, recordings, root):
    with Server() as gone:
        nobody = gone.url("a.zip")  # a port on which nobody listens any more
    cases = {
        nobody: "cannot be reached",
        server.url("missing.zip"): "answers 404",
        server.serve("busy.zip", b"", status=503): "answers 503",
        server.serve("short.zip", recordings, send=1000): "broke off",
        server.serve("other.zip", recordings[:-1] + b"x"): "wrong hash, removed",
    }
    for address, words in cases.items():
        publish("ravdess", recordings, address)
        refused(
            "ravdess", root, "was not downloaded", words, "Audio_Speech_Actors_01-24.zip", str(root)
        )


def test_without_a_published_hash_the_computed_one_is_told(server, publish, recordings, root):
    address = server.serve("a.zip", recordings)
    publish("ravdess", recordings, address, known_hash=False, rows=3, groups=3)
    said = []
    fetch("ravdess", root, said)
    assert hashlib.md5(recordings).hexdigest() in said[0] and "no published one" in said[0]


def spoiled(compress):
    """A tar in another packing, damaged where its second file lies."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as t:
        for k in range(3):
            content = np.random.default_rng(k).integers(0, 16, 60_000).astype(np.uint8).tobytes()
            info = tarfile.TarInfo(f"{TAKES[k]}.wav")
            info.size = len(content)
            t.addfile(info, io.BytesIO(content))
    packed = compress(file.getvalue())
    at = 2 * len(packed) // 3
    return packed[:at] + bytes(100) + packed[at + 100 :]


@pytest.mark.parametrize(
    "kind",
    [
        "zip cut off",
        "tar cut off",
        "no archive",
        "password",
        "method",
        "one name twice",
        "others",
        "xz",
        "bz2",
        "long name",
        "long part",
    ],
)
def test_a_damaged_archive_leaves_nothing(kind, server, publish, recordings, root):
    # Noise, because what is packed well fits into the part that is not cut off.
    tar = tarred(*((f"{take}.wav", np.random.default_rng(1).bytes(99_999)) for take in TAKES))
    locked = bytearray(recordings)
    locked[locked.index(b"PK\1\2") + 8] |= 1
    unknown = bytearray(recordings)
    for head in (b"PK\1\2", b"PK\3\4"):
        unknown[unknown.index(head) + (10 if head == b"PK\1\2" else 8)] = 99
    body = {
        "method": bytes(unknown),
        "xz": spoiled(lambda content: lzma.compress(content, preset=0)),
        "bz2": spoiled(lambda content: bz2.compress(content, 1)),
        "long name": zipped({f"03-01-{'a' * 300}.wav": b"x"}),
        "long part": tarred((f"{'b' * 300}/03-01-a.wav", b"x")),
        "zip cut off": recordings[: len(recordings) // 2],
        "tar cut off": tar[: len(tar) // 2],
        "no archive": b"<html>log in</html>",
        "password": bytes(locked),
        "one name twice": tarred(("03-01-a.wav", b"1"), ("03-01-a.wav", b"2")),
        "others": zipped({"readme.txt": "nothing for us"}),
    }[kind]
    publish("ravdess", body, server.serve("a.zip", body), known_hash=False)
    words = {
        "others": "holds no 03-01-*.wav",
        "one name twice": "File exists",
        "long name": "too long",
        "long part": "too long",
        "bz2": "Invalid data",
    }.get(kind, "no zip or tar")
    line = refused("ravdess", root, words)
    assert line.startswith("Audio_Speech_Actors_01-24.zip: "), (
        "the archive is to blame, not the disk"
    )


def special(kind, target=""):
    info = tarfile.TarInfo("03-01-x.wav")
    info.type, info.linkname = kind, target
    return info


def zip_link():
    info = zipfile.ZipInfo("03-01-x.wav")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


HOSTILE = {
    "zip no name": lambda: zipped({".": b"x"}),
    "zip up": lambda: zipped({"../outside.wav": b"x"}),
    "zip up in the middle": lambda: zipped({"a/../../outside.wav": b"x"}),
    "zip up, backslashes": lambda: zipped({"..\\outside.wav": b"x"}),
    "zip absolute": lambda: zipped({"/outside.wav": b"x"}),
    "zip drive": lambda: zipped({"C:\\outside.wav": b"x"}),
    "zip drive only": lambda: zipped({"C:outside.wav": b"x"}),
    "zip share": lambda: zipped({"//server/share/outside.wav": b"x"}),
    "zip link": lambda: zipped({zip_link(): b"../../outside.wav"}),
    "tar up": lambda: tarred(("../outside.wav", b"x")),
    "tar absolute": lambda: tarred(("/outside.wav", b"x")),
    "tar link": lambda: tarred(special(tarfile.SYMTYPE, "../../outside.wav")),
    "tar hard link": lambda: tarred(special(tarfile.LNKTYPE, "../outside.wav")),
    "tar pipe": lambda: tarred(special(tarfile.FIFOTYPE)),
    "tar device": lambda: tarred(special(tarfile.CHRTYPE)),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_archive_is_refused(kind, server, publish, root):
    body = HOSTILE[kind]()
    publish("ravdess", body, server.serve("a.zip", body))
    refused("ravdess", root, "refused", "leads out")
    assert not list(root.parent.rglob("outside.wav"))


@pytest.mark.parametrize(
    "pack", [zipped, lambda members: tarred(*members.items())], ids=["zip", "tar"]
)
@pytest.mark.parametrize("limit", ["MAX_RATIO", "MAX_MEMBERS", "MAX_BYTES"])
def test_a_bomb_is_refused_before_it_is_written(pack, limit, tmp_path, monkeypatch):
    if limit == "MAX_RATIO":
        members = {"03-01-a.wav": bytes(10_000_000)}
    else:
        members = {f"03-01-{i}.wav": np.random.default_rng(i).bytes(1000) for i in range(6)}
        monkeypatch.setattr(download, limit, {"MAX_MEMBERS": 5, "MAX_BYTES": 5500}[limit])
    (tmp_path / "a.zip").write_bytes(pack(members))
    with raises_error(DataError, where="a.zip"):
        download.unpack(tmp_path / "a.zip", tmp_path / "out")
    assert sum(p.stat().st_size for p in (tmp_path / "out").rglob("*")) <= 5500


@pytest.mark.parametrize("moment", ["download", "unpack"])
def test_ctrl_c_leaves_nothing(moment, server, publish, recordings, root, monkeypatch):
    publish("ravdess", recordings, server.serve("a.zip", recordings))

    def some(self, chunk_size):
        yield self.raw.read(100)
        raise KeyboardInterrupt

    def half(source, out):
        out.write(source.read(100))
        raise KeyboardInterrupt

    if moment == "download":
        monkeypatch.setattr(requests.Response, "iter_content", some)
    else:
        monkeypatch.setattr(shutil, "copyfileobj", half)
    with pytest.raises(KeyboardInterrupt):
        fetch("ravdess", root)
    assert left_in(root) == []


def test_a_certificate_that_is_not_trusted_is_named(publish, recordings, root, monkeypatch):
    publish("ravdess", recordings, "https://example.org/a.zip")

    def get(*_, **__):
        raise requests.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED")

    monkeypatch.setattr(requests, "get", get)
    refused("ravdess", root, "example.org", "certificate", "CERTIFICATE_VERIFY_FAILED", "INSTALL")


def test_who_fetched_meanwhile_is_not_disturbed(server, publish, recordings, root, monkeypatch):
    publish("ravdess", recordings, server.serve("a.zip", recordings), rows=3, groups=3)
    unpack = download.unpack

    def slowly(archive, folder):
        monkeypatch.setattr(download, "unpack", unpack)
        fetch("ravdess", root)  # the other, and it is the faster one
        unpack(archive, folder)

    monkeypatch.setattr(download, "unpack", slowly)
    said = []
    fetch("ravdess", root, said)
    assert "complete, 3 recordings" in said[-1]
    assert not [name for name in left_in(root) if "part" in name]


def test_a_full_disk_is_noticed_before_and_during(server, publish, recordings, root, monkeypatch):
    publish("ravdess", recordings, server.serve("a.zip", recordings))

    def full(source, out):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as m:
        m.setattr(shutil, "copyfileobj", full)
        refused("ravdess", root, "No space left on device", "--root")
    asked = len(server.asked)
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: namedtuple("usage", "free")(len(recordings))
    )
    refused("ravdess", root, "are needed", "are free", "--root")
    assert len(server.asked) == asked


def test_an_archive_put_there_by_hand_is_taken(server, publish, recordings, root):
    publish("ravdess", recordings, server.url("a.zip"), rows=3, groups=3)
    root.mkdir()
    placed = root / "Audio_Speech_Actors_01-24.zip"
    placed.write_bytes(recordings[:-1])
    refused("ravdess", root, str(placed), "published is", "remove it")
    placed.write_bytes(recordings)
    said = []
    fetch("ravdess", root, said)
    assert "complete" in said[-1] and placed.is_file() and not server.asked


def test_what_is_there_but_not_whole_is_not_overwritten(server, publish, recordings, root):
    publish("ravdess", recordings, server.serve("a.zip", recordings), rows=3, groups=3)
    fetch("ravdess", root)
    (root / "ravdess" / "Audio_Speech_Actors_01-24" / f"{TAKES[1]}.wav").unlink()
    line = refused("ravdess", root, "2 of 3 recordings", "2 of 3 actors", "Move these files away")
    status = download.check("ravdess", root)
    assert status.line in line and status.usable and not status.whole
    folder = root / "ravdess" / "Audio_Speech_Actors_01-24"
    for path in folder.rglob("*.wav"):
        path.unlink()
    refused("ravdess", root, str(folder), "move it away")
    assert len(server.asked) == 1


def test_check_tells_what_was_refused(root):
    for take in TAKES:
        (root / "ravdess" / take).parent.mkdir(parents=True)
        (root / "ravdess" / f"{take}.wav").write_bytes(wav())
    (root / "ravdess" / "03-01-05-01-01-01-99.wav").write_bytes(wav())
    line, usable, whole = download.check("ravdess", root)
    assert usable and not whole
    assert (
        "3 of 1,440 recordings" in line
        and "1 refused, the first: " in line
        and "03-01-05-01-01-01-99.wav" in line
    )


def test_check_and_overview_of_nothing(root):
    for name, entry in catalog.CATALOG.items():
        line, usable, whole = download.check(name, root)
        if entry.ships:
            assert usable and whole and line.endswith("as it ships")
            continue
        assert (
            "not found" in line
            and f"emotutils data fetch {name}" in line
            and not usable
            and not whole
        )
    head, *lines = download.overview(root).splitlines()
    assert [line.split()[0] for line in lines] == list(catalog.CATALOG)
    here = head.index("here")
    present = {line.split()[0]: line[here : here + 6].strip() for line in lines}
    assert present.pop("crema-d") == "ships" and set(present.values()) == {"no"}
    assert "data set 'cifar': is unknown" in download.check("cifar", root).line


def test_song_beside_speech_is_a_set_of_its_own(server, publish, recordings, root):
    song = zipped({f"{take.replace('03-01', '03-02')}.wav": wav() for take in TAKES})
    publish("ravdess", recordings, server.serve("speech.zip", recordings), rows=3, groups=3)
    publish("ravdess-song", song, server.serve("song.zip", song), rows=3, groups=3)
    fetch("ravdess-song", root)
    assert "not found" in download.check("ravdess", root).line
    fetch("ravdess", root)
    assert download.check("ravdess", root).whole and download.check("ravdess-song", root).whole


def test_fer2013_without_a_token_gives_the_steps(server, publish, faces, root):
    publish("fer2013", faces, server.url("fer2013.tar.gz"))
    with pytest.raises(DataError) as error:
        fetch("fer2013", root)
    assert error.value.where == "fer2013"
    assert str(root / "fer2013") in str(error.value) and "~/.kaggle/kaggle.json" in str(error.value)
    assert not server.asked and not root.exists()


@pytest.mark.parametrize(
    "place", ["fer2013/fer2013.csv", "fer2013/fer2013.tar.gz", "fer2013.tar.gz"]
)
def test_fer2013_put_there_by_hand_is_taken(place, publish, faces, root):
    publish("fer2013", faces, "http://127.0.0.1:1/never", rows=3, groups=None)
    (root / place).parent.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(faces)) as t:
        content = faces if place.endswith("gz") else t.extractfile("fer2013/fer2013.csv").read()
    (root / place).write_bytes(content)
    said = []
    fetch("fer2013", root, said)
    assert "fer2013: complete, 3 pictures" in said[-1]


def token(user, key):
    return "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()


def test_fer2013_with_the_learners_own_token(server, publish, faces, root, monkeypatch):
    with serving() as storage:  # Kaggle sends one on to its storage, which must not get the token
        sent_on = server.serve(
            "fer", b"", status=302, Location=storage.serve("fer2013.tar.gz", faces)
        )
        publish("fer2013", faces, sent_on, rows=3, groups=None)
        monkeypatch.setenv("KAGGLE_USERNAME", "ada")
        monkeypatch.setenv("KAGGLE_KEY", "secret")
        said = []
        fetch("fer2013", root, said)
        assert "fer2013: complete, 3 pictures" in said[-1] and not any(
            "secret" in line for line in said
        )
        assert left_in(root) == [
            "fer2013",
            "fer2013/fer2013",
            *(f"fer2013/fer2013/{n}" for n in ("README", "fer2013.csv")),
        ]
        assert server.asked[0][1]["Authorization"] == token("ada", "secret")
        assert "Authorization" not in storage.asked[0][1]


def test_kaggles_refusal_says_what_to_do(server, publish, faces, root, monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", "secret")
    publish("fer2013", faces, server.serve("fer", b"", status=403))
    assert "secret" not in refused("fer2013", root, "answers 403", "accept the rules", "token")
    assert server.asked[0][1]["Authorization"] == "Bearer secret"


def test_where_kaggles_token_is_looked_for(tmp_path, monkeypatch):
    folder = tmp_path / "home" / ".kaggle"
    folder.mkdir(parents=True)
    assert config.kaggle_authorization() is None
    (folder / "kaggle.json").write_text('{"username": "ada", "key": "old"}')
    assert config.kaggle_authorization() == token("ada", "old")
    monkeypatch.setenv("KAGGLE_USERNAME", "eve")
    assert config.kaggle_authorization() == token("ada", "old"), "half a pair is none"
    monkeypatch.setenv("KAGGLE_KEY", "new")
    assert config.kaggle_authorization() == token("eve", "new")
    (folder / "access_token").write_text("KGAT_file\n")
    assert config.kaggle_authorization() == "Bearer KGAT_file"
    monkeypatch.setenv("KAGGLE_API_TOKEN", "KGAT_variable")
    assert config.kaggle_authorization() == "Bearer KGAT_variable"


@pytest.mark.parametrize("text", ["not json", "[]", '{"username": "ada"}'])
def test_a_broken_kaggle_json_is_named(text, tmp_path):
    (tmp_path / "home" / ".kaggle").mkdir(parents=True)
    (tmp_path / "home" / ".kaggle" / "kaggle.json").write_text(text)
    with raises_error(EmotutilsError, tmp_path / "home" / ".kaggle" / "kaggle.json"):
        config.kaggle_authorization()


def test_affwild2_cannot_be_fetched_but_what_was_sent_is_found(root, monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", "no use here")
    with pytest.raises(DataError) as error:
        fetch("affwild2", root)
    assert error.value.where == "affwild2"
    assert str(root / "affwild2" / "videos").replace("\\", "/") in str(error.value).replace(
        "\\", "/"
    )
    annotation = root / "affwild2" / "EXPR_Classification_Challenge" / "Train_Set" / "film.txt"
    annotation.parent.mkdir(parents=True)
    annotation.write_text("Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise,Other\n0\n")
    said = []
    assert fetch("affwild2", root, said) == root / "affwild2"
    assert said[0].startswith("already here; affwild2: ")


def test_the_commands(server, publish, recordings, root, capsys):
    publish("ravdess", recordings, server.serve("a.zip", recordings), rows=3, groups=3)

    def run(*words):
        return main(["data", *words, "--root", str(root)])

    assert run("fetch", "ravdess") == 0 and "ravdess: complete" in capsys.readouterr().out
    assert run("list") == 0
    yes = [line for line in capsys.readouterr().out.splitlines() if "  yes  " in line]
    assert len(yes) == 1 and yes[0].startswith("ravdess ")
    assert run("check") == 0
    lines = capsys.readouterr().out.splitlines()
    assert (
        len(lines) == len(catalog.CATALOG)
        and sum("not found" in line for line in lines) == len(lines) - 2  # CREMA-D's votes ship
    )
    assert run("check", "ravdess") == 0 and capsys.readouterr().out.startswith("ravdess: complete")
    assert run("check", "tess") == 2 and capsys.readouterr().err.startswith(
        "emotutils: tess: not found"
    )
    assert run("fetch", "affwild2") == 2 and "supervisor" in capsys.readouterr().err
    assert run("fetch", "cifar") == 2 and "in the catalogue" in capsys.readouterr().err


@pytest.mark.real
def test_the_real_sets_are_counted(real_data):
    for name, words in {
        "fer2013": "complete, 35,887 pictures (28,709 train, 3,589 validation, 3,589 test)",
        "ravdess": "complete, 1,440 recordings (960 train, 240 validation, 240 test), 24 actors",
    }.items():
        status = download.check(name, real_data)
        assert status.whole and words in status.line
    assert download.check("tess", real_data).usable
