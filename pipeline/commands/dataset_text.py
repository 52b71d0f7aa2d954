"""What came in with a data set, as the commands say it."""

from pipeline.classes import label
from pipeline.number_words import count
from pipeline.text_tables import table

_MOST_NAMED = 8  # images


def dataset_answer(dataset) -> dict:
    """What came in, as the JSON object says it."""
    return {
        "name": dataset.name, "images": dataset.images, "lesions": dataset.lesions, "diagnoses": dataset.diagnoses,
        "problems": dataset.problems, "notes": dataset.notes, "generated": dataset.generated,
        "content_hash": dataset.content_hash, "licence": dataset.licence, "attribution": dataset.attribution,
        "view": dataset.view,
    }


def problem_lines(problems: list[dict]) -> list[str]:
    """Problems as {image_id, problem}, those of one kind on one line; some are of no image that can be named."""
    of_kind: dict[str, list[str | None]] = {}
    for problem in problems:
        of_kind.setdefault(problem["problem"], []).append(problem["image_id"])
    return [f"  {_who(ids)}{sentence}" for sentence, ids in of_kind.items()]


def _who(ids: list[str | None]) -> str:
    if len(ids) == 1:
        return "" if ids[0] is None else f"{ids[0]}: "
    told = [image_id for image_id in ids if image_id is not None]
    shown = ", ".join(told[:_MOST_NAMED])
    more = f" and {len(ids) - _MOST_NAMED:,} more" if shown and len(ids) > _MOST_NAMED else ""
    return f"{len(ids):,} images{f' ({shown}{more})' if shown else ''}: "


def dataset_text(dataset) -> str:
    """What came in, in words."""
    lines = [f"{dataset.name}: {count(dataset.images, 'image')} of {count(dataset.lesions, 'lesion')}"]
    rows = [[f"  {label(code)}", f"{n['images']:,}", f"{n['lesions']:,}"] for code, n in dataset.diagnoses.items()]
    lines.append(table(["  diagnosis", "images", "lesions"], rows, right=(1, 2)))
    if dataset.generated:
        from pipeline.images.generated import NOTICE

        lines.append(f"Its images are {NOTICE}.")
    lines += dataset.notes
    if dataset.problems:
        lines.append(f"{count(len(dataset.problems), 'problem')}:")
        lines += problem_lines(dataset.problems)
    return "\n".join(lines)
