"""Where one shot of a film ends and the next begins."""

import cv2
import numpy as np

#: From one picture looked at to the next, the mean change (grey levels, 0..255) that counts as a
#: cut. A fast pan reaches it too: then faces are known by their looks, as after a cut.
CHANGE = 10.0
_SMALL = (32, 18)  #: width and height in which pictures are compared


class Cuts:
    """Says of each picture of a film, in the order of time, whether another shot begins with it.

    Examples
    --------
    >>> dark = np.zeros((90, 160, 3), np.uint8)
    >>> cuts = Cuts()
    >>> [cuts.begins(picture) for picture in (dark, dark + 2, dark + 90, dark + 90)]
    [False, False, True, False]
    """

    def __init__(self) -> None:
        self._last: np.ndarray | None = None

    def begins(self, image: np.ndarray) -> bool:
        """Whether the picture (uint8 RGB) is of another shot than the one before; not the first."""
        some = np.ascontiguousarray(image[::4, ::4])
        small = cv2.resize(some, _SMALL, interpolation=cv2.INTER_AREA).astype(np.float32)
        last = self._last
        self._last = small
        if last is None:
            return False
        return bool(np.abs(small - last).mean() > CHANGE)
