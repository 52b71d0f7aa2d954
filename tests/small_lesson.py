"""A lesson of a few items by hand, for tests of what is made of lessons."""

import dataclasses

from pipeline.classroom.lesson import Item, Lesson

CODES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
PRIORS = dict(zip(CODES, (0.03, 0.05, 0.11, 0.01, 0.11, 0.67, 0.02), strict=True))


def item(number: int, dx: str, said: str, share: float = 0.7, **fields) -> Item:
    """An image of the lesion of that number, which the model takes for `said` with the probability `share`."""
    rest = (1 - share) / (len(CODES) - 1)
    probabilities = {code: share if code == said else rest for code in CODES}
    whole = Item(f"ISIC_{number:07d}", f"HAM_{number:07d}", dx, "histo", "female", "back", "rosendahl", 45.0,
                 probabilities, f"{dx}.any.rosendahl", False, 450)
    return dataclasses.replace(whole, **fields)


def small_lesson(**fields) -> Lesson:
    """A model lesson with two forms of three items each; the model has the second item of each wrong."""
    forms = {
        "A": (item(1, "mel", "mel"), item(2, "mel", "nv"), item(3, "nv", "nv", age=None)),
        "B": (item(4, "mel", "mel"), item(5, "mel", "nv"), item(6, "nv", "nv", sex="")),
    }
    whole = Lesson(
        "", "Nevus or melanoma?", "Tell the two apart.", ("What speaks for a nevus?",), 45, "model", "diagnosis",
        "as-data", PRIORS, False, "ham10000", "default-out-of-fold", "EfficientNet-Lite0, five networks", 0.2, 7, (),
        forms, "CC BY-NC 4.0", 1_700_000_000.0,
    )
    return dataclasses.replace(whole, **fields)
