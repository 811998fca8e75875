"""Texts: words, pieces, hashing; the readers of GoEmotions and MELD; the network that reads."""

import json
import shutil
import zlib

import numpy as np
import pandas as pd
import pytest
from raising import raises_error
from sklearn.metrics import f1_score

from emotutils import datasets, training
from emotutils.emotions import CODES, EMOTIONS
from emotutils.errors import DataError, NetworkError
from emotutils.networks import build_network, load_network
from emotutils.studies import texts
from emotutils.texts import Tokens, hash_piece, ngrams, split_words
from emotutils.texts.fingerprints import near_texts, text_hash
from emotutils.training import records
from emotutils.training.recipes import recipe_for

# Sentences of our own, in the layout of each set.
GOEMOTIONS = {
    "train.tsv": "We won the cup today!\t17\tg1\nGet off my lawn, you fool\t2,3\tg2\nHm\t27\tg3\n",
    "dev.tsv": "Is the shop still open?\t6,7\tg4\n",
    "test.tsv": "The mould on this bread…\t11\tg5\nGlad and afraid at once\t17,14\tg6\n",
}
HEAD = (
    "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,"
    "StartTime,EndTime\n"
)
MELD = {
    "train_sent_emo.csv": '1,"Well, who ate my cake?",Ann,anger,negative,0,0,1,2,"00:01:02,500",'
    '"00:01:04,000"\n2,Not me.,Bob,neutral,neutral,0,1,1,2,"0:01:04,100","0:01:05,000"\n',
    "dev_sent_emo.csv": '1,A bear!,Ann,fear,negative,0,0,1,3,"00:00:01,000","00:00:02,000"\n',
    "test_sent_emo.csv": '1,You came!,Cy,joy,positive,0,0,1,2,"00:09:00,000","00:09:01,000"\n',
}


def put(root, name, files, head=""):
    folder = root / name
    folder.mkdir(exist_ok=True)
    for file, content in files.items():
        (folder / file).write_text(head + content, encoding="utf-8")


def test_words_are_cut_alike_whatever_the_signs():
    assert split_words("I don’t KNOW, it's\n\t[NAME]!!") == [
        "i", "don't", "know", ",", "it's", "[name]", "!", "!"
    ]  # fmt: skip
    assert split_words(" \n") == []
    assert split_words("Über 日本語 👍") == ["über", "日本語", "👍"]
    assert ngrams("no", (3, 4)) == ["<no", "no>", "<no>"]
    assert ngrams("a", (4,)) == []


def test_a_piece_has_the_same_number_everywhere():
    # CRC-32 of these nine digits is the check value of its standard.
    assert zlib.crc32(b"123456789") == 0xCBF43926
    assert hash_piece("123456789", 1000) == 1 + 0xCBF43926 % 1000


def test_tokens_fill_a_fixed_shape():
    tokens = Tokens(words=3, pieces=4, sizes=(3,), buckets=100)
    x = tokens(["fear", "", "one two three four " * 10_000])
    assert x.shape == (3, 3, 4) and x.min() == 0 and x.max() <= 100
    pieces = ("=fear", "<fe", "fea", "ear")
    assert x[0, 0].tolist() == [hash_piece(piece, 100) for piece in pieces]
    assert not x[0, 1:].any() and not x[1].any() and x[2].any(axis=1).all()
    assert Tokens.from_dict(tokens.to_dict()) == tokens
    assert Tokens.from_dict({"sizes": [3, 4]}).sizes == (3, 4)


@pytest.mark.parametrize("texts", ["one text", [1], [None], [b"bytes"], [["a"]], [float("nan")]])
def test_what_is_no_list_of_texts_is_refused(texts):
    with pytest.raises(TypeError, match="text"):
        Tokens()(texts)


@pytest.mark.parametrize("values", [{"words": 0}, {"buckets": 0}, {"sizes": (0,)}])
def test_tokens_that_cannot_be_are_refused(values):
    with pytest.raises(ValueError):
        Tokens(**values)
    with pytest.raises(ValueError, match="letters"):
        Tokens.from_dict({"letters": 3})


def test_texts_that_are_alike_are_found():
    long = "of all the days to lose my keys it had to be this one"
    texts = [long, "No.", long + " again", "no .", "quite another text of nine or ten short words"]
    assert near_texts(texts).tolist() == [[0, 2], [1, 3]]
    hashes = text_hash(texts)
    assert hashes[1] == hashes[3] and len(set(hashes)) == 4
    table = pd.DataFrame({"id": list("abcde"), "split": ["train", "train", "test", "test", "test"]})
    found = datasets.audit(table, texts=texts).set_index("kind")
    assert found.loc["same text", "examples"] == "d ~ b"
    assert found.loc["near-duplicate text", "examples"] == "c ~ a"
    assert datasets.duplicate_groups(texts=texts).tolist() == [0, 1, 0, 1, 2]


def test_goemotions_has_our_seven_by_its_own_grouping(tmp_path):
    put(tmp_path, "goemotions", GOEMOTIONS)
    data = datasets.load("goemotions", tmp_path)
    told = data.table[["id", "label", "split", "emotions"]].to_numpy().tolist()
    assert told == [
        ["g1", "happiness", "train", "joy"],
        ["g2", "anger", "train", "anger+annoyance"],
        ["g3", "neutral", "train", "neutral"],
        ["g4", "surprise", "validation", "confusion+curiosity"],
        ["g5", "disgust", "test", "disgust"],
    ]
    assert data.modality == "text" and data.labels == EMOTIONS
    assert data.source.startswith("1 of 6 ")  # joy and fear
    assert data.texts([2]) == ["Hm"]
    part = datasets.part(data, "train", "text", Tokens(words=5))
    assert part.x.shape == (3, 5, 14) and part.y.tolist() == [3, 0, 6]


def test_names_in_large_letters_are_found_and_hidden_files_are_not(tmp_path):
    loud = {name.upper(): text for name, text in GOEMOTIONS.items()}
    put(tmp_path, "goemotions", loud)
    put(tmp_path, "goemotions/.ipynb_checkpoints", dict.fromkeys(GOEMOTIONS, "no set"))
    assert datasets.download.here(datasets.catalog.entry("goemotions"), tmp_path)
    assert len(datasets.load("goemotions", tmp_path)) == 5


@pytest.mark.parametrize(
    "line, what",
    [
        ("No labels", "tab"),
        ("A text\t28\tx", "28"),
        ("A text\t2;3\tx", "2;3"),
        ("A text\t\tx", "tab"),
        ("\t2\tx", "tab"),
        ("Once more\t2\tg1", "g1"),
    ],
)
def test_a_broken_line_of_goemotions_is_named(tmp_path, line, what):
    put(tmp_path, "goemotions", GOEMOTIONS | {"train.tsv": f"Ha\t17\tg1\n{line}\n"})
    with raises_error(DataError, "train.tsv, line 2", what):
        datasets.load("goemotions", tmp_path)
    data = datasets.load("goemotions", tmp_path, on_error="report")
    assert data.table["id"].tolist() == ["g1", "g4", "g5"] and len(data.rejects) == 1


def test_goemotions_that_is_no_text_or_not_there(tmp_path):
    put(tmp_path, "goemotions", GOEMOTIONS)
    (tmp_path / "goemotions" / "dev.tsv").write_bytes(b"\xff\xfe\x00")
    with raises_error(DataError, "dev.tsv"):
        datasets.load("goemotions", tmp_path)
    (tmp_path / "goemotions" / "dev.tsv").unlink()
    with raises_error(DataError, "dev.tsv"):
        datasets.load("goemotions", tmp_path)


def test_meld_has_times_speakers_and_the_line_before(tmp_path):
    put(tmp_path, "meld", MELD, HEAD)
    data = datasets.load("meld", tmp_path)
    table = data.table.set_index("id")
    row = table.loc["train-0-1"]
    assert (row.text, row.label, row.speaker, row.episode) == (
        "Not me.",
        "neutral",
        "Bob",
        "s01e02",
    )
    assert (row.t0, row.t1) == pytest.approx((64.1, 65.0))
    assert row.group == "train-0" and table.loc["test-0-0", "label"] == "happiness"
    together = datasets.load("meld-context", tmp_path)
    assert together.name == "meld-context"
    assert together.texts()[:3] == [
        "Well, who ate my cake?", "Not me. | Well, who ate my cake?", "A bear!"
    ]  # fmt: skip
    found = datasets.audit(data.table).set_index(["kind", "parts"])["rows"]
    assert found["same speaker", "train–validation"] == 1
    assert found["same episode", "train–test"] == 1 and found["same group", "train–test"] == 0


@pytest.mark.parametrize(
    "old, new, what",
    [
        ("anger", "rage", "rage"),
        ("Not me.", "", "text"),
        ("00:01:02,500", "soon", "soon"),
        (",0,1,1,2,", ",0,x,1,2,", "Utterance_ID"),
        (",0,1,1,2,", ",0,0,1,2,", "train-0-0"),
    ],
)
def test_a_broken_row_of_meld_is_named(tmp_path, old, new, what):
    train = MELD["train_sent_emo.csv"].replace(old, new)
    put(tmp_path, "meld", MELD | {"train_sent_emo.csv": train}, HEAD)
    with raises_error(DataError, "train_sent_emo.csv, row", what):
        datasets.load("meld", tmp_path)
    data = datasets.load("meld", tmp_path, on_error="report")
    assert len(data) == 3 and len(data.rejects) == 1


@pytest.mark.parametrize(
    "head, what",
    [
        (HEAD.replace("Speaker", "Who").replace("StartTime", "From"), "Speaker, StartTime"),
        ("", "Utterance"),
        ("\x00\x01", "train_sent_emo.csv"),
    ],
)
def test_meld_without_its_columns_is_refused(tmp_path, head, what):
    put(tmp_path, "meld", MELD, head)
    with raises_error(DataError, "train_sent_emo.csv", what):
        datasets.load("meld", tmp_path)


@pytest.fixture(scope="module")
def network():
    return load_network("textcnn", runtime="litert")


def test_the_network_reads_what_is_plain(network):
    said = {
        "I am so happy for you, well done!": "happiness",
        "I miss my grandmother, I cried all night.": "sadness",
        "That is disgusting, I feel sick.": "disgust",
        "I am scared of the dark.": "fear",
        "Shut up, you idiot, I hate you.": "anger",
        "What? I had no idea, really?": "surprise",
    }
    proba = network.predict_proba(list(said))
    assert [network.labels[k] for k in proba.argmax(axis=1)] == list(said.values())
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert network.stream == "words"


def test_texts_of_any_kind_are_answered_and_nothing_is_not(network):
    texts = ["😀", "これは日本語です", "no " * 20_000, "", " \n"]
    proba = network.predict_proba(texts)
    np.testing.assert_allclose(proba[:3].sum(axis=1), 1)
    assert np.isnan(proba[3:]).all()
    assert network.predict_proba([]).shape == (0, 7)
    given = network.predict_proba(network.features(texts[:3]))
    np.testing.assert_array_equal(given, proba[:3])
    for wrong in ("one text", [1], [None], np.zeros((2, 3))):
        with raises_error(NetworkError, "textcnn"):
            network.predict_proba(wrong)


def test_the_network_is_small_and_has_no_thesis():
    assert build_network("textcnn").count_params() < 2_000_000
    with raises_error(NetworkError, "textcnn", "thesis"):
        build_network("textcnn", "thesis")


@pytest.mark.real
def test_the_grouping_is_the_authors(real_data):
    import json

    folder = real_data / "goemotions"
    names = (folder / "emotions.txt").read_text(encoding="utf-8").split()
    assert names == list(CODES["goemotions"])
    groups = json.loads((folder / "ekman_mapping.json").read_text(encoding="utf-8"))
    own = {"joy": "happiness"}
    theirs = {name: own.get(group, group) for group, names in groups.items() for name in names}
    assert theirs == CODES["goemotions"]
    counts = datasets.load("goemotions", real_data).table.groupby("split")["label"].value_counts()
    assert counts["train"].to_dict() == {
        "happiness": 15216,
        "neutral": 12823,
        "anger": 4293,
        "surprise": 3858,
        "sadness": 2326,
        "fear": 541,
        "disgust": 498,
    }


def made_up(n):
    """Sentences of our own in GoEmotions' layout: what is glad is said of cake, the rest of rain."""
    lines = []
    for k in range(n):
        label, thing = (17, "cake today") if k % 3 else (25, "rain again")
        lines.append(f"There is {thing} for the {k % 7} of us\t{label}\tx{k}\n")
    return "".join(lines)


def test_floors_learn_what_is_plain():
    said = ["cake for us", "more cake", "rain on us", "more rain", "rain and rain"] * 4
    y = [3, 3, 4, 4, 4] * 4
    for name, floor in texts.floor_methods().items():
        answer = floor.fit(said, y).predict(["a cake", "the rain"]).tolist()
        assert answer == ([4, 4] if name == "majority" else [3, 4])


def test_two_sentences_cannot_tell_emotions_apart():
    record = records.read(texts.RAVDESS_RECORD)
    assert len(record["sentences"]) == 2
    assert {np.argmax(said) for said in record["sentences"]} == {EMOTIONS.index("neutral")}
    assert record["alone"]["accuracy"]["value"] == 0.2  # 288 of 1,440 takes are neutral or calm
    for found in record["rules"].values():
        assert found["gain"]["low"] <= 0 <= found["gain"]["high"]


def test_the_card_says_how_far_each_label_is_trusted_in_films(network):
    record = records.read(texts.TRUST_RECORD)
    confusion = np.array(record["validation"]["confusion"])
    y, said = np.repeat(np.indices((7, 7)).reshape(2, 49), confusion.ravel(), axis=1)
    known = f1_score(y, said, average=None)
    np.testing.assert_allclose(network.card["trust"]["f1"], known, atol=1e-4)
    assert record["weights_hash"] == network.card["weights_hash"], "measure it anew"
    assert (record["data"], len(y)) == ("meld", 1109)


def test_trust_in_a_network_is_of_rows_that_it_never_saw_and_of_its_own_weights(tmp_path, network):
    put(tmp_path, "meld", MELD, HEAD)
    found = texts.trust(network, root=tmp_path)
    assert found["validation"]["n"] == 1
    for name in ("textcnn.keras", "textcnn.card.json", "textcnn.tflite"):
        shutil.copy(network.path.with_name(name), tmp_path)
    own = tmp_path / "textcnn.keras"
    card = texts.keep_trust(records.Record(tmp_path / "mine.json", found), own)
    assert json.loads(card.read_text("utf-8"))["trust"]["record"] == "mine"
    other = records.Record(tmp_path / "old.json", found | {"weights_hash": "0"})
    with raises_error(DataError, "old.json", "other weights"):
        texts.keep_trust(other, own)
    put(tmp_path, "goemotions", GOEMOTIONS)
    with raises_error(DataError, "textcnn", "learned from goemotions"):
        texts.trust(network, "goemotions", tmp_path)


def test_the_recorded_network_reaches_its_goal():
    (trained,) = records.find(network="textcnn", data="goemotions", seed=0)
    assert trained["test"]["uar"]["low"] > 0.6
    assert trained["split"]["train"]["n"] == 39555 and trained["parameters"] < 2_000_000
    assert texts.tests_of("goemotions", "goemotions")["`textcnn`"][0] == trained["test"]


def test_a_training_reads_its_texts(tmp_path):
    files = {"train.tsv": made_up(96), "dev.tsv": made_up(21), "test.tsv": made_up(21)}
    put(tmp_path, "goemotions", files)
    data = datasets.load("goemotions", tmp_path)
    tokens = Tokens(words=8, pieces=6, buckets=512)
    recipe = recipe_for("textcnn", "best").replace(features=tokens, epochs=4, batch_size=16)
    run = training.train("textcnn", data, recipe=recipe, out=tmp_path, progress=False)
    trained = load_network(run.network_path)
    assert trained.features == tokens and trained.input_shape == (8, 6)
    assert run.record["split"]["train"] == {"n": 96, "groups": 14}
    said = ["There is cake for us", "rain"]
    lite = load_network(run.network_path, runtime="litert")
    np.testing.assert_allclose(lite.predict_proba(said), trained.predict_proba(said), atol=1e-5)
    report = training.evaluate(trained, data)
    assert report.accuracy.value == pytest.approx(run.record["test"]["accuracy"]["value"], abs=1e-4)
