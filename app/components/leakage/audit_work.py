"""The audit of a data set as a job: the button that starts it, and how far it is wherever one looks."""

import streamlit as st

from app.access import Right, may, not_offered, require
from app.components import problems
from app.components.long_work import job_bar, stop, watch
from app.loaders import resources
from pipeline.data.dataset import Dataset
from pipeline.files.workspace import error_words
from pipeline.jobs.job_dirs import AuditJob, audit_job
from pipeline.jobs.launch import start_audit
from pipeline.number_words import rough_duration
from pipeline.runs.status import ENDED, Status
from pipeline.shown import as_text

_SEEN = "leakage.audits"  # the data sets whose audits this visitor saw at work
_WHAT = ("It looks at every image once, with a network that knows nothing of this data set, and takes a few minutes "
         "for 10,000 images.")


def _audits() -> list[AuditJob]:
    """Those that were ever started."""
    jobs = [audit_job(dataset) for dataset in resources.datasets()]
    return [job for job in jobs if job.last_status()]


def _at_work() -> list[str]:
    return [job.data for job in _audits() if job.status().state not in ENDED]


def audit_button(dataset: Dataset, label: str) -> None:
    """The button that starts the audit, and why the last one broke off; disabled while one is at work."""
    status, at_work = audit_job(dataset).last_status(), _at_work()
    if status and status.state in ("failed", "interrupted"):
        words = status.error or "The audit was interrupted. Start it again; nothing of it was stored."
        st.error(as_text(error_words(words)), icon=":material/error:")
    if not may(Right.COMPUTE):
        not_offered(Right.COMPUTE, "Auditing a data set")
        return
    if st.button(label, key="audit.start", type="primary", disabled=bool(at_work), icon=":material/policy:",
                 help=_WHAT):
        with problems.in_words():
            require(Right.COMPUTE, "audits data sets")
            start_audit(resources.workspace(), dataset)
            st.rerun()
    others = [name for name in at_work if name != dataset.name]
    if others:
        st.caption(as_text(f"The data set {others[0]} is being audited."))


def audit_at_work() -> None:
    """How far each audit is, whichever data set is shown, and the end of one that this visitor saw at work."""
    with st.container():  # one place, so that what follows keeps its own
        seen = st.session_state.setdefault(_SEEN, set())
        for job in _audits():
            status = job.status()
            if status.state in ENDED and job.data in seen:
                seen.discard(job.data)
                if status.state == "done":
                    st.success(as_text(f"Audited {job.data} in {rough_duration(status.seconds)}."),
                               icon=":material/check:")
        watch(_audits, _view)


def _view(job: AuditJob, status: Status) -> None:
    if status.state in ENDED:
        return
    st.session_state[_SEEN].add(job.data)
    st.markdown(as_text(f"Audits {job.data}"))
    stopping = job_bar(job, status, knows_time=False)
    if may(Right.STOP):
        st.button("Cancel", key=f"audit.cancel.{job.data}", icon=":material/close:", disabled=stopping, on_click=stop,
                  args=(job,))
