"""What a model card says of the data: where they are from, who was left out, and whom each part shows."""

import pandas as pd

from pipeline.classes import label
from pipeline.data.dataset import Dataset, Problem, load_dataset
from pipeline.data.extra import LEFT_OUT
from pipeline.data.tables import TRUTH_WORDS
from pipeline.errors import LesionLabError
from pipeline.files.workspace import Workspace
from pipeline.models.model_info import ExtraImages, ModelInfo
from pipeline.number_words import UNDEFINED, count, percent
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_code, as_text
from pipeline.text_tables import bullets, markdown_table

PART_WORDS = {"train": "training", "validation": "validation", "test": "test"}
_MOST_PROBLEMS = 8
_SITES = 15


def data_of(workspace: Workspace, info: ModelInfo) -> Dataset | None:
    """The data set that the model was trained on; None where it is gone or has other content by now."""
    try:
        dataset = load_dataset(workspace, info.data)
        return dataset if dataset.content_hash == info.data_hash else None
    except LesionLabError:
        return None


def described_images(run: RunDir, dataset: Dataset | None) -> pd.DataFrame | None:
    """The run's images with `part` and all that the data set's table says; None where one of the two is gone."""
    try:
        return None if dataset is None else dataset.metadata().merge(run.split()[["image_id", "part"]], on="image_id")
    except (LesionLabError, OSError, ValueError, KeyError):  # pyarrow's ArrowInvalid is a ValueError
        return None


def parts_of(images: pd.DataFrame) -> list[str]:
    return [part for part in PART_WORDS if (images["part"] == part).any()]


def source_text(info: ModelInfo, dataset: Dataset | None) -> str:
    """Name, licence and attribution of the training images."""
    kind = "drawings that LesionLab made; they show no person" if info.generated else "dermatoscopic images"
    lines = [
        f"Data set: {as_text(info.data)}, {kind}.",
        f"Licence: {as_text(info.licence)}. Attribution: {as_text(info.attribution)}.",
        f"Content (SHA-256 over ids, lesions, diagnoses and image bytes): {as_code(info.data_hash)}.",
    ]
    if info.extra is not None:
        lines.extend(_extra_lines(info, info.extra))
    if not info.generated and "NC" in info.licence:
        lines.append("The licence forbids commercial use, of this model too.")
    if dataset is not None:
        lines.extend(map(as_text, dataset.notes))
    return bullets(lines)


def _extra_lines(info: ModelInfo, extra: ExtraImages) -> list[str]:
    """Name, share, rights and content of the images of another data set that joined the training."""
    share = percent(extra.images / info.training_images)
    left_out = "; ".join(f"{n:,} {LEFT_OUT.get(reason, as_text(reason))}" for reason, n in extra.left_out.items())
    return [
        f"Extra training images: {count(extra.images, 'image')} of {count(extra.lesions, 'lesion')} of the data set "
        f"{as_text(extra.data)}, {share} of all training images; none of them validates or tests. The network's "
        "probabilities are at the frequencies of the others all the same.",
        *([f"Of {as_text(extra.data)} are left out: {left_out}."] if left_out else []),
        f"Their licence: {as_text(extra.licence)}. Attribution: {as_text(extra.attribution)}.",
        f"Their content: {as_code(extra.data_hash)}.",
    ]


def flow_text(run: RunDir, dataset: Dataset | None, images: pd.DataFrame | None) -> str:
    """From what was imported to what trained and what judged, with everything that was left out and why."""
    if dataset is None or images is None:
        return f"{UNDEFINED} The data set is no longer here as it was, so its flow cannot be told."
    config = run.config()
    lines = [
        f"Imported: {count(dataset.images, 'image')} of {count(dataset.lesions, 'lesion')}.",
        _problems_sentence(dataset.problems),
        f"Used by the run: {count(len(images), 'image')} of {count(images['lesion_id'].nunique(), 'lesion')}"
        + (f", limited to about {config.limit:,} (whole lesions, each diagnosis in its share)." if config.limit else
           ", all that were imported."),
    ]
    parts = parts_of(images)
    rows = []
    for code in sorted(images["dx"].unique()):
        cells = [images[(images["part"] == part) & (images["dx"] == code)] for part in parts]
        rows.append([as_text(label(code)), *(f"{len(cell):,} ({cell['lesion_id'].nunique():,})" for cell in cells)])
    rows.append(["all", *(
        f"{len(cell):,} ({cell['lesion_id'].nunique():,})" for cell in (images[images["part"] == p] for p in parts)
    )])
    return f"{bullets(lines)}\n\nImages (lesions) of each part:\n\n" + markdown_table(
        ["diagnosis", *(PART_WORDS[part] for part in parts)], rows
    )


def _problems_sentence(problems: list[Problem]) -> str:
    if not problems:
        return "Left out at the import: nothing."
    kinds = pd.Series([problem["problem"] for problem in problems]).value_counts()
    told = "; ".join(f"{as_text(words)} ({n:,})" for words, n in kinds.head(_MOST_PROBLEMS).items())
    more = f"; {len(kinds) - _MOST_PROBLEMS} other kinds" if len(kinds) > _MOST_PROBLEMS else ""
    return f"{count(len(problems), 'problem')} at the import, by kind: {told}{more}."


def people_text(images: pd.DataFrame | None) -> str:
    """Age, sex and site of each part, counted in images."""
    if images is None:
        return f"{UNDEFINED} The data set is no longer here as it was."
    parts = parts_of(images)
    by_part = [images[images["part"] == part] for part in parts]
    rows = [["age, median (quartiles), years", *(_ages(part["age"]) for part in by_part)]]
    for column, most in (("sex", None), ("localization", _SITES)):
        for value in images[column].value_counts().head(most).index:
            name = f"{'site' if column == 'localization' else column}: {as_text(value)}"
            rows.append([name, *(_share(part[column] == value) for part in by_part)])
    if images["source"].notna().any():
        for value in sorted(images["source"].dropna().unique()):
            rows.append([f"image source: {as_text(value)}", *(_share(part["source"] == value) for part in by_part)])
    return markdown_table(["images", *(PART_WORDS[part] for part in parts)], rows)


def _ages(ages: pd.Series) -> str:
    known = ages.dropna()
    if known.empty:
        return UNDEFINED
    low, middle, high = known.quantile([0.25, 0.5, 0.75])
    return f"{middle:.0f} ({low:.0f}–{high:.0f})"


def _share(is_so: pd.Series) -> str:
    return f"{is_so.sum():,} ({percent(is_so.mean())})"


def reference_text(images: pd.DataFrame | None) -> str:
    """How each diagnosis was made, counted in images."""
    if images is None:
        return f"{UNDEFINED} The data set is no longer here as it was."
    counts = pd.crosstab(images["dx"], images["dx_type"])
    rows = [
        [as_text(label(code)), *(f"{n:,} ({percent(n / row.sum())})" for n in row)] for code, row in counts.iterrows()
    ]
    return markdown_table(["diagnosis", *(as_text(TRUTH_WORDS.get(kind, kind)) for kind in counts.columns)], rows)


def missing_text(images: pd.DataFrame | None) -> str:
    """What is not recorded, in images of each part."""
    if images is None:
        return f"{UNDEFINED} The data set is no longer here as it was."
    parts = parts_of(images)
    absent = {
        "age": images["age"].isna(), "sex": images["sex"] == "unknown", "site": images["localization"] == "unknown",
        "how the diagnosis was made": images["dx_type"] == "unknown", "image source": images["source"].isna(),
    }
    rows = [[as_text(name), *(_share(is_so[images["part"] == part]) for part in parts)]
            for name, is_so in absent.items()]
    return markdown_table(["not recorded", *(PART_WORDS[part] for part in parts)], rows)
