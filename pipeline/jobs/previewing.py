"""The batch preview as the app asks for it."""

from pipeline.jobs.plan_work import PlanWork
from pipeline.workspace import Workspace


class Previewing(PlanWork):
    """A batch preview in the making. Its result is a `Preview`, pictures as base64 of JPEG files.

    Args:
        draw: 0, 1, …: another number shows other images.
    """

    command = "preview"
    failure = ("The batch could not be shown", "Try it again.")

    def __init__(
        self, workspace: Workspace, data: str, preset: str, settings: list[str], start: str | None = None, draw: int = 0
    ):
        super().__init__(workspace, data, preset, settings, start, more=("--draw", str(draw)))
