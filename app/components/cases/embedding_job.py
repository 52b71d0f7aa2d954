"""The job that embeds a run's images: the button that starts it, and how far it is."""

import contextlib

import streamlit as st

from app import resources
from app.components import problems
from app.wording import as_text, time_left
from pipeline.errors import LesionLabError, RunError
from pipeline.jobs.embedding import embedding_job as job_of
from pipeline.jobs.embedding import job_status, start_embedding
from pipeline.jobs.launch import request_stop
from pipeline.jobs.run_dir import RunDir
from pipeline.jobs.status import ENDED

COMPUTE = "Compute map, neighbours and what flips"
_WHAT = ("It lets the network look at all images of the run once more and takes some minutes in the background: the "
         "map, the nearest training lesions of each image, and what flips its predictions.")


def embedding_job(run: RunDir, words: str) -> None:
    """Says what will be here, and starts or watches the job."""
    try:
        status = job_status(run)
    except LesionLabError as error:
        problems.show(error)
        return
    if not (run.model / "model.json").exists():
        st.markdown(words)
        st.info(f"{run.name} has no model of its own, so this is not computed for it.", icon=":material/info:")
        return
    at_work = status is not None and status.state not in ENDED
    st.markdown(words)
    if at_work:
        st.fragment(_watch, run_every="1s")(run)
        return
    if status and status.state in ("failed", "interrupted"):
        st.error(as_text(status.error or "The job was interrupted. Start it again."), icon=":material/error:")
    st.caption(_WHAT)
    if st.button(COMPUTE, key="embedding.start", type="primary", icon=":material/hub:"):
        with problems.in_words():
            start_embedding(resources.workspace(), run)
            st.rerun()


def _watch(run: RunDir) -> None:
    with problems.in_words():
        status = job_status(run)
        if status.state in ENDED:
            st.rerun()  # the whole page: what was computed stands there now
        job = job_of(run)
        stopping = job.stop_path.exists()
        words = "Stops." if stopping else f"{status.doing.rstrip('.')} · {time_left(status.seconds_left)}"
        st.progress(min(max(status.fraction, 0.0), 1.0), text=as_text(words))
        st.button("Stop", key="embedding.stop", disabled=stopping, on_click=_stop, args=(job,),
                  icon=":material/stop_circle:")


def _stop(job: RunDir) -> None:
    with contextlib.suppress(RunError):  # it ended between the last look and the click
        request_stop(job)
