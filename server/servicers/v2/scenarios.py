"""ScenarioService."""

from adapters.application import PracticeUseCases
from fluentpro.v2 import scenario_service_pb2 as pb
from fluentpro.v2.scenario_service_pb2_grpc import ScenarioServiceServicer
from server.answering import answer_once
from server.caller import Context, user_of
from server.mapping.v2 import jobs, scenarios
from server.servicers.v2.pages import Listing


class ScenarioServicer(ScenarioServiceServicer):
    """What to practise."""

    def __init__(self, practice: PracticeUseCases) -> None:
        self._do = practice

    async def GenerateScenarios(
        self, request: pb.GenerateScenariosRequest, context: Context
    ) -> pb.GenerateScenariosResponse:
        """Have scenarios made."""
        return await answer_once(
            context,
            lambda job: pb.GenerateScenariosResponse(job=jobs.job(job)),
            self._do.generate_scenarios(user_of(context), scenarios.generation_request(request)),
        )

    async def GetScenario(self, request: pb.GetScenarioRequest, context: Context) -> pb.GetScenarioResponse:
        """Give one scenario."""
        scenario = await self._do.get_scenario(user_of(context), request.scenario_id)
        return pb.GetScenarioResponse(scenario=scenarios.scenario(scenario))

    async def ListScenarios(self, request: pb.ListScenariosRequest, context: Context) -> pb.ListScenariosResponse:
        """List the scenarios, the learner's own first, then those that fit them best."""
        user_id = user_of(context)
        listing = Listing.of(request, user_id)
        page = await self._do.list_scenarios(user_id, listing.request)
        return pb.ListScenariosResponse(
            scenarios=map(scenarios.scenario, page.items), next_page_token=listing.next_token(page)
        )

    async def ListRecommendations(
        self, request: pb.ListRecommendationsRequest, context: Context
    ) -> pb.ListRecommendationsResponse:
        """List what fits the learner best."""
        user_id = user_of(context)
        listing = Listing.of(request, user_id)
        page = await self._do.list_recommendations(user_id, listing.request)
        return pb.ListRecommendationsResponse(
            scenarios=map(scenarios.scenario, page.items), next_page_token=listing.next_token(page)
        )
