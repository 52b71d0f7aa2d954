"""What an instructive error shows: a claim is a condition on the bundled run's answers, and the sentence that tells it
with the figures filled in. Nothing here knows an image; `tour_stops` says which image stands for which claim.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from pipeline.classes import DIAGNOSES, MELANOMA, NEVUS
from pipeline.data.tables import recorded
from pipeline.metrics.lesion_answers import lesion_means
from pipeline.metrics.predictions_table import probability_column
from pipeline.number_words import count, percent, probability
from pipeline.vocabulary import Decision


class Told(NamedTuple):
    """What the networks said of all images: `case_table` under each decision, indexed by image_id."""

    as_data: pd.DataFrame
    balanced: pd.DataFrame

    def under(self, decision: Decision) -> pd.DataFrame:
        """The table of a decision."""
        return self.as_data if decision == "as-data" else self.balanced

    def lesion(self, image_id: str, decision: Decision) -> pd.DataFrame:
        """The rows of all images of the image's lesion, its own too."""
        rows = self.under(decision)
        return rows[rows["lesion_id"] == rows.at[image_id, "lesion_id"]]

    def others(self, image_id: str, decision: Decision) -> pd.DataFrame:
        """The rows of its lesion's other images."""
        return self.lesion(image_id, decision).drop(index=image_id)


@dataclass(frozen=True)
class Claim:
    """One thing that an error can show.

    Attributes:
        truth: the reference diagnosis that it is about.
        decision: under which the error is one.
        holds: whether it is true of an image with that reference diagnosis.
        said: a sentence or two of an image of which it holds.
        wall: the filters of the images to look at next, by their names on the page Errors.
    """

    truth: str
    decision: Decision
    holds: Callable[[Told, str], bool]
    said: Callable[[Told, str], str]
    wall: Mapping[str, Any]

    def is_shown_by(self, told: Told, image_id: str) -> bool:
        """Whether the image is there, has that reference diagnosis, and the condition is met."""
        rows = told.under(self.decision)
        return image_id in rows.index and rows.at[image_id, "truth"] == self.truth and bool(self.holds(told, image_id))

    def images(self, told: Told) -> list[str]:
        """All images that show it, the most confident answer first: what could stand in another's place."""
        rows = told.under(self.decision)
        rows = rows[rows["truth"] == self.truth].sort_values("confidence", ascending=False)
        return [image_id for image_id in rows.index if self.is_shown_by(told, image_id)]


def _named(code: str) -> str:
    """A diagnosis within a sentence: "melanoma", "vascular lesion or haemorrhage"."""
    return DIAGNOSES[code].name[0].lower() + DIAGNOSES[code].name[1:]


def _weighed_alike(others: pd.DataFrame) -> str:
    """The beginning of a sentence about a lesion's other images under the decision balanced."""
    which = "image of this lesion is" if len(others) == 1 else f"{len(others):,} images of this lesion are"
    return f"Weighed alike, the other {which}"


def _is_called(rows: pd.DataFrame, image_id: str, answer: str, least: float = 0.0) -> bool:
    return rows.at[image_id, "predicted"] == answer and rows.at[image_id, "confidence"] >= least


def _of_truth(rows: pd.DataFrame, truth: str, answer: str) -> str:
    """ "63 of 327 images of benign keratosis": how many of a diagnosis are called `answer`."""
    mine = rows[rows["truth"] == truth]
    return f"{(mine['predicted'] == answer).sum():,} of {count(len(mine), 'image')} of {_named(truth)}"


def surest_miss(truth: str) -> Claim:
    """No other image of the diagnosis is called something else with a higher probability."""

    def missed(told: Told) -> pd.DataFrame:
        rows = told.as_data
        return rows[(rows["truth"] == truth) & ~rows["right"]]

    def said(told: Told, image_id: str) -> str:
        of_all = int((told.as_data["truth"] == truth).sum())
        return (f"No miss is surer: at the data's frequencies {len(missed(told)):,} of {count(of_all, 'image')} of "
                f"{_named(truth)} are called something else, and none of them with a higher probability.")

    return Claim(
        truth, "as-data", lambda told, image_id: not told.as_data.at[image_id, "right"] and bool(
            told.as_data.at[image_id, "confidence"] >= missed(told)["confidence"].max()),
        said, {"truth": truth, "right": False, "sort": "confidence", "decision": "as-data"},
    )


def missed_here_alone(truth: str, answer: str) -> Claim:
    """This image is called something else, the lesion's other images are recognised."""

    def holds(told: Told, image_id: str) -> bool:
        others = told.others(image_id, "balanced")
        return _is_called(told.balanced, image_id, answer) and len(others) > 0 and bool(others["right"].all())

    def said(told: Told, image_id: str) -> str:
        others = told.others(image_id, "balanced")
        shares = _ends(others[probability_column(truth)])
        return f"{_weighed_alike(others)} called {_named(truth)}, with {shares}: in this image alone it is missed."

    return Claim(truth, "balanced", holds, said, {"truth": truth, "predicted": answer, "decision": "balanced"})


def called_here_alone(truth: str, answer: str, least: float) -> Claim:
    """The network is sure of an answer that it gives to no other image of the lesion."""

    def holds(told: Told, image_id: str) -> bool:
        others = told.others(image_id, "balanced")
        return _is_called(told.balanced, image_id, answer, least) and len(others) > 0 and not (
            others["predicted"] == answer).any()

    def said(told: Told, image_id: str) -> str:
        others = told.others(image_id, "balanced")
        answers = " and ".join(_named(code) for code in dict.fromkeys(others["predicted"]))
        return f"{_weighed_alike(others)} called {answers}: {_named(answer)} is the answer to this one alone."

    return Claim(truth, "balanced", holds, said, {"truth": truth, "predicted": answer, "decision": "balanced"})


def called_so_each_time(truth: str, answer: str, least: float) -> Claim:
    """All images of the lesion, at least three, get the same wrong answer, and surely."""

    def holds(told: Told, image_id: str) -> bool:
        rows = told.lesion(image_id, "as-data")
        return len(rows) >= 3 and bool((rows["predicted"] == answer).all() and (rows["confidence"] >= least).all())

    def said(told: Told, image_id: str) -> str:
        rows = told.lesion(image_id, "as-data")
        return (f"All {count(len(rows), 'image')} of this lesion are called {_named(answer)}, with "
                f"{_ends(rows['confidence'])} at the data's frequencies. One network gave all these answers.")

    return Claim(truth, "as-data", holds, said, {"truth": truth, "predicted": answer, "decision": "as-data"})


def sure_error(truth: str, answer: str, least: float, words: str) -> Claim:
    """A sure wrong answer; `words`: what that is, the beginning of a sentence that says how often it comes."""
    return Claim(
        truth, "as-data", lambda told, image_id: _is_called(told.as_data, image_id, answer, least),
        lambda told, image_id: (f"{words}: at the data's frequencies "
                                f"{_of_truth(told.as_data, truth, answer)} are called {_named(answer)}."),
        {"truth": truth, "predicted": answer, "decision": "as-data"},
    )


def sure_either_way(truth: str, answer: str, least: float) -> Claim:
    """A sure wrong answer, however the diagnoses are weighed."""
    return Claim(
        truth, "as-data", lambda told, image_id: all(
            _is_called(rows, image_id, answer, least) for rows in (told.as_data, told.balanced)),
        lambda told, image_id: (
            "Sure under both decisions, and wrong. Weighed alike, "
            f"{_of_truth(told.balanced, truth, answer)} are called {_named(answer)}."),
        {"truth": truth, "predicted": answer, "decision": "as-data"},
    )


def an_answer_each(truth: str) -> Claim:
    """The lesion has at least three images, and each of them another answer."""

    def holds(told: Told, image_id: str) -> bool:
        rows = told.lesion(image_id, "balanced")
        return len(rows) >= 3 and rows["predicted"].nunique() == len(rows) and not rows.at[image_id, "right"]

    def said(told: Told, image_id: str) -> str:
        lesions = told.balanced.groupby("lesion_id")["predicted"].agg(["size", "nunique"])
        several = lesions[lesions["size"] > 1]
        own = count(len(told.lesion(image_id, "balanced")), "image")
        return (f"One lesion, {own}, and another answer to each. Weighed alike, {(several['nunique'] > 1).sum():,} of "
                f"the {count(len(several), 'lesion')} with several images are called more than one thing.")

    return Claim(truth, "balanced", holds, said, {"truth": truth, "right": False, "decision": "balanced"})


def turned_by_the_decision(truth: str, answer: str) -> Claim:
    """Called `answer` at the data's frequencies, and recognised where all diagnoses are weighed alike."""

    def holds(told: Told, image_id: str) -> bool:
        return _is_called(told.as_data, image_id, answer) and bool(told.balanced.at[image_id, "right"])

    def said(told: Told, image_id: str) -> str:
        of = {decision: rows[rows["truth"] == truth]["right"] for decision, rows in (
            ("as-data", told.as_data), ("balanced", told.balanced))}
        return (f"Nothing but the weights of the diagnoses changed. Of {count(len(of['balanced']), 'image')} of "
                f"{_named(truth)}, {of['as-data'].sum():,} are recognised at the data's frequencies, and "
                f"{of['balanced'].sum():,} weighed alike.")

    return Claim(truth, "as-data", holds, said, {"truth": truth, "predicted": answer, "decision": "as-data"})


def flagged_by_a_threshold(truth: str, threshold: float) -> Claim:
    """Called something else, although the lesion's mean probability reaches a threshold below a half."""

    def flagged(told: Told) -> pd.Series:
        """Whether each lesion is flagged, by lesion_id."""
        means = lesion_means(told.as_data).set_index("lesion_id")
        return means[probability_column(truth)] >= threshold

    def holds(told: Told, image_id: str) -> bool:
        row = told.as_data.loc[image_id]
        mean = told.lesion(image_id, "as-data")[probability_column(truth)].mean()
        return not row["right"] and threshold <= mean < 0.5 and row["confidence"] - row[probability_column(truth)] < 0.1

    def said(told: Told, image_id: str) -> str:
        rows, reached = told.lesion(image_id, "as-data"), flagged(told)
        truths = told.as_data.groupby("lesion_id")["truth"].first().reindex(reached.index) == truth
        share = probability(float(rows[probability_column(truth)].mean()))
        return (f"Over this lesion's {count(len(rows), 'image')} {_named(truth)} has {share}. A threshold of "
                f"{percent(threshold, 0)} flags it: {(reached & truths).sum():,} of {truths.sum():,} lesions of "
                f"{_named(truth)} are flagged so, and {(reached & ~truths).sum():,} of {(~truths).sum():,} others.")

    return Claim(truth, "as-data", holds, said,
                 {"of": truth, "share": (threshold, 1.0), "predicted": NEVUS, "decision": "as-data"})


def _ends(shares: pd.Series) -> str:
    """ "40.2 % and 50.8 %", "82.0 % to 87.0 %"; one share alone."""
    low, high = probability(float(shares.min())), probability(float(shares.max()))
    return low if low == high else f"{low} {'and' if len(shares) == 2 else 'to'} {high}"


def its_source(told: Told, image_id: str) -> str:
    """What is known of the image's source, how many nevi it has and how its melanomas are called; "" where nothing is.
    """
    rows = told.balanced
    if "source" not in rows or (source := recorded(rows.at[image_id, "source"])) is None:
        return ""
    mine = rows[rows["source"] == source]
    melanomas = mine[mine["truth"] == MELANOMA]
    nevi = percent(float((mine["truth"] == NEVUS).mean()), 0)
    return (f"Its image source is {source}, whose images here are {nevi} nevi. Even with all diagnoses weighed alike, "
            f"{(~melanomas['right']).sum():,} of its {count(len(melanomas), 'melanoma image')} are called something "
            "else.")


def both_sources(told: Told, image_id: str) -> str:
    """How melanomas are called of which both of the lesion's image sources have pictures; "" where these are not known.
    """
    rows = told.balanced
    if "source" not in rows or (mine := recorded(rows.at[image_id, "source"])) is None:
        return ""
    others = {found for level in told.others(image_id, "balanced")["source"] if (found := recorded(level))} - {mine}
    if len(others) != 1:
        return ""
    (other,) = others
    melanomas = rows[(rows["truth"] == MELANOMA) & rows["source"].isin([mine, other])]
    both = melanomas[melanomas.groupby("lesion_id")["source"].transform("nunique") == 2]
    called = {source: f"{rows_of['right'].sum():,} of {len(rows_of):,}" for source, rows_of in both.groupby("source")}
    return (f"It comes from the image source {mine}, the others from {other}. Of "
            f"{count(both['lesion_id'].nunique(), 'melanoma')} here there are pictures from both sources: weighed "
            f"alike, {called[other]} from {other} are called melanoma, and {called[mine]} from {mine}.")
