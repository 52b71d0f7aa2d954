"""Single images as the ISIC archive serves them, by a stand-in: what it says of each, and its file."""

import json
from typing import Any

from tests.stand_in_server import StandIn

VIENNA = "ViDIR Group, Department of Dermatology, Medical University of Vienna"


def answer(server: StandIn, isic_id: str, size: int, **fields: Any) -> dict[str, Any]:
    """What the archive says of an image of `size` bytes; `fields` replace or join what it says."""
    return {
        "isic_id": isic_id, "attribution": VIENNA, "copyright_license": "CC-BY-NC", "public": True,
        "files": {"full": {"url": f"{server.address}/files/{isic_id}.jpg?signature=s", "size": size},
                  "thumbnail_256": {"url": f"{server.address}/small/{isic_id}.jpg", "size": 9}},
        "metadata": {"acquisition": {"pixels_x": 600, "pixels_y": 450, "image_type": "dermoscopic"},
                     "clinical": {"age_approx": 45, "sex": "female", "anatom_site_general": "anterior torso",
                                  "diagnosis_1": "Malignant", "diagnosis_confirm_type": "histopathology"}},
        **fields,
    }


def serve(server: StandIn, isic_id: str, content: bytes, **fields: Any) -> None:
    """From now on the stand-in has the image; `fields` as of `answer`."""
    server.files[said_at(isic_id)] = json.dumps(answer(server, isic_id, len(content), **fields)).encode()
    server.files[file_at(isic_id)] = content


def said_at(isic_id: str) -> str:
    """The path of what the archive says of an image."""
    return f"/images/{isic_id}/"


def file_at(isic_id: str) -> str:
    """The path of its file."""
    return f"/files/{isic_id}.jpg"
