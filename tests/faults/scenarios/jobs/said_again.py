"""R24, R25 and R26: requests that come again under their idempotency key."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

import httpx

from tests.faults.rig.checking import role_facts, torn
from tests.faults.rig.ledger import Answer, Attempt, Ledger
from tests.faults.rig.plan import Scenario, Size
from tests.faults.rig.proxy import Proxy, proxied
from tests.faults.rig.report import Report
from tests.faults.rig.stage import Stage
from tests.faults.rig.waiting import until
from tests.faults.rig.writing import PATIENCE, role_of, sign_up

_AT_ONCE = 50
_FOREIGN = 10**6
"""Facts with numbers from here on are never to be there."""
_REUSED = (400, "IDEMPOTENCY_KEY_REUSED")
_IN_PROGRESS = (409, "REQUEST_IN_PROGRESS")
_LEARNERS = 10
_ROLES = "/api/v2/onboarding/roles"


@dataclass(frozen=True, slots=True)
class Learner:
    """Somebody who writes facts under keys."""

    client: httpx.AsyncClient
    token: str

    async def write(self, number: int, key: str, server: str) -> httpx.Response:
        """Ask a server to write a fact. Raises httpx.TransportError."""
        headers = {"authorization": f"Bearer {self.token}", "idempotency-key": key}
        return await self.client.post(f"{server}{_ROLES}", json=role_of(number), headers=headers)


async def same_at_once(stage: Stage, report: Report) -> None:
    """Send each of some requests fifty times at once, half of them to another server."""
    ledger, servers = Ledger(), await stage.two_servers()
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        for _ in range(stage.size.pick(smoke=3, card=10, soak=10)):
            learner = Learner(client, await sign_up(client, servers[0]))
            number, key, began = ledger.begin(), str(uuid4()), time.monotonic()
            answers = await asyncio.gather(*(learner.write(number, key, servers[each % 2]) for each in range(_AT_ONCE)))
            report.faults += _AT_ONCE - 1
            _judge_equal(report, answers)
            if any(answer.is_success for answer in answers):
                ledger.note(Attempt(number, Answer.ACKNOWLEDGED, began, time.monotonic()))
    await _judge(stage, report, ledger)


def _judge_equal(report: Report, answers: Sequence[httpx.Response]) -> None:
    """All got the one answer, or were told that it is on its way."""
    answered = [answer.json() for answer in answers if answer.is_success]
    report.require(len(answered) > 0, "nobody was answered")
    report.require(all(each["data"] == answered[0]["data"] for each in answered), "the answers differ")
    firsts = sum(not each["meta"].get("replayed") for each in answered)
    report.require(firsts == 1, f"{firsts} answers say that they are the first")
    others = Counter(_refusal(answer) for answer in answers if not answer.is_success)
    report.require(others.keys() <= {_IN_PROGRESS}, f"refusals: {dict(others)}")


async def other_body(stage: Stage, report: Report) -> None:
    """Send other requests under a key that was used, and two different ones under a fresh key at once."""
    ledger, servers = Ledger(), await stage.two_servers()
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        learner = Learner(client, await sign_up(client, servers[0]))
        number, key, began = ledger.begin(), str(uuid4()), time.monotonic()
        first = await learner.write(number, key, servers[0])
        report.require(first.is_success, f"the first was refused: {first.text[:200]}")
        ledger.note(Attempt(number, Answer.ACKNOWLEDGED, began, time.monotonic()))
        others = (learner.write(_FOREIGN + each, key, servers[each % 2]) for each in range(_AT_ONCE))
        refusals = Counter([_refusal(answer) for answer in await asyncio.gather(*others)])
        report.faults += _AT_ONCE
        report.require(refusals == {_REUSED: _AT_ONCE}, f"other bodies were answered {dict(refusals)}")
        await _race(report, ledger, learner, servers)
    await _judge(stage, report, ledger)


async def _race(report: Report, ledger: Ledger, learner: Learner, servers: Sequence[str]) -> None:
    """Whose request comes first has the key; all of the other's are refused."""
    key, began, numbers = str(uuid4()), time.monotonic(), (ledger.begin(), ledger.begin())
    both = [learner.write(numbers[each % 2], key, servers[each // 2 % 2]) for each in range(_AT_ONCE)]
    answers = await asyncio.gather(*both)
    winners = {each % 2 for each, answer in enumerate(answers) if answer.is_success}
    report.faults += _AT_ONCE
    report.require(len(winners) == 1, f"{len(winners)} of two requests with one key were carried out")
    refusals = {_refusal(answer) for answer in answers if not answer.is_success}
    report.require(refusals <= {_REUSED, _IN_PROGRESS}, f"refusals: {refusals}")
    for winner in winners:
        ledger.note(Attempt(numbers[winner], Answer.ACKNOWLEDGED, began, time.monotonic()))


async def answers_lost(stage: Stage, report: Report) -> None:
    """Lose the answers of requests that were carried out: by the network, and by killing the server; ask again."""
    ledger, server = Ledger(), await stage.server()
    keys: dict[int, str] = {}
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        learners = [Learner(client, await sign_up(client, server.http)) for _ in range(_LEARNERS)]
        async with proxied(("127.0.0.1", int(server.http.rpartition(":")[2]))) as network:
            for _ in range(stage.size.pick(smoke=2, card=10, soak=10)):
                keys |= await _lost_on_the_way(stage, report, ledger, learners, network)
        if stage.size is not Size.SMOKE:
            await server.stop()
            keys |= await _killed_with_its_answer(stage, report, ledger, learners)
            server = await stage.server()
        for number, key in keys.items():
            began, learner = time.monotonic(), learners[number % _LEARNERS]
            again = [await learner.write(number, key, server.http) for _ in range(2)]
            ledger.note(Attempt(number, Answer.ACKNOWLEDGED, began, time.monotonic()))
            _judge_again(report, number, again)
    await _judge(stage, report, ledger)


async def _lost_on_the_way(
    stage: Stage, report: Report, ledger: Ledger, learners: Sequence[Learner], network: Proxy
) -> dict[int, str]:
    """Have each learner ask once, and the network lose every answer."""
    async with stage.looking() as connection:
        before = len((await role_facts(connection)).numbers)
    keys = {ledger.begin(): str(uuid4()) for _ in learners}
    url = f"http://127.0.0.1:{network.port}"
    await network.lose_answers()
    asked = [asyncio.create_task(learners[number % _LEARNERS].write(number, key, url)) for number, key in keys.items()]
    await until(lambda: _are_there(stage, before + len(keys)), "every request is carried out")
    await until(lambda: network.lossy == len(keys), "every answer is lost")
    await network.restore()
    ends = await asyncio.gather(*asked, return_exceptions=True)
    answered = [each for each in ends if not isinstance(each, httpx.TransportError)]
    report.require(not answered, f"{len(answered)} answers were not lost")
    report.faults += len(keys)
    return keys


async def _killed_with_its_answer(
    stage: Stage, report: Report, ledger: Ledger, learners: Sequence[Learner]
) -> dict[int, str]:
    """Have a server die between the commit and its answer."""
    doomed = await stage.server(failpoints="uow.after_commit=kill@1")
    number, key = ledger.begin(), str(uuid4())
    with suppress(httpx.TransportError):
        await learners[number % _LEARNERS].write(number, key, doomed.http)
    report.require(await doomed.ended() == -9, "the server outlived its commit")
    report.faults += 1
    return {number: key}


def _judge_again(report: Report, number: int, answers: Sequence[httpx.Response]) -> None:
    """Whoever asks twice more gets twice the answer that was lost."""
    refused = [answer.text[:200] for answer in answers if not answer.is_success]
    if refused:
        return report.require(holds=False, otherwise=f"fact {number}: refused when asked again: {refused[0]}")
    first, second = (answer.json() for answer in answers)
    is_replay = bool(first["meta"].get("replayed") and second["meta"].get("replayed"))
    report.require(is_replay, f"fact {number}: carried out again")
    is_its_own = role_of(number)["title"] in answers[0].text
    return report.require(is_its_own and first["data"] == second["data"], f"fact {number}: another answer")


async def _are_there(stage: Stage, count: int) -> bool:
    async with stage.looking() as connection:
        return len((await role_facts(connection)).numbers) >= count


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("error", {}).get("code", "")


async def _judge(stage: Stage, report: Report, ledger: Ledger) -> None:
    async with stage.looking() as connection:
        facts = await role_facts(connection)
        misfits = await torn(connection)
    report.judge(ledger, ledger.compare(facts.numbers), partial=facts.partial + len(misfits))


SCENARIOS = (
    Scenario(
        id="R24",
        promise=f"the same request with one idempotency key comes {_AT_ONCE} times at once, at two servers: it is "
        "carried out once, and all get the same answer or ABORTED (REQUEST_IN_PROGRESS)",
        run=same_at_once,
        card=3,
        soak=10,
    ),
    Scenario(
        id="R25",
        promise="another request under an idempotency key that was used, or that is used at the same time: every one "
        "is refused (IDEMPOTENCY_KEY_REUSED, or REQUEST_IN_PROGRESS), and nothing comes of it",
        run=other_body,
        smoke=0,
    ),
    Scenario(
        id="R26",
        promise="answers are lost after the commit, in the network and with a server that is killed: who asks again "
        "with the key gets the answer that was lost, and nothing is carried out twice",
        run=answers_lost,
        smoke=0,
    ),
)
