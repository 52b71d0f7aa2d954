"""The tour of the bundled run's errors: what its networks said, and the stops whose claims hold of that."""

from app.loaders import case_tables, evaluation_rows
from app.loaders.file_cache import kept
from app.loaders.run_data import found_files
from pipeline.classroom.tour_claims import Told
from pipeline.classroom.tour_stops import STOPS, Stop
from pipeline.runs.run_dir import RunDir


def told(run: RunDir) -> Told:
    """What the run's networks said of all images under both decisions; shared, so not to be changed.

    Raises:
        RunError: the run has no predictions or no split.
        DataError: the predictions cannot be used.
    """
    return Told(case_tables.cases(run, "as-data"), case_tables.cases(run, "balanced"))


@kept(lambda run: evaluation_rows.run_files(run), entries=4, copied=True)
def _held(run: RunDir) -> list[str]:
    answers = told(run)
    return [stop.image_id for stop in STOPS if stop.claim.is_shown_by(answers, stop.image_id)]


@kept(lambda run, image_id: [*evaluation_rows.run_files(run), *found_files(run)], entries=64, copied=True)
def shown_by(run: RunDir, image_id: str) -> str:
    """What a stop shows, in sentences whose figures are the run's."""
    answers, stop = told(run), stops(run)[image_id]
    more = stop.more(answers, image_id) if stop.more else ""
    return f"{stop.claim.said(answers, image_id)} {more}".strip()


def stops(run: RunDir) -> dict[str, Stop]:
    """The stops whose claims the run's table bears out, by image_id, in their order; no other one is to be shown."""
    held = set(_held(run))
    return {stop.image_id: stop for stop in STOPS if stop.image_id in held}
