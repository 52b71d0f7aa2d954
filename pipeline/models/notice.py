"""The notice that stands beside every output of a model; and why an image gets none: drawings and real ones never mix.
"""

from pipeline.classes import MELANOMA
from pipeline.images.generated import NOTICE
from pipeline.models.model_info import ModelInfo
from pipeline.number_words import percent

_OPENING = "Education only, not a medical device."
_CLOSING = "Do not delay seeing a doctor because of this output."
_LOW = "A low melanoma probability does not rule melanoma out:"


def _melanoma_sentence(info: ModelInfo) -> str:
    if MELANOMA not in info.classes:
        return "Melanoma is not one of them: no output of this model can name melanoma or rule it out."
    count = (info.validation or {}).get("melanoma")
    if not count or not count["lesions"]:
        return f"{_LOW} the model was not tested on melanoma."
    # one that trained on all images was judged by the siblings that each left some out
    who = ("in cross-validation, its sibling networks" if info.split == "all" else
           "in cross-validation its networks, each on lesions that it was trained without," if info.folds else
           "in validation it")
    return (
        f"{_LOW} {who} called {count['called_else']:,} of {count['lesions']:,} melanoma lesions something "
        f"else (95 % Wilson interval {percent(count['low'])} to {percent(count['high'])})."
    )


def notice(info: ModelInfo) -> str:
    """What the output is not: four sentences, with the count of melanoma lesions that validation got wrong.

    The count is the one that `evaluate_run` stored with the model: by lesion, with the 95 % Wilson interval.
    """
    choice = f"The model can only choose among the {len(info.classes)} diagnoses that it was trained on."
    return " ".join([_OPENING, choice, _melanoma_sentence(info), _CLOSING])


def notice_line(info: ModelInfo) -> str:
    """The notice in one line, for whoever has read all of it."""
    known = "A low melanoma probability does not rule melanoma out." if MELANOMA in info.classes else (
        "It can neither name melanoma nor rule it out.")
    return f"{_OPENING} {known}"


def weighing(info: ModelInfo) -> str:
    """Which frequencies of the diagnoses the model's probabilities assume, in one sentence."""
    if info.own_decision == "balanced":
        return (
            "Its probabilities weigh all diagnoses alike: a rare diagnosis gets a higher one than its frequency in the "
            "data set would give it."
        )
    return "Its probabilities assume the diagnoses as frequent as in its training images."


def refusal(info: ModelInfo, image_is_generated: bool) -> str | None:
    """Why the model refuses the image, in one sentence for pages and the command line; None where it does not.

    Args:
        image_is_generated: as `pipeline.images.generated.is_generated` read it from the file before anything was
            stripped.
    """
    if info.generated and not image_is_generated:
        return (
            f"The model {info.name} was trained on generated drawings, so its output for an image that is not "
            "generated would mean nothing."
        )
    if image_is_generated and not info.generated:
        return (
            f"This image is {NOTICE}, and the model {info.name} was trained on real images, so its output would mean "
            "nothing."
        )
    return None
