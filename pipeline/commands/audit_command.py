"""`data audit`: what would let a network's figures flatter it, and verdicts on pairs of images that look alike."""

from pathlib import Path
from typing import Any

from pipeline.commands.arguments import add_command
from pipeline.commands.output import Output
from pipeline.files.workspace import current_workspace
from pipeline.number_words import count, decimal, percent
from pipeline.text_tables import table

_SHOWN = 12
_FACTORS = {"dx_type": "how the reference diagnosis was made", "source": "image source"}


def add_audit(group) -> None:
    """Adds the command to the group `data`."""
    parser = add_command(
        group, "audit", data_audit,
        help="how many validation images show a lesion that training saw, on the split by lesion and the article's; "
        "pairs of near-identical images with different lesion_ids; what dx_type and the image source give away",
        epilog="--confirm takes verdicts on pairs from a csv with the columns image_a, image_b and verdict (same or\n"
        "different). Lesions of confirmed pairs stay on one side of later splits by lesion; existing runs keep theirs.",
    )
    parser.add_argument("name", metavar="NAME", help="the data set")
    parser.add_argument("--confirm", type=Path, metavar="CSV", help="store verdicts on pairs, and audit nothing")


def data_audit(arguments, out: Output) -> int:
    from pipeline.data.dataset import load_dataset

    workspace = current_workspace()
    dataset = load_dataset(workspace, arguments.name)
    if arguments.confirm is not None:
        from pipeline.data.same_lesion import import_verdicts

        found = list(import_verdicts(workspace, dataset, arguments.confirm).values())
        same, different = found.count("same"), found.count("different")
        out.answer(
            {"name": dataset.name, "same": same, "different": different},
            f"{dataset.name}: {count(same, 'pair')} confirmed to show one lesion, {count(different, 'pair')} dismissed."
            " Later splits by lesion keep the confirmed ones together; existing runs keep their split.",
        )
        return 0
    from pipeline.audit.findings import audit_dataset
    from pipeline.data.same_lesion import confirmed_pairs

    found = audit_dataset(workspace, dataset, out.progress)
    confirmed = [list(pair) for pair in confirmed_pairs(dataset)]
    out.answer({"name": dataset.name, **found, "confirmed": confirmed}, _text(dataset, found, len(confirmed)))
    return 0


def _text(dataset, found: dict[str, Any], confirmed: int) -> str:
    lines = [f"{dataset.name}: {count(found['images'], 'image')} of {count(found['lesions'], 'lesion')}", ""]
    return "\n".join([*lines, *_seen(found["seen"]), "", *_pairs(found, confirmed), "", *_leaks(found["label_leaks"])])


def _seen(seen: dict[str, Any] | None) -> list[str]:
    if seen is None:
        return ["The data set is too small to split."]
    rows = []
    for words, key in (("by lesion, seed 0", "lesion"), ("by image, as the article, seed 0", "random")):
        of = seen[key]
        rows.append([
            f"  {words}", f"{of['seen']:,} of {of['images']:,}", percent(of["share"]),
            f"{of['melanomas_seen']:,} of {of['melanomas']:,}", percent(of["melanomas_share"]),
        ])
    mean = seen["random_mean"]
    words = f"  by image, mean of {mean['seeds']} seeds"
    rows.append([words, "", percent(mean["share"]), "", percent(mean["melanomas_share"])])
    expected = seen["random_expected"]
    words = "  by image, over all seeds"
    rows.append([words, "", percent(expected["share"]), "", percent(expected["melanomas_share"])])
    header = ["  split", "images", "", "melanomas", ""]
    return ["Validation images that show a lesion that training saw:", table(header, rows, right=(1, 2, 3, 4))]


def _pairs(found: dict[str, Any], confirmed: int) -> list[str]:
    pairs = found["near_duplicates"]
    lines = [
        f"{count(found['pairs_in_all'], 'pair')} of similar images with different lesion_ids (similarity at least "
        f"{found['threshold']:.3g}), {confirmed:,} confirmed; {found['pairs_of_one_lesion']:,} more share their "
        "lesion_id."
    ]
    if found["found_share"] != 1:
        lines.append("So many images are compared with those alone that are neighbours or share a hash; of the pairs "
                     f"of a sample found this way: {percent(found['found_share'])}.")
    if not pairs:
        return lines
    rows = [
        [f"  {p['image_a']}", p["image_b"], p["lesion_a"], p["lesion_b"], decimal(p["similarity"])]
        for p in pairs[:_SHOWN]
    ]
    lines.append(table(["  image", "image", "lesion", "lesion", "similarity"], rows, right=(4,)))
    if len(pairs) > _SHOWN:
        lines.append(f"  and {found['pairs_in_all'] - _SHOWN:,} more: --json has the first {len(pairs):,}")
    return lines


def _leaks(leaks: list[dict[str, Any]]) -> list[str]:
    rows = [
        [
            f"  {_FACTORS[leak['factor']]}", percent(leak["accuracy"]), percent(leak["weighed_balanced_accuracy"]),
            decimal(leak["cramers_v"]),
        ] if leak["recorded"] else [f"  {_FACTORS[leak['factor']]}: not recorded", "–", "–", "–"]
        for leak in leaks
    ]
    rows.append([
        "  nothing: the most frequent diagnosis", percent(leaks[0]["majority_accuracy"]),
        percent(leaks[0]["chance_balanced_accuracy"]), "",
    ])
    header = ["  from", "accuracy", "balanced accuracy", "Cramér's V"]
    return ["The diagnosis predicted without any image:", table(header, rows, right=(1, 2, 3))]
