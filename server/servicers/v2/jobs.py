"""JobService."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from adapters.application import JobUseCases
from fluentpro.v2 import job_service_pb2 as pb
from fluentpro.v2.job_service_pb2_grpc import JobServiceServicer
from server.answering import answer_once
from server.caller import Context, user_of
from server.mapping.v2 import jobs
from server.servicers.v2.pages import Listing


class JobServicer(JobServiceServicer):
    """Work that goes on behind the answer to a request."""

    def __init__(self, use_cases: JobUseCases) -> None:
        self._do = use_cases

    async def GetJob(self, request: pb.GetJobRequest, context: Context) -> pb.GetJobResponse:
        """Give one job."""
        job = await self._do.get_job(user_of(context), request.job_id)
        return pb.GetJobResponse(job=jobs.job(job))

    async def ListJobs(self, request: pb.ListJobsRequest, context: Context) -> pb.ListJobsResponse:
        """List the learner's jobs."""
        user_id = user_of(context)
        listing = Listing.of(request, user_id)
        page = await self._do.list_jobs(user_id, listing.request)
        return pb.ListJobsResponse(jobs=map(jobs.job, page.items), next_page_token=listing.next_token(page))

    async def WatchJob(self, request: pb.WatchJobRequest, context: Context) -> AsyncIterator[pb.WatchJobResponse]:
        """Stream a job until it has ended."""
        async with aclosing(self._do.watch_job(user_of(context), request.job_id)) as states:
            async for job in states:
                yield pb.WatchJobResponse(job=jobs.job(job))

    async def CancelJob(self, request: pb.CancelJobRequest, context: Context) -> pb.CancelJobResponse:
        """Cancel a job."""
        return await answer_once(
            context,
            lambda job: pb.CancelJobResponse(job=jobs.job(job)),
            self._do.cancel_job(user_of(context), request.job_id),
        )
