"""The scripted model as a ChatModel: words, pace, limit and cost."""

import asyncio

from adapters.ai.prompt import system_prompt
from adapters.ai.script import next_line
from adapters.ai.scripted import ScriptedModel
from domain.practice.chat import ChatModel, Delta, Finish, FinishReason, Usage
from domain.practice.scenario import CefrLevel


async def parts(model: ChatModel, request):
    return [part async for part in model.stream(request)]


async def test_the_words_join_to_the_line_and_end_with_a_finish(ask) -> None:
    request = ask("May I have your passport, please?")
    *words, usage, finish = await parts(ScriptedModel(0), request)
    assert "".join(word.text for word in words) == next_line(request.scenario, request.history)
    assert len(words) > 10
    assert finish == Finish(FinishReason.STOP)
    heard = sum(len(message.text.split()) for message in request.history)
    assert usage == Usage(input_tokens=heard, output_tokens=len(words))


async def test_the_same_request_gives_the_same_parts(ask) -> None:
    model = ScriptedModel(0)
    assert await parts(model, ask("Hello")) == await parts(model, ask("Hello"))


async def test_a_reply_over_the_limit_is_cut_and_says_so(ask) -> None:
    *words, usage, finish = await parts(ScriptedModel(0), ask("Hello", max_output_tokens=3))
    assert len(words) == 3
    assert usage.output_tokens == 3
    assert finish == Finish(FinishReason.LENGTH)


async def test_other_tasks_run_between_two_words_even_at_full_speed(ask) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    words = [part async for part in ScriptedModel(0).stream(ask("Hello")) if isinstance(part, Delta)]
    counting.cancel()
    assert turns >= len(words) - 1


async def test_words_come_at_the_pace_that_was_asked_for(ask) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await parts(ScriptedModel(0.01), ask("Hello", max_output_tokens=5))
    assert loop.time() - began >= 0.045


async def test_a_stream_can_be_closed_between_words(ask) -> None:
    stream = ScriptedModel(60).stream(ask("Hello"))
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    await stream.aclose()
    assert waiting.cancelled()


def test_the_prompt_holds_the_scene_and_the_rules_for_every_level(scenarios) -> None:
    prompts = {scenario.level: system_prompt(scenario) for scenario in scenarios.values()}
    assert prompts.keys() == set(CefrLevel)
    scenario = scenarios["noisy_night"]
    prompt = system_prompt(scenario)
    for part in (scenario.title, scenario.persona, scenario.goal, scenario.opening_line, *scenario.targets):
        assert part in prompt
    assert "Never correct" in prompt


def test_the_prompt_tells_the_lines_for_which_the_learner_wanted_another(scenarios) -> None:
    scenario = scenarios["noisy_night"]
    begin, told, end = system_prompt(scenario, ("One.", "Two.")).rpartition("Say something else:")
    assert (begin.startswith(system_prompt(scenario)), told != "", end) == (True, True, "\n- One.\n- Two.")
