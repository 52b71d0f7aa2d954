"""The card of a mean of models, along the items of CLAIM (see `card`); what a member is stands on its own card."""

from pipeline.classes import label
from pipeline.errors import ModelError
from pipeline.files.workspace import Workspace, error_words
from pipeline.models.card_results import figures_text, melanoma_sentence, network_words
from pipeline.models.combined import members_of, members_sentence
from pipeline.models.decided_output import model_priors, without_priors
from pipeline.models.library import model_label, title_of
from pipeline.models.model_info import ModelInfo
from pipeline.models.notice import notice, weighing
from pipeline.number_words import UNDEFINED, count, percent
from pipeline.shown import as_code, as_lines, as_text
from pipeline.text_tables import bullets, markdown_table


def combined_card(workspace: Workspace, info: ModelInfo) -> str:
    """The card in Markdown; a member that is gone is said to be."""
    sections = {
        "Intended use": "\n\n".join(filter(None, [
            as_lines(model_label(info).note),
            "Teaching: what a mean of networks, or of views of an image, changes about their errors. Not for any "
            "decision about a person.",
        ])),
        "The model": bullets([
            as_text(members_sentence(info)),
            f"Name for commands: {as_code(info.name)}.",
            "Output: a probability for each of " + ", ".join(as_text(label(code)) for code in info.classes) + ".",
            weighing(info),
            *([] if model_priors(workspace, info) else [as_text(without_priors(info))]),
            f"Its members were trained on {count(info.training_images, 'image')} of "
            f"{count(info.training_lesions, 'lesion')} together; their ids, lesions and content hashes are with it.",
            "Its heatmaps are the mean of its members', each of the image as it is.",
        ]),
        "Members": _members(workspace, info),
        "Data": bullets([
            f"Data set: {as_text(info.data)}.",
            f"Licence: {as_text(info.licence)}. Attribution: {as_text(info.attribution)}.",
        ]),
        "Figures on images that no member was trained on": _figures(info),
        "Limits": bullets([
            "All limits of its members are its own; see their cards.",
            "Networks that learnt from the same images err alike: a mean removes what they do not share.",
        ]),
    }
    text = "\n\n".join(f"## {heading}\n\n{body}" for heading, body in sections.items())
    return f"# Model card: {as_text(title_of(info))}\n\n{notice(info)}\n\n{text}\n"


def _members(workspace: Workspace, info: ModelInfo) -> str:
    try:
        members = members_of(workspace, info)
    except ModelError as error:
        return as_text(error_words(error))
    rows = [
        [as_code(member.name), as_text(network_words(member)), f"{member.width}×{member.height}",
         as_text(member.data), percent((member.validation or {}).get("balanced_accuracy"))] for member in members
    ]
    header = ["model", "network", "pixels", "data set", "balanced accuracy on its own validation images"]
    return markdown_table(header, rows, left=4)


def _figures(info: ModelInfo) -> str:
    if not info.validation:
        return f"{UNDEFINED} It was not evaluated on its members' data set yet: {as_code('evaluate', info.name)} does."
    return f"{figures_text('test', info.validation)}\n\n{bullets([melanoma_sentence(info.validation)])}"
