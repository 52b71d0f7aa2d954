"""The audit of a data set as the app asks for it."""

from pipeline.jobs.plan_work import ShortWork
from pipeline.workspace import Workspace


class Auditing(ShortWork):
    """A running audit of the data set `data`. What it finds is stored with the data set, too."""

    failure = ("The audit broke off", "Start it again; nothing of it was stored.")

    def __init__(self, workspace: Workspace, data: str):
        super().__init__(workspace, ["data", "audit", data, "--json"])
