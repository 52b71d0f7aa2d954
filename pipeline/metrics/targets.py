"""What can be asked of a model with a yes or a no: each diagnosis against the rest, and the two malignant groups."""

from pipeline.classes import DIAGNOSES, label, malignant, malignant_or_precursor

MALIGNANT, MALIGNANT_OR_PRECURSOR = "malignant", "malignant-or-precursor"
_GROUPS = {
    MALIGNANT: ("Malignant", malignant),
    MALIGNANT_OR_PRECURSOR: ("Malignant or in situ/precursor", malignant_or_precursor),
}


def targets(classes: list[str]) -> dict[str, tuple[str, ...]]:
    """For each target the codes that count as positive: the diagnoses in their order, then the groups.

    A group is left out where it has fewer than two of `classes`, or the same ones as the group before it.
    """
    found: dict[str, tuple[str, ...]] = {code: (code,) for code in classes}
    known = [code for code in classes if code in DIAGNOSES]
    for name, (_, members) in _GROUPS.items():
        codes = tuple(members(known))
        if len(codes) > 1 and codes not in found.values():
            found[name] = codes
    return found


def target_label(target: str, codes: tuple[str, ...]) -> str:
    """ "Melanoma · mel", or "Malignant (bcc, mel)"."""
    return f"{_GROUPS[target][0]} ({', '.join(codes)})" if target in _GROUPS else label(target)
