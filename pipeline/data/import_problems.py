"""What is wrong with single images of an import, as {image_id, problem}: listed up to a number, counted beyond it."""

from collections.abc import Iterable

from pipeline.data.image_ids import is_image_id
from pipeline.data.quotable import quotable
from pipeline.limits import MOST_PROBLEMS


def problems_of(ids: Iterable[object], sentence: str) -> list[dict]:
    """The same problem with each of the images; None stands for what cannot be shown, and for all beyond a number."""
    listed, rest = [], 0
    for image_id in ids:
        if len(listed) < MOST_PROBLEMS:
            listed.append({"image_id": image_id if _may_be_told(image_id) else None, "problem": sentence})
        else:
            rest += 1
    return listed + _more(rest, sentence)


def _may_be_told(image_id: object) -> bool:
    return is_image_id(image_id) and quotable(image_id, len(image_id))


def shortened(problems: list[dict]) -> list[dict]:
    """As many of the problems as a data set keeps."""
    return problems[:MOST_PROBLEMS] + _more(len(problems) - MOST_PROBLEMS, "with other problems")


def _more(rest: int, what: str) -> list[dict]:
    return [{"image_id": None, "problem": f"{rest:,} more images: {what}"}] if rest > 0 else []


def problem_said(problem: dict) -> str:
    """A problem within a sentence."""
    who = problem["image_id"] if quotable(problem["image_id"]) else "an image"
    return f"{who}: {problem['problem'].rstrip('.')}"
