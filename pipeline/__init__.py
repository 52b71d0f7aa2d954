"""LesionLab's pipeline: data sets, training runs, evaluation, heatmaps and models. Never imports the app.

What the libraries do unasked is turned off here, before any of them is loaded. ONNX Runtime reports to its maker at
each start and writes under `~/.cache/Microsoft`; timm's hub client would tell what uses it, and look on its servers for
newer files; matplotlib keeps a list of fonts in the home folder. The one thing that is fetched is what somebody asked
for: see `data.sources` and `networks.architectures`.
"""

import os

from pipeline.files.workspace import current_workspace

_OFF = {
    "ORT_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",  # no network of LesionLab comes from there
    "DO_NOT_TRACK": "1",
}


def keep_silent() -> None:
    """Tells the libraries, through the environment of this process and of those that it will start."""
    os.environ |= _OFF
    os.environ.setdefault("MPLCONFIGDIR", str(current_workspace().home / ".cache" / "matplotlib"))


keep_silent()
