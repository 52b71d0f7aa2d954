"""A model on any imported data set: what of it can judge the model fairly, and why the rest cannot. Infers nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from pipeline.data.dataset import Dataset, load_dataset
from pipeline.data.overlap import plain_id
from pipeline.data.reserved import reserved_images
from pipeline.errors import DataError
from pipeline.evaluation.class_mapping import checked_mapping, mapping_words, to_confirm, truths
from pipeline.files.workspace import Workspace
from pipeline.models.decided_output import model_priors, without_priors
from pipeline.models.model_info import ModelInfo, find_model
from pipeline.models.trained_on import chose_epoch, trained_on
from pipeline.models.training_images import training_images
from pipeline.number_words import count
from pipeline.vocabulary import AnsweredBy, AskedPart

PART = "test"
_FIRST = 5  # ids that a sentence names
_NO_FOLD = -1.0  # of an image that every network was trained on


class Overlap(NamedTuple):
    """Images that the model was trained on, or whose lesion it was trained on.

    `images`: image_id, lesion_id, and by_id, by_content, by_lesion (bool): what it shares with a training image.
    """

    images: pd.DataFrame

    def counts(self) -> dict[str, int]:
        """images, lesions, and of the images by_id, by_content, by_lesion."""
        return {
            "images": len(self.images), "lesions": int(self.images["lesion_id"].nunique()),
            **{column: int(self.images[column].sum()) for column in ("by_id", "by_content", "by_lesion")},
        }


@dataclass(frozen=True)
class EvaluationPlan:
    """What an evaluation will judge.

    Attributes:
        mapping: the data set's code to the model's, or to "none", for those that were named.
        images: those that judge the model: image_id, lesion_id, dx (the model's code), dx_there (the data set's), part;
            where a fold's network answers each, fold.
        left_out: images by diagnosis that the model has no output for and that nothing was mapped to.
        overlap: what is left out because the model was trained on it.
        note: what cannot be told of the model's training images; None where all is known.
        chose_epoch: how many of `images` also chose which epoch's weights were kept.
        priors: share of each diagnosis in the model's training images; None where it is not known.
        part: "reserved" where the reserved images alone judge; None: all others do.
        reserved: how many images of the data set are reserved.
        answered_by: of a cross-validation's networks, which answer: for each image the one that was trained without its
            lesion, or for all images the mean; one evaluation never mixes them. None: it is one model.
        answered_otherwise: how many images are left out because the answer to them would be of the other kind.
    """

    model: ModelInfo
    dataset: Dataset
    mapping: dict[str, str]
    images: pd.DataFrame
    left_out: dict[str, int]
    overlap: Overlap
    note: str | None
    chose_epoch: int
    priors: dict[str, float] | None
    part: AskedPart | None = None
    reserved: int = 0
    answered_by: AnsweredBy | None = None
    answered_otherwise: int = 0

    def record(self) -> dict[str, Any]:
        """What is stored with the evaluation, and what the command answers."""
        return {
            "model": self.model.name, "data": self.dataset.name, "mapping": self.mapping, "judged_part": self.part,
            "images": len(self.images), "lesions": int(self.images["lesion_id"].nunique()),
            "left_out": self.left_out, "overlap": self.overlap.counts(),
            "overlapping_images": self.overlap.images["image_id"].head(_FIRST).tolist(),
            "overlap_note": self.note, "chose_epoch": self.chose_epoch, "answered_by": self.answered_by,
            "answered_otherwise": self.answered_otherwise, "words": self.sentences(),
        }

    def sentences(self) -> list[str]:
        """What a reader of the figures must know, one thing a sentence."""
        n, lesions = len(self.images), self.images["lesion_id"].nunique()
        said = [f"{count(n, 'image')} of {count(lesions, 'lesion')} of the data set {self.dataset.name} judge the "
                f"model {self.model.name}."]
        if self.part:
            said.append("They are the images that were reserved: they join no training and no choice.")
        elif self.reserved:
            said.append(f"Left out because they are reserved, for one judgement at the end: "
                        f"{count(self.reserved, 'image')}.")
        if self.mapping:
            said.append(mapping_words(self.mapping, self.dataset, self.model.classes))
        if self.left_out:
            kinds = ", ".join(f"{code} ({n:,})" for code, n in self.left_out.items())
            images = count(sum(self.left_out.values()), "image")
            said.append(f"Left out because the model has no output for them: {images}, {kinds}.")
        if self.answered_by:
            said += self._whose_answers(self.answered_by)
        said.append(overlap_sentence(self.overlap, self.note))
        if self.chose_epoch:
            said.append(f"{self.chose_epoch:,} of these images also chose which epoch's weights to keep, so the "
                        "figures are a little too good.")
        if (self.model.view, self.dataset.view) == ("whole", "square"):
            said.append(f"The model was trained on whole images, and {self.dataset.name} has their central squares "
                        "alone: it sees less of each, in other proportions than it has learnt.")
        if self.priors is None:
            said.append(without_priors(self.model))
        absent = [code for code in self.model.classes if code not in set(self.images["dx"])]
        if absent:
            them = "it" if len(absent) == 1 else "them"
            said.append(f"No image shows {', '.join(absent)}, so the means leave {them} out.")
        return said


    def _whose_answers(self, answered_by: AnsweredBy) -> list[str]:
        networks, others = len(self.model.folds), count(self.answered_otherwise, "image")
        if answered_by == "mean":
            return [f"The mean of its {networks} networks answers, as to any new image."]
        said = [f"Each image is judged by the one of its {networks} networks that was trained without its lesion; to a "
                "new image the mean of all answers."]
        if self.answered_otherwise:
            said.append(f"Left out because no network was trained on them, so that all would answer: {others}.")
        return said


def plan_evaluation(
    workspace: Workspace, model: str, data: str, mapping: Mapping[str, str] | None = None, part: AskedPart | None = None
) -> EvaluationPlan:
    """What of the data set can judge the model.

    Args:
        model: a model, or a run that has one.
        mapping: confirmed by the user; None where none was, which will do where the model has an output for each
            diagnosis.
        part: "reserved" for the reserved images alone; without it they are left out.

    Raises:
        ModelError: there is no such model.
        DataError: there is no such data set; it is of another kind; it has other diagnoses and no mapping was
            confirmed (the sentence shows one, and the command); or the model was trained on every lesion of it.
    """
    info, dataset = find_model(workspace, model), load_dataset(workspace, data)
    _check_kind(info, dataset)
    if mapping is None and (refused := to_confirm(dataset, info.name, info.classes)):
        raise refused
    checked_mapping(mapping or {}, dataset, info.name, info.classes)
    reserved = reserved_images(dataset)
    if part and not reserved:
        raise DataError(f"No image of the data set {dataset.name} is reserved.",
                        f"Reserve some: data reserve {dataset.name}.")
    table = dataset.metadata()
    table = table[table["image_id"].isin(reserved) == bool(part)]
    table = table.assign(truth=truths(table["dx"], mapping or {}, info.classes))
    known = trained_on(workspace, info)
    if known.images.empty and info.data_hash == dataset.content_hash:
        raise DataError(f"The model {info.name} was trained on images of the data set {dataset.name}, and which ones "
                        "is not known.", "Choose another data set, or train the model again.")
    # drawings of every set are counted from 1, so between sets only their content says that two are the same
    names = not dataset.generated or info.data_hash == dataset.content_hash
    overlap = find_overlap(table, known.images, names)
    left = table[~table["image_id"].isin(overlap.images["image_id"])]
    answered_by: AnsweredBy | None = None
    otherwise = 0
    if info.folds:
        held_out = table.assign(fold=folds_of(table, training_images(info), names)).dropna(subset="fold")
        answered_by = "fold" if len(held_out) and len(held_out) >= len(left) else "mean"
        if answered_by == "fold":
            otherwise, left = len(left), held_out.astype({"fold": int})
            overlap = Overlap(overlap.images[~overlap.images["image_id"].isin(left["image_id"])].reset_index(drop=True))
    if left.empty:
        raise DataError(
            f"The model {info.name} was trained on every lesion of the data set {dataset.name} "
            f"({count(len(table), 'image')} of {count(table['lesion_id'].nunique(), 'lesion')}), so none is left to "
            "judge it by.", "Choose a data set with other lesions.",
        )
    judged = left[left["truth"].notna()]
    if judged.empty:
        raise DataError(f"No image of the data set {dataset.name} has a diagnosis that the model {info.name} has an "
                        "output for.", "Choose another data set, or map a diagnosis.")
    columns = ["image_id", "lesion_id", "truth", "dx", *(["fold"] if answered_by == "fold" else [])]
    images = judged[columns].rename(columns={"truth": "dx", "dx": "dx_there"})
    chosen = plain_id(pd.Series(sorted(chose_epoch(workspace, info)), dtype=str)) if names else []
    return EvaluationPlan(
        info, dataset, dict(mapping or {}), images.assign(part=PART).reset_index(drop=True),
        {str(code): int(n) for code, n in left.loc[left["truth"].isna(), "dx"].value_counts().items()}, overlap,
        known.note, int(plain_id(images["image_id"]).isin(chosen).sum()), model_priors(workspace, info), part,
        len(reserved), answered_by, otherwise,
    )


def folds_of(table: pd.DataFrame, trained: pd.DataFrame, names: bool = True) -> pd.Series:
    """For each image of `table` the fold whose network was trained without its lesion; NaN where no image of the lesion
    is among the training images, or where no network left all of them out.

    Args:
        table, trained, names: as those of `find_overlap`; `trained` has fold too.
    """
    ours = table.assign(plain=plain_id(table["image_id"]))
    theirs = trained.assign(plain=plain_id(trained["image_id"]), fold=trained["fold"].fillna(_NO_FOLD))
    pairs = pd.concat([
        ours[list(dict.fromkeys(["lesion_id", key]))].merge(theirs[[key, "fold"]].drop_duplicates(), on=key)
        for key in ("sha256", *(("plain", "lesion_id") if names else ()))
    ])
    folds = pairs.groupby("lesion_id")["fold"].agg(["min", "max"])
    alone = folds.loc[(folds["min"] == folds["max"]) & (folds["min"] != _NO_FOLD), "min"]
    return table["lesion_id"].map(alone)


def find_overlap(table: pd.DataFrame, trained: pd.DataFrame, names: bool = True) -> Overlap:
    """The images of `table` that share an id, their content or their lesion with one of `trained`, and all others of
    such a lesion.

    Args:
        table, trained: image_id, lesion_id, sha256 (in `trained` it may be missing).
        names: whether ids of images and lesions mean the same in both; otherwise only contents are compared.
    """
    by_id = plain_id(table["image_id"]).isin(set(plain_id(trained["image_id"])) if names else set())
    by_content = table["sha256"].isin(set(trained["sha256"].dropna()))
    seen = set(table.loc[by_id | by_content, "lesion_id"]) | (set(trained["lesion_id"]) if names else set())
    found = table[["image_id", "lesion_id"]].assign(
        by_id=by_id, by_content=by_content, by_lesion=table["lesion_id"].isin(seen)
    )
    return Overlap(found[found["by_lesion"]].reset_index(drop=True))


def overlap_sentence(overlap: Overlap, note: str | None) -> str:
    """How much was left out because the model was trained on it, and what could not be checked."""
    counts = overlap.counts()
    if not counts["images"]:
        return note or "It shares no image and no lesion with what the model was trained on."
    first = ", ".join(overlap.images["image_id"].head(_FIRST))
    more = ", …" if counts["images"] > _FIRST else ""
    said = (f"Left out because the model was trained on their lesions: {count(counts['images'], 'image')} of "
            f"{count(counts['lesions'], 'lesion')}, {counts['by_id']:,} with the id and {counts['by_content']:,} with "
            f"the content of a training image ({first}{more}).")
    return f"{said} {note}" if note else said


def _check_kind(info: ModelInfo, dataset: Dataset) -> None:
    if info.generated == dataset.generated:
        return
    of = "generated drawings" if info.generated else "real images"
    shows = "drawings" if dataset.generated else "real images"
    raise DataError(
        f"The model {info.name} was trained on {of} and the data set {dataset.name} has {shows}, so its output for "
        "them would mean nothing.", "Choose a data set of its kind.",
    )
