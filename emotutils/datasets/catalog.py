"""Where each published set comes from: addresses, size, hash, licence, citation, and what a user
must accept first.

Data only, and the one source of these facts: ``download`` fetches and counts by it. RAVDESS's films
(25 GB in 24 archives, in the record of its sound) have no entry: ``ravdess-tracking`` holds what
OpenFace saw in them. Taught in notebooks/03_face_data, 04_film_data and 05_voice_data.
"""

from dataclasses import dataclass

from ..errors import DataError


@dataclass(frozen=True)
class Entry:
    """One published set.

    Attributes
    ----------
    name, title : as ``datasets.load`` knows it, and what it is in one line.
    page : the publisher's page, for people.
    folder : under the data root, where the reader searches and ``fetch`` unpacks.
    files : patterns of the file names that are this set's, in any depth of that folder.
    whole : what the rows and the groups of a whole set are, and how many; None: that depends on the
        release.
    archive, addresses : the file to fetch, and where it lies (tried in this order); none for a set
        sent on request.
    bytes : the archive's size; a round number is about right.
    hash : the archive's, ``"md5:…"``, where several independent sources agree on it; None: nothing
        to compare with.
    steps : who may have it, and what to do first; ``{folder}`` is the set's. With an archive:
        Kaggle's token is needed.
    ships : whether a small form of it comes with the course, and is read where the published files
        are not.
    """

    name: str
    title: str
    page: str
    folder: str
    files: tuple[str, ...]
    whole: dict[str, int | None]
    licence: str
    citation: str
    archive: str = ""
    addresses: tuple[str, ...] = ()
    bytes: int = 0
    hash: str | None = None
    steps: str = ""
    ships: bool = False


def entry(name: str) -> Entry:
    """The set of this name; DataError if there is none."""
    if name not in CATALOG:
        raise DataError(
            f"data set {name!r}", "is not in the catalogue", f"it holds {', '.join(CATALOG)}"
        )
    return CATALOG[name]


def _zenodo(record: int, archive: str, licence: str = "CC BY-NC-SA 4.0") -> dict:
    page = f"https://zenodo.org/records/{record}"
    api = f"https://zenodo.org/api/records/{record}/files/{archive}/content"
    addresses = (f"{page}/files/{archive}?download=1", api)
    return {"page": page, "archive": archive, "addresses": addresses, "licence": licence}


def _meld() -> dict:
    page = "https://github.com/declare-lab/MELD"
    return {
        "page": page,
        "folder": "meld",
        "files": ("train_sent_emo.csv", "dev_sent_emo.csv", "test_sent_emo.csv"),
        "whole": {"lines": 13708, "dialogues": 1432},
        "licence": "GPL 3.0",
        "citation": "Poria, Hazarika, Majumder, Naik, Cambria & Mihalcea (2019), MELD: A "
        "Multimodal Multi-Party Dataset for Emotion Recognition in Conversations, ACL 2019",
        "steps": f"""\
Who may have it: everybody. Only the words are read here, not the films.
1. Open {page}
2. Download data/MELD/train_sent_emo.csv, dev_sent_emo.csv and test_sent_emo.csv
3. Put them into {{folder}}""",
    }


_RAVDESS = (
    "Livingstone & Russo (2018), The Ryerson Audio-Visual Database of Emotional Speech and Song, "
    "PLoS ONE 13(5)"
)
_TRACKING = (
    "Swanson, Livingstone & Russo (2019), RAVDESS Facial Landmark Tracking (version 1.0.0), "
    "doi:10.5281/zenodo.3255102"
)
_FER2013 = "challenges-in-representation-learning-facial-expression-recognition-challenge"
_CREMA_D = "https://github.com/CheyneyComputerScience/CREMA-D"
_GOEMOTIONS = "https://github.com/google-research/google-research/tree/master/goemotions"
_CKPLUS = "https://www.jeffcohn.net/Resources/"
_AFFWILD2 = "https://sites.google.com/view/dimitrioskollias/databases/aff-wild2"

_ENTRIES = [
    Entry(
        name="fer2013",
        title="web pictures of faces, 48×48 grey; seven emotions",
        page=f"https://www.kaggle.com/competitions/{_FER2013}",
        folder="fer2013",
        files=("fer2013.csv", "icml_face_data.csv", "*.zip", "*.tar.gz", "*.jp*g", "*.png"),
        whole={"pictures": 35887, "different pictures": None},
        archive="fer2013.tar.gz",
        addresses=(
            f"https://www.kaggle.com/api/v1/competitions/data/download/{_FER2013}/fer2013.tar.gz",
        ),
        bytes=96_000_000,
        hash="md5:ca95d94fe42f6ce65aaae694d18c628a",
        licence="ICML 2013 / Kaggle challenge: research use",
        citation="Goodfellow et al., Challenges in Representation Learning: a report on three "
        "machine learning contests, ICONIP 2013",
        steps=f"""\
Who may have it: everybody with a Kaggle account who accepts the rules of the competition.
1. Sign in and accept the rules: https://www.kaggle.com/competitions/{_FER2013}/rules
2. With a token: make one at https://www.kaggle.com/settings and keep it in KAGGLE_API_TOKEN, or in
   KAGGLE_USERNAME and KAGGLE_KEY, or as ~/.kaggle/kaggle.json. Then fetch again.
3. Without: download https://www.kaggle.com/competitions/{_FER2013}/data?select=fer2013.tar.gz
   and put it, or the fer2013.csv in it, into {{folder}}
4. If you like, put the votes of FER+ (MIT licence) beside it:
   https://raw.githubusercontent.com/microsoft/FERPlus/master/fer2013new.csv""",
    ),
    Entry(
        name="ravdess",
        title="24 actors speak two sentences; eight emotions (with calm)",
        folder="ravdess",
        files=("03-01-*.wav", "03-01-*.flac"),
        whole={"recordings": 1440, "actors": 24},
        bytes=208_468_073,
        hash="md5:bc696df654c87fed845eb13823edef8a",
        citation=_RAVDESS,
        **_zenodo(1188976, "Audio_Speech_Actors_01-24.zip"),
    ),
    Entry(
        name="ravdess-song",
        title="23 of these actors sing them; six emotions",
        folder="ravdess",
        files=("03-02-*.wav", "03-02-*.flac"),
        whole={"recordings": 1012, "actors": 23},
        bytes=225_505_317,
        hash="md5:5411230427d67a21e18aa4d466e6d1b9",
        citation=_RAVDESS,
        **_zenodo(1188976, "Audio_Song_Actors_01-24.zip"),
    ),
    Entry(
        name="ravdess-tracking",
        title="RAVDESS's films as OpenFace 2.1 saw them: action units, pose, gaze",
        folder="ravdess-tracking",
        files=("0?-0?-0?-0?-0?-0?-??.csv",),
        whole={"tracked films": 2452, "actors": 24},
        bytes=417_163_019,
        citation=_TRACKING,
        **_zenodo(3255102, "FacialTracking_Actors_01-24.zip"),
    ),
    Entry(
        name="ravdess-units",
        title="RAVDESS's speech films as 35 action units each, means over the frames",
        folder="ravdess-tracking",
        files=("film_means.csv", "01-01-0?-0?-0?-0?-??.csv"),
        whole={"films": 1440, "actors": 24},
        bytes=417_163_019,
        citation=_TRACKING,
        **_zenodo(3255102, "FacialTracking_Actors_01-24.zip"),
    ),
    Entry(
        name="tess",
        title='two women say "Say the word …"; seven emotions',
        page="https://tspace.library.utoronto.ca/handle/1807/24487",
        folder="tess",
        files=("*_*_*.wav", "*_*_*.flac"),
        whole={"recordings": 2800, "speakers": 2},
        archive="dataverse_files.zip",
        addresses=(
            "https://borealisdata.ca/api/access/dataset/:persistentId/"
            "?persistentId=doi:10.5683/SP2/E8H2MF",
        ),
        bytes=281_000_000,
        licence="CC BY-NC-ND 4.0",
        citation="Pichora-Fuller & Dupuis (2020), Toronto emotional speech set (TESS), "
        "doi:10.5683/SP2/E8H2MF",
    ),
    Entry(
        name="emodb",
        title="ten people speak ten German sentences; six of our emotions (and boredom)",
        folder="emodb",
        files=("[01][0-9][ab][0-9][0-9][A-Z][a-z].wav", "[01][0-9][ab][0-9][0-9][A-Z][a-z].flac"),
        whole={"recordings": 454, "speakers": 10},
        bytes=40_000_000,
        citation="Burkhardt, Paeschke, Rolfes, Sendlmeier & Weiss (2005), A database of German "
        "emotional speech, Interspeech 2005",
        **_zenodo(7447302, "emodb.zip", "as stated on its page"),
    ),
    Entry(
        name="ckplus",
        title="posed faces at the peak of their expression, 48×48 grey; six emotions, no neutral",
        page=_CKPLUS,
        folder="ckplus",
        files=("S[0-9][0-9][0-9]_[0-9][0-9][0-9]_*.png",),
        whole={"pictures": 309, "subjects": None},
        licence="non-commercial research, under an agreement with its makers",
        citation="Lucey, Cohn, Kanade, Saragih, Ambadar & Matthews (2010), The Extended "
        "Cohn-Kanade Dataset (CK+), CVPR Workshops 2010",
        steps=f"""\
Who may have it: researchers who sign the agreement of its makers, for non-commercial research.
1. Ask for it: {_CKPLUS}
2. Bring the last frames of each series with a label to 48×48 grey pixels of the face, one folder an
   emotion (anger, contempt, disgust, fear, happy, sadness, surprise), S010_004_00000017.png …
   Copies in this very form go round as "CK+48"; they do not free you of the agreement.
3. Put these folders into {{folder}}""",
    ),
    Entry(
        name="crema-d",
        title="what 2,443 people chose for 7,442 clips of 91 actors: voice, face, both; no clips",
        page=_CREMA_D,
        folder="crema-d",
        files=("tabulatedVotes.csv",),
        whole={"votings": 22326, "actors": 91},
        licence="ODbL 1.0",
        citation="Cao, Cooper, Keutmann, Gur, Nenkova & Verma (2014), CREMA-D: Crowd-sourced "
        "Emotional Multimodal Actors Dataset, IEEE Transactions on Affective Computing 5(4)",
        ships=True,
        steps=f"""\
Who may have it: everybody. A small form of the votes ships with the course: nothing need be done.
1. To read the published table instead, open {_CREMA_D}
2. Download processedResults/tabulatedVotes.csv and VideoDemographics.csv
3. Put both into {{folder}}""",
    ),
    Entry(
        name="goemotions",
        title="sentences from Reddit with what readers saw in them; 28 labels, grouped into ours",
        page=_GOEMOTIONS,
        folder="goemotions",
        files=("train.tsv", "dev.tsv", "test.tsv"),
        whole={"sentences": 49469, "different sentences": None},
        licence="Apache 2.0",
        citation="Demszky, Movshovitz-Attias, Ko, Cowen, Nemade & Ravi (2020), GoEmotions: A "
        "Dataset of Fine-Grained Emotions, ACL 2020",
        steps=f"""\
Who may have it: everybody.
1. Open {_GOEMOTIONS}
2. Download data/train.tsv, data/dev.tsv and data/test.tsv
3. Put them into {{folder}}. The sentences are as people wrote them: many are rude.""",
    ),
    Entry(
        name="meld",
        title="lines of a television series with times and speakers; seven emotions",
        **_meld(),
    ),
    Entry(
        name="meld-context",
        title="the same, each line with the one before it",
        **_meld(),
    ),
    Entry(
        name="affwild2",
        title="films from the web with an expression for each frame; seven emotions and Other",
        page=_AFFWILD2,
        folder="affwild2",
        files=("*.txt", "*.mp4", "*.avi"),
        whole={"faces": None, "films": None},
        licence="non-commercial research, under an agreement signed by an academic",
        citation="Kollias & Zafeiriou (2018), Aff-Wild2: Extending the Aff-Wild Database for "
        "Affect Recognition, arXiv:1811.07770",
        steps=f"""\
Who may ask: academics with a permanent position at a university, such as a professor. Students, PhD
students and post-docs may not in their own name: their supervisor asks.
1. Fill in and sign the EULA that is linked from {_AFFWILD2}
2. Send it from your official academic address (no private one) to d.kollias@qmul.ac.uk, subject
   "Aff-Wild2 request by academic", with the reason for your request and the address of your
   official web page.
3. Unpack what you are sent: the films into {{folder}}/videos, the annotations so that
   {{folder}}/EXPR_Classification_Challenge holds Train_Set and Validation_Set.
The first Aff-Wild (the thesis's) is asked for by e-mail to the same person, saying that it is
this one you want; it carries valence and arousal, no expressions:
https://ibug.doc.ic.ac.uk/resources/first-affect-wild-challenge""",
    ),
]
CATALOG = {e.name: e for e in _ENTRIES}
