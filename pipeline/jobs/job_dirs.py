"""Where the jobs lie that are no runs, each in a folder of its own beside what it is about.

    runs/<run>/embedding/  datasets/<name>/audit/  .downloads/<source>/  .work-<any>/ (short work)
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

from typing_extensions import TypedDict

from pipeline.data.dataset import Dataset
from pipeline.data.sources.catalogue import SOURCES, Source
from pipeline.files.bounds import FileName
from pipeline.files.records import read_record
from pipeline.files.workspace import Workspace
from pipeline.runs.job_dir import JobDir
from pipeline.runs.run_dir import RunDir
from pipeline.runs.status import Status

Kind = Literal["training", "search", "evaluation", "embedding", "audit", "fetch",
               "drawing", "estimate", "preview", "evidence", "export", "bundle"]


def kind_of(job: JobDir) -> Kind:
    """Which of the tasks works in that folder.

    Raises:
        MissingFileError, WorkspaceError: it is a run's, and its configuration cannot be read.
    """
    return job.kind() if isinstance(job, RunDir) else job.kind


@dataclass(frozen=True)
class EmbeddingJob(JobDir):
    """The network behind a run looks at all its images again: neighbours, a map, and what flips it. What it finds lies
    in the run's own folder.
    """

    kind: ClassVar[Kind] = "embedding"

    @property
    def run(self) -> RunDir:
        return RunDir(self.folder.parent)

    @property
    def title(self) -> str:
        return f"The job for the embeddings of the run {self.run.name}"


def embedding_job(run: RunDir) -> EmbeddingJob:
    """Its folder; it need not exist yet."""
    return EmbeddingJob(run.folder / "embedding")


def is_embedded(run: RunDir) -> bool:
    """Whether all that the job finds is there; the last file is written last."""
    return run.what_if_path.exists()


@dataclass(frozen=True)
class AuditJob(JobDir):
    """The audit of a data set, which stores what it finds with the data set."""

    kind: ClassVar[Kind] = "audit"

    @property
    def data(self) -> str:
        return self.folder.parent.name

    @property
    def title(self) -> str:
        return f"The audit of the data set {self.data}"


def audit_job(dataset: Dataset) -> AuditJob:
    """Its folder; it need not exist yet."""
    return AuditJob(dataset.folder / "audit")


class _Asked(TypedDict):
    name: FileName


@dataclass(frozen=True)
class Fetch(JobDir):
    """One source's fetch in a workspace. Its files come into a folder below, of the same name."""

    kind: ClassVar[Kind] = "fetch"
    stopped: ClassVar[str] = "Stopped on request. What has come so far is kept; the next try goes on from there."
    _gone: ClassVar[str] = ("Its process ended without a word. What has come so far is kept; the next try goes on from "
                            "there.")

    @property
    def source(self) -> Source:
        return SOURCES[self.folder.name]

    @property
    def title(self) -> str:
        return f"The fetch of {self.source.title}"

    @property
    def log_path(self) -> Path:
        return self.folder / "fetch.log"

    @property
    def lock_path(self) -> Path:
        """Not in the folder, which goes when the fetch is dismissed."""
        return self.folder.parents[1] / "locks" / f"fetch-{self.source.id}-status.lock"

    @property
    def name_path(self) -> Path:
        return self.folder / "fetch.json"

    @property
    def name(self) -> str:
        """What the data set is to be called; raises what `read_record` does."""
        return read_record(self.name_path, _Asked, "Dismiss the download, and start it again.")["name"]

    def status(self) -> Status:
        """As of every job; a process that was stopped before it could write that down was stopped all the same."""
        status = super().status()
        if status.state != "interrupted":
            return status
        if self.stop_path.exists():
            return replace(status, state="cancelled", doing=self.stopped)
        return replace(status, doing=self._gone)


def fetch_of(workspace: Workspace, source: Source) -> Fetch:
    """Its folder; it need not exist yet."""
    return Fetch(workspace.home / ".downloads" / source.id)


def begun_fetches(workspace: Workspace) -> Iterator[Fetch]:
    """Those that were not dismissed, whole or damaged, in the catalogue's order."""
    for source in SOURCES.values():
        fetch = fetch_of(workspace, source)
        if os.path.lexists(fetch.status_path):
            yield fetch


@dataclass(frozen=True)
class ShortJob(JobDir):
    """Work of seconds to minutes for somebody who waits: what is asked and what is answered lie in the folder."""

    kind: Kind

    @property
    def title(self) -> str:
        return "The work"

    @property
    def request_path(self) -> Path:
        return self.folder / "request.json"

    @property
    def answer_path(self) -> Path:
        return self.folder / "answer.json"

    @property
    def drawn_path(self) -> Path:
        """Where pictures are drawn."""
        return self.folder / "drawn"
