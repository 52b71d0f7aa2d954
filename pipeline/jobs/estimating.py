"""The time estimate as the app asks for it."""

from pipeline.jobs.plan_work import PlanWork


class Estimating(PlanWork):
    """A running measurement of one configuration. Its result is an `Estimate`, and `beside`: the runs then at work."""

    command = "estimate"
    failure = ("The time could not be estimated", "The run itself can be started all the same.")
