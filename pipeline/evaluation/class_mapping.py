"""Which diagnosis of a model each diagnosis of a data set counts as, where the two do not have the same ones.

Proposed is a partner only where the model's diagnosis covers all of the data set's: akiec (actinic keratosis or Bowen's
disease) covers AK of ISIC 2019. Its SCC is Bowen's disease and invasive carcinoma, which no model of HAM10000 has an
output for, so akiec has no one-to-one partner there.
"""

from collections.abc import Collection, Mapping

import pandas as pd

from pipeline.classes import label
from pipeline.data.dataset import Dataset
from pipeline.errors import DataError
from pipeline.number_words import count

LEFT_OUT = "none"
_COVERED_BY = {"ak": "akiec"}


def parse_mapping(text: str) -> dict[str, str]:
    """The mapping that "ak=akiec,scc=none" writes: the data set's code, then the model's or `LEFT_OUT`.

    Raises:
        DataError: it is not of that form, or names a code twice.
    """
    mapping: dict[str, str] = {}
    for pair in text.split(","):
        there, equals, here = (piece.strip().lower() for piece in pair.partition("="))
        if not (there and equals and here) or there in mapping:
            problem = f"{there} stands twice in --map {text}." if there in mapping else f"--map {text} is no mapping."
            raise DataError(problem, f"Write the data set's code=the model's code, or code={LEFT_OUT}, with commas "
                            "between.")
        mapping[there] = here
    return mapping


def written(mapping: Mapping[str, str]) -> str:
    """A mapping as `parse_mapping` reads it."""
    return ",".join(f"{there}={here}" for there, here in sorted(mapping.items()))


def without_output(dataset: Dataset, classes: Collection[str]) -> list[str]:
    """The data set's diagnoses that a model with these `classes` has no output for."""
    return [code for code in dataset.classes if code not in classes]


def proposed_mapping(dataset: Dataset, classes: Collection[str]) -> dict[str, str]:
    """For each diagnosis without an output the model's that covers all of it, else `LEFT_OUT`; empty where none is
    needed."""
    return {
        code: _COVERED_BY[code] if _COVERED_BY.get(code) in classes else LEFT_OUT
        for code in without_output(dataset, classes)
    }


def checked_mapping(mapping: Mapping[str, str], dataset: Dataset, model: str, classes: Collection[str]) -> None:
    """
    Raises:
        DataError: it names a diagnosis that the data set or the model does not have.
    """
    for there, here in mapping.items():
        if there not in dataset.classes:
            raise DataError(f"The data set {dataset.name} has no diagnosis {there}, which the mapping names.",
                            f"It has {', '.join(dataset.classes)}.")
        if here not in (*classes, LEFT_OUT):
            raise DataError(f"The model {model} has no output for {here}, which the mapping names.",
                            f"It has {', '.join(classes)}; {LEFT_OUT} leaves a diagnosis out.")


def to_confirm(dataset: Dataset, model: str, classes: Collection[str]) -> DataError | None:
    """The refusal that shows the mapping to confirm and the command to type; None where every diagnosis has an output
    already."""
    mapping = proposed_mapping(dataset, classes)
    if not mapping:
        return None
    lacking = ", ".join(f"{label(code)} ({count(dataset.diagnoses[code]['images'], 'image')})" for code in mapping)
    return DataError(
        f"The data set {dataset.name} has diagnoses that the model {model} has no output for: {lacking}.",
        f"Look at this mapping: {mapping_words(mapping, dataset, classes)} To confirm it: "
        f"`python -m pipeline evaluate {model} --data {dataset.name} --map {written(mapping)}`.",
    )


def mapping_words(mapping: Mapping[str, str], dataset: Dataset, classes: Collection[str]) -> str:
    """What a mapping does, in one sentence: what counts as what, what is left out, what stays."""
    to = {code: mapping.get(code, code if code in classes else LEFT_OUT) for code in dataset.classes}
    said = [f"{label(code)} counts as {label(here)}" for code, here in to.items() if here not in (code, LEFT_OUT)]
    said += [f"{label(code)} is left out" for code, here in to.items() if here == LEFT_OUT]
    stay = [code for code, here in to.items() if here == code]
    if stay:
        said.append(f"{', '.join(stay)} stay{'s' * (len(stay) == 1)} as {'it is' if len(stay) == 1 else 'they are'}")
    return "; ".join(said) + "."


def truths(dx: pd.Series, mapping: Mapping[str, str], classes: Collection[str]) -> pd.Series:
    """The model's code of each image's diagnosis; missing for what is left out."""
    to = {code: mapping.get(code, code) for code in dx.unique()}
    return dx.map({code: here for code, here in to.items() if here in classes})
