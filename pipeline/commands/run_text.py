"""A run and its figures in words, from tables and JSON that are stored with it."""

from typing import Any

from pipeline.classes import label
from pipeline.metrics.metric_registry import metrics_of
from pipeline.metrics.units import figure_words
from pipeline.number_words import count, decimal, duration, percent
from pipeline.runs.time_parts import part_name
from pipeline.text_tables import facts, table
from pipeline.vocabulary import HeldOutPart


def run_text(summary: dict[str, Any], results: dict[str, Any] | None = None) -> str:
    """What `run_summary` tells, in lines; with stored `results` also each diagnosis and the melanoma count."""
    pairs = [
        ("run", summary["run"]),
        ("state", summary["state"] + (f" (process {summary['pid']})" if summary["pid"] else "")),
        ("time", duration(summary["seconds"])),
        ("data set", summary["data"] or "–"),
        ("preset", summary["preset"] or "–"),
        ("network", summary["arch"] or "–"),
        ("split", summary["split"] or "–"),
    ]
    if summary["time"]:
        pairs.insert(3, ("of which", _time_text(summary["time"])))
    if summary["evaluates"]:
        pairs.append(("evaluates", f"the model {summary['evaluates']}"))
    if summary["parent"]:
        pairs.append(("started from", f"{summary['parent']}:{summary['parent_stage']}"))
    pairs += [("note", note) for note in summary["notes"]]
    if summary["error"]:
        pairs.append(("error", summary["error"]))
    blocks = [facts(pairs)]
    for part in ("validation", "test"):
        if summary[part]:
            blocks.append(_part_text(part, summary[part], (results or {}).get(part) or {}))
    return "\n\n".join(blocks)


def _time_text(parts: dict[str, float]) -> str:
    """"data 12 s, forward and backward 4 min 10 s (61.0 %), …": a share where it is a tenth of the time or more."""
    whole = sum(parts.values())
    words = []
    for part, seconds in parts.items():
        share = f" ({percent(seconds / whole)})" if seconds >= whole / 10 > 0 else ""
        words.append(f"{part_name(part)} {duration(seconds)}{share}")
    return ", ".join(words)


def _part_text(part: HeldOutPart, figures: dict[str, Any], details: dict[str, Any]) -> str:
    lines = [
        f"{part.capitalize()}: {count(figures['images'], 'image')} of {count(figures['lesions'], 'lesion')}",
        facts([(f"  {metric.name}", figure_words(figures[metric.key], metric.unit)) for metric in metrics_of("part")]),
    ]
    if details.get("chose_epoch"):
        from pipeline.evaluation.evaluate import CHOSE_EPOCH_SENTENCE

        lines.append("  " + CHOSE_EPOCH_SENTENCE)
    if melanoma := details.get("melanoma"):
        lines.append(
            f"  It called {melanoma['called_else']:,} of {count(melanoma['lesions'], 'melanoma lesion')} something "
            f"else (95 % Wilson interval {percent(melanoma['low'])} to {percent(melanoma['high'])})."
        )
    if details.get("per_diagnosis"):
        rows = [
            [
                "  " + label(code), f"{row['images']:,}", f"{row['lesions']:,}", percent(row["sensitivity"]),
                percent(row["specificity"]), decimal(row["auc"]),
            ]
            for code, row in details["per_diagnosis"].items()
        ]
        header = ["  diagnosis", "images", "lesions", "sensitivity", "specificity", "AUC"]
        lines += ["", table(header, rows, right=range(1, 6))]
    return "\n".join(lines)


def runs_table(summaries: list[dict[str, Any]]) -> str:
    """One line a run."""
    if not summaries:
        return "There is no run yet: `python -m pipeline demo` makes one."
    rows = []
    for summary in summaries:
        figures = summary["validation"] or (summary["evaluates"] and summary["test"]) or {}
        rows.append([
            summary["run"], summary["state"], duration(summary["seconds"]), summary["arch"] or "–",
            summary["split"] or "–", f"{figures['images']:,}" if figures else "–", percent(figures.get("accuracy")),
            percent(figures.get("balanced_accuracy")),
        ])
    header = ["run", "state", "time", "network", "split", "images", "accuracy", "balanced accuracy"]
    note = "Images and accuracies are those of the validation part."
    if any(summary["evaluates"] for summary in summaries):
        note += " Those of an evaluation (split external) are of the images that it judged."
    return f"{table(header, rows, right=(5, 6, 7))}\n\n{note}"
