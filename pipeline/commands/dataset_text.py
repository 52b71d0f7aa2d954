"""What came in with a data set, as the commands say it."""

from pipeline.classes import label
from pipeline.number_words import count
from pipeline.text_tables import table


def dataset_answer(dataset) -> dict:
    """What came in, as the JSON object says it."""
    return {
        "name": dataset.name, "images": dataset.images, "lesions": dataset.lesions, "diagnoses": dataset.diagnoses,
        "problems": dataset.problems, "notes": dataset.notes, "generated": dataset.generated,
        "content_hash": dataset.content_hash, "licence": dataset.licence, "attribution": dataset.attribution,
        "view": dataset.view,
    }


def problem_line(problem: dict) -> str:
    """A problem as {image_id, problem}, on a line of its own; some are of no image that can be named."""
    named = "" if problem["image_id"] is None else f"{problem['image_id']}: "
    return f"  {named}{problem['problem']}"


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
        lines += map(problem_line, dataset.problems)
    return "\n".join(lines)
