"""How many validation images show a lesion that training saw, on both splits; and what metadata alone gives away."""

from typing import Any

import pandas as pd
import streamlit as st

from app.charts.leakage_figures import seen_figure
from app.components.figures import dark, show
from app.words.factor_words import FACTOR_WORDS
from pipeline.number_words import UNDEFINED, count, decimal, percent
from pipeline.shown import as_text

_SPLITS = {"lesion": "Split by lesion", "random": "Split by image, as the article"}


def seen_table(seen: dict[str, Any]) -> pd.DataFrame:
    """A row for each split and for all and the melanomas: words, split, share, text, seen, images."""
    rows = []
    for split, name in _SPLITS.items():
        for noun, whole, part in (("all images", "images", "seen"), ("melanomas", "melanomas", "melanomas_seen")):
            of = seen[split]
            if of[whole]:
                share = of[part] / of[whole]
                rows.append({
                    "words": f"{name}:<br>{noun}", "split": split, "share": share, "seen": of[part], "of": of[whole],
                    "text": f"{percent(share)}<br>{of[part]:,} of {of[whole]:,}",
                })
    return pd.DataFrame(rows)


def seen_panel(audit: dict[str, Any], name: str) -> None:
    """The shares in words and as bars; that the set is too small to split where it is."""
    seen = audit["seen"]
    if seen is None:
        st.info("The data set is too small to split into training and validation.")
        return
    lesion, mean = seen["lesion"], seen["random_expected"]
    melanomas = f", and **{percent(mean['melanomas_share'])} of the melanomas**," if (
        mean["melanomas_share"] is not None) else ""
    st.markdown(
        f"Drawn image by image, as the article did, **{percent(mean['share'])} of the validation images**{melanomas} "
        f"show a lesion of which the network has seen another image in training (expected over all such splits). "
        f"It can recognise them instead of diagnosing them. By lesion it is {lesion['seen']:,} of "
        f"{count(lesion['images'], 'image')}."
    )
    table = seen_table(seen)
    behind = table.assign(Split=table["split"].map(_SPLITS), Images=table["words"].str.split("<br>").str[1],
                          Share=table["share"].map(percent))
    behind = behind.rename(columns={"seen": "Seen in training", "of": "Of"})
    show(seen_figure(table, dark()), behind[["Split", "Images", "Seen in training", "Of", "Share"]],
         f"{name}-seen-lesions", key="leakage.seen")
    st.caption("Both splits with seed 0.")


def metadata_panel(audit: dict[str, Any]) -> None:
    """How well dx_type and the image source alone predict the diagnosis, against the most frequent one."""
    leaks = audit["label_leaks"]
    rows = [
        {
            "From": FACTOR_WORDS[leak["factor"]], "Values": f"{leak['values']:,}",
            "Accuracy": percent(leak["accuracy"]), "Balanced accuracy": percent(leak["balanced_accuracy"]),
            "Balanced accuracy, all diagnoses alike": percent(leak["weighed_balanced_accuracy"]),
            "Cramér's V": decimal(leak["cramers_v"], 2),
        }
        for leak in leaks if leak["recorded"]
    ]
    nothing = leaks[0]
    rows.append({
        "From": "Nothing: the most frequent diagnosis", "Values": UNDEFINED,
        "Accuracy": percent(nothing["majority_accuracy"]),
        "Balanced accuracy": percent(nothing["chance_balanced_accuracy"]),
        "Balanced accuracy, all diagnoses alike": percent(nothing["chance_balanced_accuracy"]),
        "Cramér's V": UNDEFINED,
    })
    st.markdown("Without any image, only from what the table says of it: five-fold cross-validation over lesions, "
                f"n = {count(audit['images'], 'image')} of {count(audit['lesions'], 'lesion')}.")
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="leakage.metadata")
    st.caption("Accuracy and balanced accuracy: each value stands for its most frequent diagnosis. All diagnoses "
               "alike: for the one with the largest share of its own images there.")
    if absent := [FACTOR_WORDS[leak["factor"]].lower() for leak in leaks if not leak["recorded"]]:
        st.caption(as_text(f"Not recorded: {', '.join(absent)}."))
    sources = next((leak for leak in leaks if leak["factor"] == "source" and leak["recorded"]), None)
    if sources:
        alike, chance = sources["weighed_balanced_accuracy"], sources["chance_balanced_accuracy"]
        st.markdown(
            f"The image source alone reaches a balanced accuracy of {percent(alike)} where chance is {percent(chance)}"
            ": a network that recognises the camera has that much for nothing. How a run does within each source "
            "stands under Evaluation, Subgroups."
        )
