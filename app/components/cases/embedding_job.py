"""The job that embeds a run's images: the button that starts it, and how far it is."""

import streamlit as st

from app.access import Right, may, not_offered, require
from app.components import problems
from app.components.long_work import job_bar, stop, watch
from app.loaders import resources
from app.loaders.run_data import model_of
from pipeline.errors import LesionLabError
from pipeline.files.workspace import error_words
from pipeline.jobs.job_dirs import EmbeddingJob
from pipeline.jobs.job_dirs import embedding_job as job_of
from pipeline.jobs.launch import start_embedding
from pipeline.models.model_info import ModelInfo
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import ENDED, Status
from pipeline.shown import as_text

COMPUTE, COMPUTE_FLIPS = "Compute map, neighbours and what flips", "Compute what flips"
_WHAT = ("It lets the network look at all images of the run once more and takes some minutes in the background: the "
         "map, the nearest training lesions of each image, and what flips its predictions.")
_WHAT_FLIPS = ("It lets the networks look at all images of the evaluation again and takes some minutes in the "
               "background.")


def no_embedding(info: ModelInfo) -> str:
    """Why a mean has neither a map nor neighbours, and what to do."""
    names = ", ".join(dict.fromkeys(name for name, _ in info.members))
    instead = f" An evaluation of one of its members alone ({names}) has them." if names else ""
    return as_text(
        f"{info.name} is a mean of several outputs and has no embedding of its own: each network finds other images "
        f"alike. So there is no map, and there are no nearest lesions.{instead}"
    )


def embedding_job(run: RunDir, words: str) -> None:
    """Says what will be here, and starts or watches the job."""
    try:
        job = job_of(run)
        status = job.last_status()
    except LesionLabError as error:
        problems.show(error)
        return
    info = model_of(run)
    if info is None:
        st.markdown(words)
        whose = f"the model {judged['model']}" if (judged := run.evaluation()) else f"the model of {run.name}"
        st.info(as_text(f"It needs {whose}, which is not here (any more)."), icon=":material/info:")
        return
    at_work = status is not None and status.state not in ENDED
    st.markdown(words)
    if at_work:
        watch(lambda: [job], _view)
        return
    if status and status.state in ("failed", "interrupted"):
        st.error(as_text(error_words(status.error or "The job was interrupted. Start it again.")),
                 icon=":material/error:")
    if not may(Right.COMPUTE):
        not_offered(Right.COMPUTE, "Computing it")
        return
    label, what = (COMPUTE_FLIPS, _WHAT_FLIPS) if info.is_mean else (COMPUTE, _WHAT)
    st.caption(what)
    if st.button(label, key="embedding.start", type="primary", icon=":material/hub:"):
        with problems.in_words():
            require(Right.COMPUTE, "computes embeddings")
            start_embedding(resources.workspace(), run)
            st.rerun()


def _view(job: EmbeddingJob, status: Status) -> None:
    if status.state not in ENDED:
        stopping = job_bar(job, status)
        if may(Right.STOP):
            st.button("Stop", key="embedding.stop", disabled=stopping, on_click=stop, args=(job,),
                      icon=":material/stop_circle:")
