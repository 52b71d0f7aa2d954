"""The ways from the figures of Evaluation to their images: each number with the filter that gives it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from app.addresses.links import Way, explore_link
from app.loaders.evaluation_rows import CONFIDENCE
from pipeline.metrics.lesion_answers import lesion_means
from pipeline.metrics.metric_functions import bin_of
from pipeline.metrics.predictions_table import classes_of, probabilities_of, probability_column
from pipeline.metrics.subgroups import CONFIDENCE_BANDS, CONFIDENCE_ENDS
from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir
from pipeline.vocabulary import Decision, HeldOutPart


class Ways:
    """Ways to images of one part of a run under one decision.

    Args:
        rows: the part's predictions, as the decision sees them.
    """

    def __init__(self, run: RunDir, part: HeldOutPart, decision: Decision, rows: pd.DataFrame):
        self._run, self._always, self._rows = run, {"part": part, "decision": decision}, rows
        self._classes = classes_of(rows)

    def _way(self, words: str, number: int, **filters: Any) -> Way:
        return Way(words, number, explore_link(self._run.name, **self._always, **filters))

    def _others(self, codes: Sequence[str]) -> list[str]:
        return [code for code in self._classes if code not in codes]

    def of_all(self) -> list[Way]:
        """All images of the part, and those that are wrong."""
        return self._right_and_wrong("", np.ones(len(self._rows), dtype=bool), {})

    def _right_and_wrong(self, of: str, inside: np.ndarray, filters: dict[str, Any]) -> list[Way]:
        wrong = inside & (self._rows["truth"] != self._rows["predicted"]).to_numpy()
        n, lost = int(inside.sum()), int(wrong.sum())
        return [
            self._way(f"Open the {count(n, 'image')}{of}", n, **filters),
            self._way(f"Open the {lost:,} that {'is' if lost == 1 else 'are'} wrong", lost, right=False, **filters),
        ]

    def of_target(self, codes: Sequence[str]) -> list[Way]:
        """The images and lesions that the figures of a target count."""
        truth, predicted = self._rows["truth"].isin(codes), self._rows["predicted"].isin(codes)
        others, name = self._others(codes), ", ".join(codes)
        means = lesion_means(self._rows)
        lesions = means.loc[means["truth"].isin(codes), "predicted"].isin(codes)
        n, missed, alarms = int(truth.sum()), int((truth & ~predicted).sum()), int((~truth & predicted).sum())
        lost = int((~lesions).sum())
        return [
            self._way(f"Open the {count(n, 'image')} with {name}", n, truth=codes),
            self._way(f"Open the {missed:,} called something else", missed, truth=codes, predicted=others),
            self._way(f"Open the {count(alarms, 'other image')} called {name}", alarms, truth=others, predicted=codes),
            self._way(f"Open the {count(len(lesions) - lost, 'lesion')} recognised", len(lesions) - lost, truth=codes,
                      called=codes),
            self._way(f"Open the {count(lost, 'lesion')} not recognised", lost, truth=codes, called=others),
        ]

    def of_group(self, factor: str, level: str, groups: pd.Series, figure: str, codes: Sequence[str]) -> list[Way]:
        """The images that a figure of one group is a share of, and those of them on which it fails."""
        inside = (groups == level).to_numpy()
        filters = {"confidence": _band(level)} if factor == CONFIDENCE else {factor: level}
        if figure not in ("sensitivity", "specificity"):
            return self._right_and_wrong("", inside, filters)
        others, name = self._others(codes), ", ".join(codes)
        asked, rest, words = (codes, others, f"with {name}") if figure == "sensitivity" else (
            others, codes, f"of everything but {name}")
        called = "something else" if figure == "sensitivity" else name
        counted = inside & self._rows["truth"].isin(asked).to_numpy()
        failed = counted & self._rows["predicted"].isin(rest).to_numpy()
        return [
            self._way(f"Open the {count(int(counted.sum()), 'image')} {words}", int(counted.sum()), truth=asked,
                      **filters),
            self._way(f"Open the {int(failed.sum()):,} called {called}", int(failed.sum()), truth=asked, predicted=rest,
                      **filters),
        ]

    def of_bin(self, place: int, low: float, high: float, code: str | None) -> list[Way]:
        """The images of one bin of a reliability diagram, whose lower end belongs to the bin below."""
        ends = (np.nextafter(low, 1) if place else 0.0, min(np.nextafter(high, 2), 1.0))
        if code is None:
            probability = probabilities_of(self._rows, self._classes).max(axis=1)
            return self._right_and_wrong("", bin_of(probability) == place, {"confidence": ends})
        inside = bin_of(self._rows[probability_column(code)].to_numpy(dtype=np.float64)) == place
        filters, with_it = {"of": code, "own": ends}, inside & (self._rows["truth"] == code).to_numpy()
        n, hits = int(inside.sum()), int(with_it.sum())
        return [
            self._way(f"Open the {count(n, 'image')}", n, **filters),
            self._way(f"Open the {hits:,} with {code}", hits, truth=code, **filters),
            self._way(f"Open the {n - hits:,} of something else", n - hits, truth=self._others([code]), **filters),
        ]

    def of_threshold(self, codes: Sequence[str], positive: bool, flagged: bool, threshold: float, images: int) -> Way:
        """The images of the lesions on one side of a threshold."""
        share = (threshold, 1.0) if flagged else (0.0, threshold)
        return self._way(f"Open these {count(images, 'image')}", images, of=codes, share=share,
                         truth=codes if positive else self._others(codes))


def _band(level: str) -> tuple[float, float]:
    place = CONFIDENCE_BANDS.index(level)
    ends = (0.0, *CONFIDENCE_ENDS, 1.0)
    return ends[place], ends[place + 1]
