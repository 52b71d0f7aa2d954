"""The table of all models, and one model's figures in words."""

import pandas as pd
import streamlit as st

from app.components.figures import csv_download
from app.components.metric_places import SHORT_NAMES, metric_columns, metric_values
from app.words.evaluation_words import headline
from pipeline.classes import label
from pipeline.metrics.metric_registry import metrics_of
from pipeline.models.card_results import network_words
from pipeline.models.combined import members_sentence
from pipeline.models.library import title_of
from pipeline.models.model_info import ModelInfo
from pipeline.models.notice import weighing
from pipeline.models.recognition import networks_sentence
from pipeline.models.weights_files import own_weights
from pipeline.number_words import count
from pipeline.shown import as_text

_SHOWN = [metric for metric in metrics_of("part") if metric.interval]
_ROW, _MOST_ROWS = 35, 8  # pixels; more rows scroll inside the table


def weights_bytes(info: ModelInfo) -> int | None:
    """Size of the model's weights; None where they are gone."""
    paths = own_weights(info)
    return sum(path.stat().st_size for path in paths) if paths and all(path.exists() for path in paths) else None


def models_table(models: list[ModelInfo]) -> None:
    """A row a model, newest first."""
    rows = []
    shown = metric_values(_SHOWN, [info.validation or {} for info in models], SHORT_NAMES)
    for row, info in enumerate(models):
        figures, size = info.validation or {}, weights_bytes(info)
        rows.append({
            "title": title_of(info), "data": info.data, "network": network_words(info),
            "pixels": f"{info.width}×{info.height}", "diagnoses": len(info.classes),
            **{name: values[row] for name, values in shown.items()},
            "images": figures.get("images"), "size": size and size / 1e6,
            "created": pd.Timestamp(info.created, unit="s", tz="UTC"),
        })
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    table = pd.DataFrame(rows)
    st.dataframe(
        table, hide_index=True, key="models.table", placeholder="–", width="stretch", row_height=_ROW,
        height=_ROW * (min(len(rows), _MOST_ROWS) + 1) + 3,
        column_config={
            "title": text("Model", pinned=True, width="medium"), "data": text("Trained on"), "network": text("Network"),
            "pixels": text("Pixels"), "diagnoses": number("Diagnoses"),
            **metric_columns(_SHOWN, SHORT_NAMES),
            "images": number("Validation images", format="localized"), "size": number("MB", format="%.1f"),
            "created": st.column_config.DatetimeColumn("Made", format="YYYY-MM-DD HH:mm",
                                                       timezone=st.context.timezone or "UTC"),
        },
    )
    csv_download(table, "models", "models.table")
    st.caption("Figures are of each model's own validation images, so those of different data sets cannot be compared.")


def _judged(info: ModelInfo) -> str:
    """Whose figures stand with the model, and on what: the beginning of a sentence."""
    images = info.validation["images"]
    if info.members:
        return f"On {count(images, 'image')} that no member was trained on"
    if info.folds:
        return ("In cross-validation, each judged by the one network that was trained without its lesion, on "
                f"{count(images, 'image')}")
    if info.split == "all":
        return f"In cross-validation its sibling networks, not it, reached on {count(images, 'image')}"
    return f"On its {count(images, 'validation image')}"


def about(info: ModelInfo) -> None:
    """What one model is, in a few sentences."""
    figures = info.validation or {}
    kind = " (generated drawings)" if info.generated else ""
    st.markdown(as_text(
        f"{network_words(info)}, {info.width}×{info.height} pixels, trained on "
        f"{count(info.training_images, 'image')} of {count(info.training_lesions, 'lesion')} of the data set "
        f"{info.data}{kind}. "
        f"{_judged(info)}: {headline(figures)}." if figures.get("images") else
        f"{network_words(info)}, {info.width}×{info.height} pixels, trained on the data set "
        f"{info.data}{kind}. It has no validation figures."
    ))
    if info.members or info.folds:
        st.markdown(as_text(members_sentence(info) if info.members else networks_sentence(info)))
    st.caption(as_text(f"It chooses among {', '.join(label(code) for code in info.classes)}. {weighing(info)}"))
