"""What the model's answer did to a student's: every answer that was given before it and after it is of one kind.

Of those that were wrong alone while the model was right, the share that became right says what a class gains; of those
that were right alone while the model was wrong, the share that became wrong says how far it is led astray (relative
reliance on the model, and one less that on oneself: Schemmer et al. 2023, Proc. IUI, 410).
"""

from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd

from pipeline.classroom.class_bootstrap import RESAMPLES, Estimate
from pipeline.classroom.class_figures import LEAST_OF_EACH, class_sample
from pipeline.classroom.comparisons import paired
from pipeline.vocabulary import SwitchKind

SWITCH_KINDS: tuple[SwitchKind, ...] = get_args(SwitchKind)


@dataclass(frozen=True)
class Switches:
    """The answers that were given alone and with the model.

    Attributes:
        counts: how many are of each kind; they sum to `n`.
        shares: of all of them, 0..1.
        led_astray: of those that were right alone while the model was wrong, the share that became wrong.
        gained: of those that were wrong alone while the model was right, the share that became right.
    """

    n: int
    counts: dict[SwitchKind, int]
    shares: dict[SwitchKind, Estimate]
    led_astray: Estimate
    gained: Estimate


def switch_kinds(pairs: pd.DataFrame) -> np.ndarray:
    """(answers,) of which kind each is.

    Args:
        pairs: as from `paired`: answer, final, model and asked.
    """
    before, after, model = (pairs[name] == pairs["asked"] for name in ("answer", "final", "model"))
    kept = pairs["answer"] == pairs["final"]
    kinds = np.select(
        [before & kept, before & ~model, before, after & model, after, kept],
        ["right-kept", "right-to-wrong-after-wrong", "right-to-wrong-after-right", "wrong-to-right-after-right",
         "wrong-to-right-after-wrong", "wrong-kept"],
        "wrong-to-another-wrong",
    )
    return kinds.astype(object)


def switches(table: pd.DataFrame, seed: int, resamples: int = RESAMPLES) -> Switches:
    """The switches of a seat or a class.

    Args:
        table: rows of `answers`.
        seed: of the resamples; equal seeds give equal intervals.
    """
    pairs = paired(table)
    sample, kinds = class_sample(pairs, seed, resamples), switch_kinds(pairs)
    everything = np.ones(len(pairs), dtype=bool)
    before, after, model = ((pairs[name] == pairs["asked"]).to_numpy(dtype=bool)
                            for name in ("answer", "final", "model"))
    return Switches(
        len(pairs), {kind: int((kinds == kind).sum()) for kind in SWITCH_KINDS},
        {kind: sample.share(kinds == kind, everything, LEAST_OF_EACH) for kind in SWITCH_KINDS},
        sample.share(~after, before & ~model, LEAST_OF_EACH), sample.share(after, ~before & model, LEAST_OF_EACH),
    )
