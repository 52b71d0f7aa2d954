"""What pages call the bundled run, wherever they name it; other runs go by their name or id."""

from app.words import first_bundled_words
from pipeline.runs.run_kind import Capabilities

BUNDLED = "The five networks of the model in the box"


def bundled_title(can: Capabilities) -> str:
    """Its title, by what can be asked of it: of an earlier one the networks are not in the box."""
    return BUNDLED if can.has_what_if else first_bundled_words.TITLE
