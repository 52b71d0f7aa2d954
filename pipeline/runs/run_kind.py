"""What a run is, and what can be asked of one of its kind."""

from dataclasses import dataclass

from pipeline.vocabulary import HeldOutPart, RunKind


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What pages and commands can offer of a run of one kind; whether a file is there yet, its reader says.

    Attributes:
        kind: a training; an evaluation of a model on another data set; a learning-rate search; or the bundled run, the
            answers of the bundled model's networks, each to the images that it was not trained on.
        has_model: it makes a model of its own.
        has_curves: it was trained epoch by epoch, and what happened then is stored.
        has_heatmaps: heatmaps of the images that it judged are stored.
        has_neighbours: the network that judged its images can look at them again, for a map, the nearest training
            lesions and what flips its predictions.
        has_what_if: that network can be asked about a changed picture.
        has_folds: each image was judged by the one network of a cross-validation that had not seen its lesion.
        names_its_data: its images are those of the data set that it names; else of any that has them.
        compared_on: the part whose images a comparison with other runs looks at; None: all of them.
        read_only: it can be neither named nor deleted, resumed nor evaluated anew.
    """

    kind: RunKind
    has_model: bool = False
    has_curves: bool = False
    has_heatmaps: bool = False
    has_neighbours: bool = False
    has_what_if: bool = False
    has_folds: bool = False
    names_its_data: bool = True
    compared_on: HeldOutPart | None = "validation"
    read_only: bool = False


CAPABILITIES: dict[RunKind, Capabilities] = {
    one.kind: one
    for one in (
        Capabilities(kind="training", has_model=True, has_curves=True, has_heatmaps=True, has_neighbours=True,
                     has_what_if=True),
        Capabilities(kind="evaluation", has_heatmaps=True, has_neighbours=True, has_what_if=True, compared_on=None),
        Capabilities(kind="search", has_curves=True),
        Capabilities(kind="bundled", has_heatmaps=True, has_neighbours=True, has_what_if=True, has_folds=True,
                     names_its_data=False, read_only=True),
    )
}
# of the bundled run of before: its networks are not bundled, and nothing is stored beside their predictions
FIRST_BUNDLED = Capabilities(kind="bundled", has_folds=True, names_its_data=False, read_only=True)
