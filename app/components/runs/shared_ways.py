"""From the figures of compared runs to the images behind them: those that all of them judged, on Errors."""

from itertools import combinations

from app.addresses.links import Way, explore_link
from app.loaders.other_answers import comparable
from pipeline.metrics.compare import Comparison
from pipeline.number_words import count
from pipeline.runs.run_dir import RunDir


class SharedWays:
    """Ways to images that the runs share; there are none where equal ids may name different images, nor where the runs
    know different lesions or diagnoses for some, which a comparison leaves out.
    """

    def __init__(self, found: Comparison, names: dict[str, str], runs: list[RunDir]):
        self._found, self._names, self._runs = found, names, {run.name: run for run in runs}
        self._alike = not found.contradicted and all(comparable(one, other) for one, other in combinations(runs, 2))

    def _way(self, words: str, number: int, run: str, **filters) -> Way:
        """The images as `run` judged them, of its validation part and that of all others."""
        part = self._runs[run].capabilities().compared_on
        return Way(words, number if self._alike else 0,
                   explore_link(run, **({"part": part} if part else {}), judged=self._others(run), **filters))

    def _others(self, run: str) -> list[str]:
        return [other for other in self._found.runs if other != run]

    def of_all(self) -> list[Way]:
        """All shared images."""
        n = self._found.images
        return [self._way(f"Open the {count(n, 'shared image')}", n, self._found.runs[0])]

    def of_truth(self, code: str) -> list[Way]:
        """The shared images of one reference diagnosis, and those that each run got wrong."""
        row = self._found.sensitivity.set_index("dx").loc[code]
        n = int(row["images"])
        ways = [self._way(f"Open the {count(n, 'image')} with {code}", n, self._found.runs[0], truth=code)]
        for run in self._found.runs:
            wrong = n - round(row[run] * n)
            ways.append(self._way(f"Open the {wrong:,} that {self._names[run]} got wrong", wrong, run, truth=code,
                                  right=False))
        return ways

    def of_disagreements(self, number: int, only: str | None, none_right: bool) -> list[Way]:
        """The images on which not all say the same: all, those that `only` one run got right, or none of them."""
        run = only or self._found.runs[0]
        others = self._others(run)
        filters = {"right": bool(only), "wrong": others} if only or none_right else {}
        return [self._way(f"Open these {count(number, 'image')}", number, run, differs=others, **filters)]
