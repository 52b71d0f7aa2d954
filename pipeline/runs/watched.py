"""The held-out lesions that a run shows while it trains, and what the network said of each after every epoch."""

from typing import Any, NamedTuple

NUMBER = 6


class Answer(NamedTuple):
    """What was said after an epoch: its stage, its number in the stage and over all stages, each from 1.

    Attributes:
        probabilities: by diagnosis, for each lesion in order; None where the network gave no finite ones.
    """

    stage: int
    epoch: int
    overall: int
    probabilities: list[dict[str, float] | None]


class Watched(NamedTuple):
    """The lesions by an image of each, their reference diagnoses, and the answers, the first epoch's first."""

    image_ids: list[str]
    truths: list[str]
    answers: list[Answer]


def watched(events: list[dict[str, Any]]) -> Watched | None:
    """What the events of a run tell of the lesions that it watches; None where it watches none, as older runs do."""
    told = [event for event in events if event.get("kind") == "watched" and event["lesions"]]
    if not told:
        return None
    image_ids = [lesion["image_id"] for lesion in told[-1]["lesions"]]
    truths = [lesion["truth"] for lesion in told[-1]["lesions"]]
    answers = {}
    for event in told:
        if event["overall"]:  # 0: before the first epoch
            said = {lesion["image_id"]: lesion["probabilities"] for lesion in event["lesions"]}
            answers[event["overall"]] = Answer(
                event["stage"], event["epoch"], event["overall"], [said.get(image_id) for image_id in image_ids])
    return Watched(image_ids, truths, [answers[overall] for overall in sorted(answers)])
