"""ScenarioService."""

from adapters.application import PracticeUseCases
from fluentpro.v2 import scenario_service_pb2 as pb
from fluentpro.v2.scenario_service_pb2_grpc import ScenarioServiceServicer
from server.caller import Context, user_of
from server.mapping.v2 import scenarios
from server.servicers.v2.pages import Listing


class ScenarioServicer(ScenarioServiceServicer):
    """What to practise."""

    def __init__(self, practice: PracticeUseCases) -> None:
        self._do = practice

    async def GetScenario(self, request: pb.GetScenarioRequest, context: Context) -> pb.GetScenarioResponse:
        """Give one scenario."""
        scenario = await self._do.get_scenario(user_of(context), request.scenario_id)
        return pb.GetScenarioResponse(scenario=scenarios.scenario(scenario))

    async def ListScenarios(self, request: pb.ListScenariosRequest, context: Context) -> pb.ListScenariosResponse:
        """List the scenarios, those that fit the learner best first."""
        user_id = user_of(context)
        listing = Listing.of(request, user_id)
        page = await self._do.list_scenarios(user_id, listing.request)
        return pb.ListScenariosResponse(
            scenarios=map(scenarios.scenario, page.items), next_page_token=listing.next_token(page)
        )
