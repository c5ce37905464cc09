"""Why a call about a job is refused."""

from domain.shared.errors import DomainError, ErrorKind


class JobNotFound(DomainError):
    """There is no such job, or it is another learner's."""

    kind = ErrorKind.NOT_FOUND
    reason = "JOB_NOT_FOUND"

    def __init__(self, job_id: str) -> None:
        super().__init__("There is no such job.", metadata={"job_id": job_id})
