"""Training lesions that the network finds nearest to an item: of its reference diagnosis, and of the one that it is
confused with. Never lesions that the class is still to be asked about.
"""

from collections.abc import Collection, Mapping

import pandas as pd

from pipeline.classroom.lesson import Item, Lesson, answer_of, called
from pipeline.classroom.room import Room

OF_EACH = 2


def confused_with(lesson: Lesson, item: Item) -> str:
    """The diagnosis that an item is most easily taken for: what the model calls it, or where that is the reference
    diagnosis, the next highest; a code.
    """
    said = called(lesson, item)
    others: Mapping[str, float] = {code: share for code, share in answer_of(lesson, item).items() if code != item.dx}
    return said if said != item.dx else max(sorted(others), key=others.__getitem__)


def still_to_come(room: Room, position: int) -> set[str]:
    """The lesions that a class may still be asked about after the item at `position`, from 0: of the later items of
    every seat, and of a form that is not in use, which may be kept for another day.
    """
    orders = [room.items(form) for form in room.lesson.forms] if room.plan.both_forms else [room.items()]
    later = [item for order in orders for item in order[position + 1 :]]
    unused = [] if room.plan.both_forms else [item for form, items in room.lesson.forms.items() if form != "A"
                                              for item in items]
    return {item.lesion_id for item in (*later, *unused)}


def look_alikes(
    neighbours: pd.DataFrame, item: Item, confused: str, without: Collection[str], of_each: int = OF_EACH
) -> pd.DataFrame:
    """The most similar training lesions of the reference diagnosis, then those of `confused`.

    Args:
        neighbours: as `explain.neighbours.nearest_lesions` gives them.
        confused: a code, as from `confused_with`.
        without: lesions that are left out, as from `still_to_come`.

    Returns:
        Rows of `neighbours`, at most `of_each` of either diagnosis, the most similar first; none of an image that it
        does not know.
    """
    known = neighbours[(neighbours["image_id"] == item.image_id) & ~neighbours["lesion_id"].isin(list(without))]
    parts = [known[known["dx"] == dx].sort_values("similarity", ascending=False, kind="stable").head(of_each)
             for dx in (item.dx, confused)]
    return pd.concat(parts)
