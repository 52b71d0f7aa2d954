"""What of a picture reaches a network, in words: all of it or a part, at its own shape or squeezed."""

from typing import NamedTuple

from pipeline.configuration.config import RunConfig
from pipeline.data.prepare import seen_box
from pipeline.models.model_info import ModelInfo
from pipeline.number_words import percent

_NOTICED = 0.02  # a smaller change of shape or loss of area comes from whole pixels


class Seen(NamedTuple):
    """The sentence, and whether the network gets all of the picture at its own shape."""

    words: str
    unchanged: bool


def seen_of(size: tuple[int, int], how: ModelInfo | RunConfig) -> Seen:
    """What a network with this input gets of a picture of `size` (width, height), in pixels."""
    left, top, right, bottom = seen_box(size, how.height, how.width, how.resize, how.view)
    cut = 1 - (right - left) * (bottom - top) / (size[0] * size[1])
    stretch = how.width / how.height / ((right - left) / (bottom - top))  # of width against height; below 1: narrower
    part = f"the middle of the picture, without {percent(cut, 0)} of its area" if cut > _NOTICED else "all of it"
    if abs(stretch - 1) <= _NOTICED:
        return Seen(f"The network sees {part}.", cut <= _NOTICED)
    side, share = ("width", stretch) if stretch < 1 else ("height", 1 / stretch)
    return Seen(f"The network sees {part}, squeezed to {percent(share, 0)} of its {side}. Here it has its true shape.",
                False)
