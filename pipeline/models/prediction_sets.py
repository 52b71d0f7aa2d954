"""A model's prediction sets: which diagnoses it does not separate on an image, and that in words.

The set is taken from the probabilities under one decision, as-data where it can be had, so that it is the same
whichever decision names the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from pipeline.classes import DIAGNOSES, MELANOMA
from pipeline.errors import ModelError
from pipeline.files.workspace import Workspace
from pipeline.metrics.conformal import FEWEST, HeldOutScores, by_fold, in_set, p_values
from pipeline.models.decided_output import decided_output, model_priors
from pipeline.models.held_out import HeldOut, held_out
from pipeline.models.model_info import ModelInfo
from pipeline.models.recognition import Recognised

NONE_FITS = "None of its diagnoses fits at this level."


class PredictionSet(NamedTuple):
    """What fits an image.

    Attributes:
        codes: the diagnoses in the set, the most probable first.
        undefined: those with too few held-out lesions to say.
    """

    codes: tuple[str, ...]
    undefined: tuple[str, ...]


@dataclass(frozen=True)
class ModelSets:
    """What gives a model's prediction sets.

    Attributes:
        info: the model.
        priors: of `decided_output.model_priors`.
        held: the lesions that images are ranked among.
    """

    info: ModelInfo
    priors: dict[str, float] | None
    held: HeldOut

    @cached_property
    def scores(self) -> HeldOutScores:
        """The scores of all held-out lesions."""
        return HeldOutScores.of(self.held.predictions)

    @cached_property
    def _lesions(self) -> dict[str, str]:
        """The lesion of each held-out image."""
        table = self.held.predictions
        return dict(zip(table["image_id"], table["lesion_id"], strict=True))

    def lesions(self) -> dict[str, int]:
        """How many held-out lesions each diagnosis has, by code."""
        return {code: int(n) for code, n in zip(self.info.classes, self.scores.counts(), strict=True)}

    def of(
        self, probabilities: np.ndarray, name: str = "", recognised: Recognised | None = None
    ) -> PredictionSet | None:
        """The set of one image. A held-out image is not ranked among its own lesion.

        Args:
            probabilities: (networks, diagnoses) as each network that answered gives them, in the order of
                `info.classes`.
            name: of the image's file without the ending, which is the id of a held-out image.
            recognised: which training image a cross-validation's networks know it as.

        Returns:
            None where no diagnosis has enough held-out lesions, or each network was trained on the image.
        """
        if recognised is not None and recognised.network is None:
            return None
        scores, network = self.scores, None if recognised is None else recognised.network
        if (lesion := self._lesions.get(name if recognised is None else recognised.image_id)) is not None:
            scores = scores.without(lesion)
        among = by_fold(scores, len(self.info.folds)) if self.info.folds else [scores]
        if network is not None:
            among = [among[network]]
        carried = decided_output(self.info, probabilities, self.priors, self.held.decision)
        p = p_values(among, carried[:, None])[0]
        order, inside = np.argsort(-carried.mean(axis=0), kind="stable"), in_set(p)
        undefined = [code for code, value in zip(self.info.classes, p, strict=True) if np.isnan(value)]
        if len(undefined) == len(p):
            return None
        return PredictionSet(tuple(self.info.classes[place] for place in order if inside[place]), tuple(undefined))


def model_sets(workspace: Workspace, info: ModelInfo) -> ModelSets:
    """What gives the model's sets.

    Raises:
        ModelError: it has no held-out lesions here, or of no diagnosis enough.
        RunError, WorkspaceError: those that it has cannot be read.
    """
    found = ModelSets(info, model_priors(workspace, info), held_out(workspace, info))
    if max(found.lesions().values()) < FEWEST:
        raise ModelError(f"No diagnosis has {FEWEST} lesions that the model {info.name} held out, the fewest that a "
                         "prediction set can be ranked among.")
    return found


def set_sentences(info: ModelInfo, found: PredictionSet, answer: str) -> str:
    """What is in a set, what could not be said, and what a set is not, in words.

    Args:
        answer: the diagnosis with the highest probability that stands beside; where it is not in its own set while
            others are in theirs, why.
    """
    said = [_content(found.codes)]
    if found.codes and answer not in (*found.codes, *found.undefined):
        said.append(f"The highest probability, of {_names([answer])}, is low for that diagnosis: about 9 in 10 of its "
                    "held-out lesions got a higher one.")
    if found.undefined:
        said.append(f"Of {_names(found.undefined)} the model held too few lesions out to say.")
    rules_out = "a set without melanoma rules nothing out" if MELANOMA in info.classes else "a set rules nothing out"
    said.append(f"About 1 in 10 lesions of each diagnosis miss their own set; {rules_out}.")
    return " ".join(said)


def no_set_sentence(recognised: Recognised | None) -> str:
    """Why `ModelSets.of` gave none."""
    if recognised is not None and recognised.network is None:
        return "No prediction set: each network of the model was trained on this image."
    return f"No prediction set: fewer than {FEWEST} lesions of each diagnosis were held out for it."


def _content(codes: Sequence[str]) -> str:
    if not codes:
        return NONE_FITS
    return f"{'The model does not separate' if len(codes) > 1 else 'Fits alone at this level'}: {_names(codes)}."


def _names(codes: Sequence[str]) -> str:
    """ "melanoma, melanocytic nevus"."""
    names = [DIAGNOSES[code].name if code in DIAGNOSES else code for code in codes]
    return ", ".join(name[0].lower() + name[1:] for name in names)
