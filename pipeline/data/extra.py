"""Extra training images: which of another data set may join a run's training part, and why the others may not."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from pipeline.data.overlap import plain_id
from pipeline.data.same_lesion import lesion_groups
from pipeline.number_words import count

# why an image of the other data set is left out; the first that holds counts
LEFT_OUT = {
    "reserved": "reserved, or of a reserved lesion",
    "diagnosis": "of diagnoses that the run's data set does not have",
    "id": "with the id of a held-out image",
    "content": "with the content of a held-out image",
    "lesion": "with the lesion_id of a held-out image",
    "near-twin": "that look nearly like a held-out image",
    "together": "of a lesion of which another image is left out for that",
    "training": "in the training part already, by id or content",
    "limit": "beyond the limit",
}
COLUMNS = ["image_id", "lesion_id", "dx", "sha256", "left_out"]


def left_out_of_extra(
    extra: pd.DataFrame, own: pd.DataFrame, part: pd.Series, reserved: Iterable[str],
    twins: Iterable[tuple[str, str]], together: Iterable[tuple[str, str]], classes: Iterable[str],
) -> pd.Series:
    """For each image of `extra` the key of LEFT_OUT why it may not train, or NA.

    Args:
        extra: the other data set's table: image_id, lesion_id, dx, sha256.
        own: the table of the run's own data set, with the same columns.
        part: on the index of `own`: "train" where the image trains; NA where it is in no part and not reserved, such as
            beyond a limit, which is held out from nothing; any other word where it is held out.
        reserved: ids of `extra` that are reserved.
        twins: pairs of an id of `extra` and one of `own` that are near-twins.
        together: pairs of ids of `extra` that show one lesion: near-twins, or confirmed by somebody.
        classes: the diagnoses that the network chooses among.

    Returns:
        text, on the index of `extra`.
    """
    held_out, trains = own[part.notna() & (part != "train")], own[part == "train"]
    ids, group = plain_id(extra["image_id"]), lesion_groups(extra, together)
    of_held_out = set(held_out["image_id"])
    near = {ours for ours, theirs in twins if theirs in of_held_out}
    found = {
        "reserved": group.isin(group[extra["image_id"].isin(set(reserved))]),
        "diagnosis": ~extra["dx"].isin(list(classes)),
        "id": ids.isin(plain_id(held_out["image_id"])),
        "content": extra["sha256"].isin(held_out["sha256"]),
        "lesion": extra["lesion_id"].isin(held_out["lesion_id"]),
        "near-twin": extra["image_id"].isin(near),
    }
    shown = found["id"] | found["content"] | found["lesion"] | found["near-twin"]
    found["together"] = group.isin(group[shown])
    found["training"] = ids.isin(plain_id(trains["image_id"])) | extra["sha256"].isin(trains["sha256"])
    reasons = np.select(list(found.values()), list(found), default="")
    return pd.Series(reasons, index=extra.index, dtype="str").replace("", pd.NA)


def extra_sentences(name: str, table: pd.DataFrame, own: int) -> list[str]:
    """What joined the training and what was left out, each in a sentence.

    Args:
        name: of the other data set.
        table: COLUMNS of its images, as a run stores them.
        own: how many images of the run's own data set train.
    """
    joins = table[table["left_out"].isna()]
    share = 100 * len(joins) / max(len(joins) + own, 1)
    kinds = ", ".join(f"{code} {n:,}" for code, n in joins["dx"].value_counts().sort_index().items())
    said = [
        f"Of the data set {name} {count(len(joins), 'image')} of {count(joins['lesion_id'].nunique(), 'lesion')} join "
        f"the training part alone{f' ({kinds})' if kinds else ''}: {share:.1f} % of the training images."
    ]
    counts = table["left_out"].value_counts()
    reasons = [f"{counts[reason]:,} {words}" for reason, words in LEFT_OUT.items() if reason in counts]
    return [*said, f"Of it are left out: {'; '.join(reasons)}."] if reasons else said
