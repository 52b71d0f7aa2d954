"""Why something cannot be done in a class, in the language of who takes part."""

from app.words.spoken import say
from pipeline.errors import LesionLabError, LimitError, RoomError
from pipeline.files.workspace import error_words
from pipeline.languages import marked
from pipeline.vocabulary import RoomRefusal

REFUSALS: dict[RoomRefusal, str] = {
    "no room": marked("There is no class with this code. Look at the four letters again; the class may be over."),
    "no seat": marked("This class has no such seat. Join it again."),
    "full": marked("This class is full. Share a phone with somebody."),
    "ended": marked("This class has ended."),
    "not open": marked("This picture is not open yet. Wait until it is."),
    "closed": marked("Too late: this picture is closed."),
    "locked": marked("This picture is answered already, and the answer is locked."),
    "unfitting": marked("That does not fit this class. Reload the page."),
}


def refusal(error: LesionLabError) -> str:
    """The words for an error; in English where it is none of a class's."""
    if isinstance(error, RoomError):
        return say(REFUSALS[error.refusal])
    if isinstance(error, LimitError):
        return say("Too many are joining just now. Wait a minute, then try again.")
    return error_words(error)
