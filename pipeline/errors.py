"""The one family of errors. Each says what was wrong (naming the file, column or run) and what to do next."""

from pipeline.vocabulary import RoomRefusal


class LesionLabError(Exception):
    """Base of all expected failures; turned into words only by a page or the command line.

    Args:
        problem: one sentence: what was wrong, with which file, column or run.
        next_step: one sentence: what the user can do now; may be empty.
    """

    def __init__(self, problem: str, next_step: str = ""):
        self.problem = problem
        self.next_step = next_step
        super().__init__(f"{problem} {next_step}".strip())


class DataError(LesionLabError):
    """A data set, an archive, a metadata table or a split that cannot be used."""


class ImageError(LesionLabError):
    """A file or an upload that is no image, is truncated, or must not go to this model."""


class ConfigError(LesionLabError):
    """An unknown preset or setting, or a value out of its range."""


class RunError(LesionLabError):
    """A run that does not exist, or is not in the state that the request needs."""


class TrainingError(LesionLabError):
    """A training that cannot go on: the loss is no number, a part of the split is empty, memory ran out."""


class JobError(LesionLabError):
    """Work of another process that was refused there or broke off; the sentence is that process's."""


class ModelError(LesionLabError):
    """A model that does not exist, is incomplete, or does not fit its description."""


class TeachingError(LesionLabError):
    """A teaching set that does not exist, has no image, or a name that cannot be one's."""


class ClassroomError(LesionLabError):
    """What pages say in the language of a class.

    Attributes:
        sentences: problem and next step as a catalogue of a language knows them, with {names} in place of `values`.
        values: what takes the places of the names.
    """

    def __init__(self, problem: str, next_step: str = "", **values: object):
        super().__init__(problem.format(**values), next_step.format(**values))
        self.sentences = (problem, next_step)
        self.values = values


class LessonError(ClassroomError):
    """A lesson that does not exist, or that cannot be drawn or changed as it was asked for."""


class NameTakenError(TeachingError):
    """A name that another teaching set of the same data set has; `set_id` is that set's."""

    def __init__(
        self, problem: str = "Another teaching set of these images has this name.", way_on: str = "Choose another one.",
        set_id: str = "",
    ):
        super().__init__(problem, way_on)
        self.set_id = set_id


class RoomError(ClassroomError):
    """A class that is not there, or in which this cannot be done now; `refusal` says which of these it is."""

    def __init__(self, problem: str, next_step: str = "", refusal: RoomRefusal = "unfitting", **values: object):
        super().__init__(problem, next_step, **values)
        self.refusal = refusal


class AccessError(LesionLabError):
    """An action that only the person who runs the server may do."""


class LimitError(LesionLabError):
    """What visitors of a shared server do more often than it allows, or with a disk that is nearly full."""


class WeightsError(LesionLabError):
    """Initial weights that cannot be had here."""


class WorkspaceError(LesionLabError):
    """A workspace that cannot be written, a full disk, or a damaged file in it."""


class MissingFileError(WorkspaceError, FileNotFoundError):
    """A file of the workspace that is not there; whoever waits for it to be written catches FileNotFoundError."""
