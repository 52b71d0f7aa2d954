"""How much of a run's evidence lies inside the lesions, as the app asks for it."""

from pipeline.jobs.plan_work import ShortWork
from pipeline.runs.run_dir import RunDir
from pipeline.workspace import Workspace


class Measuring(ShortWork):
    """A running measurement of the run's evidence; what it finds is stored with the run."""

    failure = ("The masks could not be laid over the heatmaps", "Open this page again.")

    def __init__(self, workspace: Workspace, run: RunDir):
        super().__init__(workspace, ["evidence", run.name, "--json"])
