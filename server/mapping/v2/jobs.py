"""Jobs."""

from domain.shared import jobs as domain
from fluentpro.v2 import job_pb2 as pb
from server.mapping.v2.times import timestamp

_STATES = {state: pb.JobState.Value(f"JOB_STATE_{state.name}") for state in domain.JobState}
_UNEXPECTED = "UNEXPECTED"
_OUR_FAULT = "Something went wrong on our side."


def job(value: domain.Job) -> pb.Job:
    """Map a job. Its arguments stay with us: the learner gave them, or never saw them."""
    return pb.Job(
        id=str(value.id),
        name=value.name,
        state=_STATES[value.state],
        attempts=value.attempts,
        progress=_progress(value.progress),
        result=_result(value),
        failure=_failure(value),
        cancel_requested=value.cancel_requested_at is not None,
        created_at=timestamp(value.created_at),
        updated_at=timestamp(value.updated_at),
        finished_at=timestamp(value.finished_at),
    )


def _progress(value: domain.Progress | None) -> pb.JobProgress | None:
    return None if value is None else pb.JobProgress(done=value.done, total=value.total, text=value.text)


def _result(value: domain.Job) -> pb.JobResult | None:
    made = (value.result or {}).get("scenario_ids")
    return None if made is None else pb.JobResult(scenario_ids=made)


def _failure(value: domain.Job) -> pb.JobFailure | None:
    # One that is queued again has a reason too, that of the attempt before; it has not failed.
    if value.state is not domain.JobState.FAILED:
        return None
    reason = value.failure_reason or _UNEXPECTED
    # What nobody expected is told in our own terms: it says nothing to a learner.
    message = _OUR_FAULT if reason == _UNEXPECTED else value.error or _OUR_FAULT
    return pb.JobFailure(reason=reason, message=message)
