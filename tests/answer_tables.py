"""Tables of a class's answers: by hand, and of simulated students whose ability is known."""

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr

from pipeline.classroom.answers import COLUMNS

_REST = {"form": "A", "block": 0, "missing": "", "sure": "sure", "unrecognisable": False, "biopsy": None, "ticks": (),
         "seconds": 5.0}


def table_of(rows: Iterable[dict[str, object]]) -> pd.DataFrame:
    """Rows of `answers` that name what matters: dx, answer and whatever else; each item has its position's lesion."""
    whole = []
    for row in rows:
        row = {"seat": "fox-2", "position": 0, "stage": "alone", "asked": row["dx"], "model": row["dx"], **row}
        lesion = row.get("lesion_id", f"HAM_{row['position']}")
        whole.append({**_REST, "lesion_id": lesion, "image_id": f"ISIC_{lesion}", **row})
    return pd.DataFrame(whole, columns=list(COLUMNS))


def two_way(malignant: Sequence[tuple[str, str]], benign: Sequence[tuple[str, str]], **more) -> pd.DataFrame:
    """One seat's answers to malignant and to benign lesions: (answer, how sure), each on another lesion."""
    given = [("mel", "malignant", *one) for one in malignant] + [("nv", "benign", *one) for one in benign]
    return table_of(
        {"position": place, "dx": dx, "asked": asked, "model": asked, "answer": answer, "sure": sure, **more}
        for place, (dx, asked, answer, sure) in enumerate(given)
    )


def before_and_after(rows: Iterable[tuple[str, str, str, str]], seats: int = 1) -> pd.DataFrame:
    """Answers alone and with the model: (dx, alone, model, with the model) of each item, the same for every seat."""
    return table_of(
        {"seat": f"fox-{seat}", "position": place, "dx": dx, "model": model, "stage": stage, "answer": answer}
        for seat, (place, (dx, alone, model, final)) in itertools.product(range(seats), enumerate(rows))
        for stage, answer in (("alone", alone), ("with-model", final))
    )


_STEPS = np.array([-np.inf, -1.0, -0.4, 0.0, 0.4, 1.0, np.inf])  # between the six ratings, from one's criterion


def students(
    abilities: np.ndarray, criteria: np.ndarray, difficulties: np.ndarray, malignant: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Two-way answers of students who see the evidence of each item with noise of one standard deviation.

    Args:
        abilities: (seats,) d′ of each on an item of difficulty 0.
        criteria: (seats,) the evidence above which each says "malignant"; 0 lies between the kinds.
        difficulties: (items,) standard deviations that the evidence of each lies nearer to the other kind.
        malignant: (items,) what they are.
    """
    sign = np.where(malignant, 1.0, -1.0)
    evidence = sign * (abilities[:, None] / 2 - difficulties) + rng.normal(size=(len(abilities), len(malignant)))
    rating = np.digitize(evidence - criteria[:, None], _STEPS[1:-1]).ravel()
    sure = np.array(["sure", "fairly sure", "guessing", "guessing", "fairly sure", "sure"], dtype=object)
    seats, items = np.indices(evidence.shape).reshape(2, -1)
    asked = np.where(malignant, "malignant", "benign").astype(object)[items]
    frame = pd.DataFrame({
        "seat": seats, "position": items, "lesion_id": items, "image_id": items,
        "dx": np.where(malignant, "mel", "nv").astype(object)[items], "asked": asked, "model": asked, "stage": "alone",
        "answer": np.where(rating > 2, "malignant", "benign").astype(object), "sure": sure[rating],
    })
    return frame.assign(**{name: [value] * len(frame) for name, value in _REST.items() if name != "sure"})


class World(NamedTuple):
    """Students and items without end: means and standard deviations of the normal distributions that they come from.
    """

    ability: float = 1.5
    ability_sd: float = 0.7
    criterion_sd: float = 0.3
    difficulty_sd: float = 0.8

    def drawn(self, seats: int, items: int, seed: int) -> pd.DataFrame:
        """The answers of so many students to so many items, half of them malignant."""
        rng = np.random.default_rng(seed)
        return students(
            rng.normal(self.ability, self.ability_sd, seats), rng.normal(0, self.criterion_sd, seats),
            rng.normal(0, self.difficulty_sd, items), np.arange(items) % 2 == 0, rng,
        )

    def figures(self) -> dict[str, float]:
        """What holds for all of them together. The evidence of a student drawn at random on an item drawn at random,
        less that student's criterion, has a normal distribution.
        """
        spread = np.sqrt(1 + self.ability_sd**2 / 4 + self.criterion_sd**2 + self.difficulty_sd**2)
        malignant, benign = (np.diff(ndtr((_STEPS - sign * self.ability / 2) / spread)) for sign in (1, -1))
        share = float(malignant[3:].sum())
        auc = float((malignant * (np.cumsum(benign) - benign / 2)).sum())
        return {"right": share, "sensitivity": share, "specificity": share, "d_prime": self.ability / float(spread),
                "criterion": 0.0, "auc": auc}
