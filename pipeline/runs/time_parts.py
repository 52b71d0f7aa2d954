"""How the time of a run divides, from its own events."""

from collections.abc import Iterable
from typing import Any, Literal

from pipeline.runs.events import last_events
from pipeline.runs.run_dir import RunDir
from pipeline.vocabulary import TimePart

# in the order of a run: part, name, what it is
TIME_PARTS: dict[TimePart | Literal["rest"], tuple[str, str]] = {
    "data": ("data", "decoding each image once, then gathering and varying the images of each training batch"),
    "features": ("features", "the backbone's outputs of all images, computed once where the head alone is trained"),
    "training": ("forward and backward", "the network's outputs, its gradients and the optimizer's step"),
    "validation": ("validation", "the held-out images after each epoch, and its figures"),
    "judging": ("predicting", "the held-out images once more with the weights that were kept, and the run's figures"),
    "explaining": ("explaining", "a heatmap for the predicted and one for the reference diagnosis of each held-out "
                   "image"),
    "writing": ("writing", "checkpoints, predictions and the model"),
    "rest": ("start and the rest", "loading libraries and network, and what was lost where the run was broken off"),
}


def divide(events: Iterable[dict[str, Any]], seconds: float | None) -> dict[str, float]:
    """Seconds by part, in the order of TIME_PARTS; together they are the run's `seconds`.

    Args:
        events: a run's, or its last ones. Runs from before a part was measured apart have it in another one: heatmaps
            in "judging", waiting for batches in "training".
        seconds: of work, as its status has them.

    Returns:
        only the parts that the run had; empty where its events do not tell, as before its end.
    """
    spent = {event["part"]: event["seconds"] for event in events if event.get("kind") == "time"}
    if not spent or seconds is None:
        return {}
    spent["rest"] = max(seconds - sum(spent.values()), 0.0)
    known = {part: spent.pop(part) for part in TIME_PARTS if part in spent}
    return known | spent


def time_division(run: RunDir, seconds: float | None) -> dict[str, float]:
    """`divide` for a run on disk, of whose events only the last are read."""
    return divide(last_events(run.events_path), seconds)


def part_name(part: str) -> str:
    """"data", "forward and backward"; a part that is not in TIME_PARTS is called as the events do."""
    return TIME_PARTS[part][0] if part in TIME_PARTS else part
