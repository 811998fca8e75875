"""What tells that two pictures are the same or nearly the same (near-duplicates).

*The same* is a hash of the pixels. *Nearly the same* is the same photograph, found again after it
was made brighter, smaller or coarser, cropped a little, or printed over: not the same person twice.
The thresholds were chosen by eye on pairs from FER2013; beside each stands what was seen. Taught in
notebooks/03_face_data.
"""

import hashlib

import numpy as np
from PIL import Image
from scipy import fft
from scipy.ndimage import gaussian_filter

from ..support.similarity import best_correlation, close_pairs

#: Bits in which the hashes of near-duplicate pictures may differ: 99 % of the FER2013 pairs that
#: are alike by `FACES_ALIKE` without any shift lie within 12 bits (96 % within 10); 14 would make
#: four times as many candidates.
HASH_BITS = 12
#: Correlation from which two pictures count as one photograph. The scores of FER2013's candidates
#: have two humps with a valley near 0.70. Of 64 pairs at random in each range, looked at one by
#: one, about 45 are one photograph from 0.70 to 0.75, 62 from 0.75 to 0.80 (two show one person
#: twice) and all from 0.80; so are 64 more across the official parts.
FACES_ALIKE = 0.80
SHIFTS = np.arange(-3, 4)  #: pixels by which one of two 48x48 crops may lie beside the other


def pixel_hash(faces: np.ndarray) -> np.ndarray:
    """Sixteen hexadecimal digits for each picture, equal where all pixels are: str (n,).

    Parameters
    ----------
    faces : (n, height, width) or (n, height, width, 1), grey 0..255; rounded to whole grey levels.

    Raises
    ------
    ValueError : another shape.

    Examples
    --------
    >>> pictures = np.zeros((3, 48, 48), np.uint8)
    >>> pictures[2, 0, 0] = 1
    >>> first, second, third = pixel_hash(pictures)
    >>> bool(first == second), bool(first == third)
    (True, False)
    """
    digits = []
    for picture in _grey(faces):
        digest = hashlib.sha1(picture.tobytes()).hexdigest()
        digits.append(digest[:16])
    return np.array(digits, dtype="U16")


def perceptual_hash(faces: np.ndarray) -> np.ndarray:
    """The 64-bit pHash of each picture: uint64 (n,); alike pictures differ in few bits.

    Reduced to 32x32, its 8x8 lowest frequencies (DCT-II), one bit each: above their median or not.
    Bit for bit ``imagehash.phash`` (a test compares them), which takes one picture at a time. Of
    the mirrored pictures: ``perceptual_hash(faces[:, :, ::-1])``. Zauner, *Implementation and
    Benchmarking of Perceptual Image Hash Functions*, 2010.

    Raises
    ------
    ValueError : another shape than `pixel_hash` takes.
    """
    small = []
    for picture in _grey(faces):
        image = Image.fromarray(picture)
        small.append(image.resize((32, 32), Image.Resampling.LANCZOS))
    pixels = np.array(small, dtype=np.float64)
    pixels = pixels.reshape(-1, 32, 32)
    frequencies = fft.dctn(pixels, axes=(1, 2))
    low = frequencies[:, :8, :8]
    low = low.reshape(-1, 64)
    bits = low > np.median(low, axis=1, keepdims=True)
    packed = np.packbits(bits, axis=1)
    return packed.view(">u8")[:, 0].astype(np.uint64)


def near_pairs(hashes: np.ndarray, distance: int, others: np.ndarray | None = None) -> np.ndarray:
    """All pairs i < k whose hashes are alike: int64 (m, 2).

    Every pair is compared, a block at a time: 36,000 pictures in seconds.

    Parameters
    ----------
    hashes : uint64 (n,), of `perceptual_hash`.
    distance : bits, 0..64, in which the two may differ.
    others : uint64 (n,), where the second of each pair is looked up, ``hashes`` by default: give
        the hashes of the mirrored pictures to find those.

    Examples
    --------
    >>> near_pairs(np.array([0b0000, 0b0001, 0b1111], np.uint64), distance=1)
    array([[0, 1]])
    """
    if others is None:
        others = hashes

    def alike(rows: slice, columns: slice) -> np.ndarray:
        different = hashes[rows, None] ^ others[columns]
        return np.bitwise_count(different) <= distance

    return close_pairs(len(hashes), alike)


def near_faces(faces: np.ndarray) -> np.ndarray:
    """Pairs i < k of pictures that are one photograph, also mirrored or identical: int64 (m, 2),
    sorted.

    Candidates differ in at most `HASH_BITS` bits of `perceptual_hash`. They count when their
    details correlate by `FACES_ALIKE` or more at the best of a few small shifts. Details are what
    lies between fine and coarse blur, because lit faces before a dark wall are alike in everything
    coarse.

    Parameters
    ----------
    faces : as in `pixel_hash`.

    Raises
    ------
    ValueError : another shape than `pixel_hash` takes.
    """
    grey = _grey(faces)
    hashes = perceptual_hash(grey)
    details = _details(grey)
    found = []
    for step in (1, -1):  # as they are, then mirrored
        other_hashes = perceptual_hash(grey[:, :, ::step])
        other_details = details[:, :, ::step]
        pairs = near_pairs(hashes, HASH_BITS, other_hashes)
        correlation = best_correlation(details, other_details, pairs, SHIFTS, SHIFTS)
        found.append(pairs[correlation >= FACES_ALIKE])
    return np.unique(np.concatenate(found), axis=0)


def _grey(faces: np.ndarray) -> np.ndarray:
    faces = np.asarray(faces)
    if faces.ndim < 3 or faces.shape[3:] not in ((), (1,)):
        raise ValueError(
            f"pictures of shape {faces.shape}: expected grey ones, (n, height, width) "
            "or with a last 1"
        )
    levels = np.clip(np.rint(faces), 0, 255)
    pictures = levels.astype(np.uint8)
    return pictures.reshape(faces.shape[:3])


def _details(grey: np.ndarray) -> np.ndarray:
    """Each picture between blurs of 1 and 3 pixels, with zero mean and unit length; a plain one is
    all zeros.
    """
    x = grey.astype(np.float32)
    fine = gaussian_filter(x, (0, 1, 1))
    coarse = gaussian_filter(x, (0, 3, 3))
    details = fine - coarse
    details -= details.mean(axis=(1, 2), keepdims=True)
    power = np.square(details).sum(axis=(1, 2), keepdims=True)
    return details / np.maximum(np.sqrt(power), 1e-3)
