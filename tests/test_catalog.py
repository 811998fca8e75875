"""The catalogue agrees with itself, with the readers, and with what the publishers count."""

import re
from urllib.parse import unquote

import pytest
from raising import raises_error

from emotutils import datasets
from emotutils.datasets.catalog import CATALOG, entry
from emotutils.errors import DataError

READERS = {
    "fer2013": datasets.fer2013,
    "ravdess": datasets.ravdess,
    "ravdess-song": datasets.ravdess,
    "ravdess-tracking": datasets.ravdess_tracking,
    "ravdess-units": datasets.ravdess_units,
    "tess": datasets.tess,
    "affwild2": datasets.affwild2,
    "emodb": datasets.emodb,
    "ckplus": datasets.ckplus,
    "crema-d": datasets.crema_d,
    "goemotions": datasets.goemotions,
    "meld": datasets.meld,
    "meld-context": datasets.meld,
}
ALL = pytest.mark.parametrize("wanted", CATALOG.values(), ids=lambda wanted: wanted.name)


def test_the_catalogue_holds_every_set_that_can_be_loaded():
    assert CATALOG.keys() == {name for name in datasets.NAMES if "+" not in name} == READERS.keys()
    assert [e.name for e in CATALOG.values()] == list(CATALOG)


@ALL
def test_licence_and_citation_are_the_readers(wanted):
    assert (wanted.licence, wanted.citation) == (
        READERS[wanted.name].LICENCE,
        READERS[wanted.name].CITATION,
    )


@ALL
def test_addresses_are_safe_and_lead_to_the_archive(wanted):
    links = [wanted.page, *wanted.addresses, *re.findall(r"\w+://[^\s]+", wanted.steps)]
    assert all(link.startswith("https://") for link in links)
    assert len(set(wanted.addresses)) == len(wanted.addresses)
    assert bool(wanted.addresses) == bool(wanted.archive) == bool(wanted.bytes)
    assert wanted.addresses or wanted.steps
    if "dataverse" not in wanted.archive:  # Dataverse packs a zip on the fly and names it only then
        assert all(f"/{wanted.archive}" in unquote(link) for link in wanted.addresses)


@ALL
def test_hashes_are_hashes(wanted):
    assert wanted.hash is None or re.fullmatch("md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}", wanted.hash)


def test_counts_are_the_published_ones():
    first = {name: list(e.whole.values())[0] for name, e in CATALOG.items()}
    # 24 actors × 60 spoken takes; 23 actors × 44 sung takes; both filmed; 2 women × 200 words × 7
    # emotions.
    assert first["ravdess"] == 24 * 60 and first["ravdess-song"] == 23 * 44
    assert first["ravdess-tracking"] == 24 * 60 + 23 * 44 and first["ravdess-units"] == 24 * 60
    assert first["tess"] == 2 * 200 * 7
    assert first["fer2013"] == 28709 + 3589 + 3589
    # EMO-DB: 535 without 81 of boredom; CK+: 327 series with a label without 18 of contempt;
    # CREMA-D: each clip heard, seen, and both.
    assert first["emodb"] == 535 - 81 and first["ckplus"] == 327 - 18
    assert first["crema-d"] == 3 * 7442
    # GoEmotions: its three parts without labels of several of our emotions.
    assert first["goemotions"] == 43410 + 5426 + 5427 - 4794
    assert first["meld"] == first["meld-context"] == 9989 + 1109 + 2610


@pytest.mark.parametrize("name", ["fer2013", "affwild2", "ckplus", "crema-d", "goemotions", "meld"])
def test_steps_are_numbered_and_say_who_may_and_where_to(name):
    text = CATALOG[name].steps.format(folder="DATA/here")
    assert text.startswith("Who may ") and "DATA/here" in text
    numbers = [int(n) for n in re.findall(r"^(\d)\. ", text, flags=re.M)]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 3
    assert max(map(len, text.splitlines())) < 180


def test_affwild2_is_asked_for_by_academics_only():
    text = " ".join(CATALOG["affwild2"].steps.split())
    for words in (
        "permanent position",
        "Students",
        "supervisor asks",
        "EULA",
        "official academic address",
    ):
        assert words in text


def test_an_unknown_name_is_answered_with_all_names():
    with raises_error(DataError, *CATALOG, where="data set 'cifar'"):
        entry("cifar")
