"""Six held-out lesions whose answers are told after each epoch, from the validation that runs anyway."""

from typing import Any

import numpy as np
import pandas as pd
import torch
from fastai.callback.core import Callback

from pipeline.runs.events import EventLog
from pipeline.runs.watched import NUMBER
from pipeline.training.training import Training

_DECIMALS = 6  # of a probability


def choose_watched(held_out: pd.DataFrame, seed: int) -> np.ndarray:
    """Places of up to six images, no two of a lesion: a round through the diagnoses, melanoma first, then another one.

    Args:
        held_out: lesion_id and dx of each held-out image.
        seed: another one chooses others.
    """
    order = np.random.default_rng((seed, NUMBER)).permutation(len(held_out))
    of = held_out[["lesion_id", "dx"]].reset_index(drop=True).iloc[order].drop_duplicates("lesion_id")
    rounds = of.groupby("dx").cumcount()
    ranked = of.assign(round=rounds, other=of["dx"] != "mel").sort_values(["round", "other"], kind="stable")
    return ranked.index[:NUMBER].to_numpy()


class WatchLesions(Callback):
    """Tells the answers to some held-out lesions after each epoch of a stage.

    Args:
        training: what is trained; its log gets the events.
        stage: its number, from 1.
        first_epoch: how many epochs the stages before it had.
    """

    order = 55  # its event stands before that of the epoch, so that whoever reads of an epoch finds its answers

    def __init__(self, training: Training, stage: int, first_epoch: int):
        self.lesions, self.log = Lesions(training), training.reporter.log
        self.stage, self.first_epoch = stage, first_epoch
        self.place, self.found = 0, {}

    def before_validate(self):
        self.place, self.found = 0, {}

    def after_batch(self):
        if self.training:
            return
        end = self.place + len(self.yb[0])
        here = [place for place in self.lesions.places if self.place <= place < end]
        if here:
            logits = self.pred[[place - self.place for place in here]].detach().float()
            self.found |= dict(zip(here, torch.softmax(logits, 1).cpu().numpy(), strict=True))
        self.place = end

    def after_epoch(self):
        if self.found:  # not where a resumed run passes over an epoch
            self.lesions.tell(self.log, self.stage, self.epoch + 1, self.first_epoch + self.epoch + 1, self.found)
        self.found = {}


class Lesions:
    """The lesions that a training watches, `places` in the order of its validation part."""

    def __init__(self, training: Training):
        split = training.data.split
        held_out = split[split["part"] == "validation"].reset_index(drop=True)
        self.places = choose_watched(held_out, training.config.seed).tolist()
        self._table, self._classes = held_out.iloc[self.places], training.data.dataset.classes

    def tell(self, log: EventLog, stage: int, epoch: int, overall: int, found: dict[int, np.ndarray]) -> None:
        """Writes the event of an epoch; none where no lesion is held out.

        Args:
            epoch, overall: in the stage and over all, from 1; 0 before the first.
            found: (classes,) probabilities by place; empty before the first epoch.
        """
        if self.places:
            lesions = [
                {"image_id": image_id, "truth": truth, "probabilities": self._by_diagnosis(found.get(place))}
                for place, image_id, truth in zip(self.places, self._table["image_id"], self._table["dx"], strict=True)
            ]
            log.write("watched", stage=stage, epoch=epoch, overall=overall, lesions=lesions)

    def _by_diagnosis(self, probabilities: np.ndarray | None) -> dict[str, Any] | None:
        if probabilities is None or not np.isfinite(probabilities).all():
            return None
        return {code: round(float(share), _DECIMALS)
                for code, share in zip(self._classes, probabilities, strict=True)}
