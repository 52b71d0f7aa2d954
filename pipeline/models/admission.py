"""Which images a model may be asked about: generated ones and real ones never mix."""

from pipeline.images.generated import NOTICE
from pipeline.models.model_info import ModelInfo


def refusal(info: ModelInfo, image_is_generated: bool) -> str | None:
    """Why the model refuses the image, in one sentence for pages and the command line; None where it does not.

    Args:
        image_is_generated: as `pipeline.images.generated.is_generated` read it from the file before anything was
            stripped.
    """
    if info.generated and not image_is_generated:
        return (
            f"The model {info.name} was trained on generated drawings, so its output for an image that is not "
            "generated would mean nothing."
        )
    if image_is_generated and not info.generated:
        return (
            f"This image is {NOTICE}, and the model {info.name} was trained on real images, so its output would mean "
            "nothing."
        )
    return None
