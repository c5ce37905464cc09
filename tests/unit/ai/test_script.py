"""The scripted partner talks sense: it reacts, leads on, does not repeat itself, and closes."""

from itertools import pairwise

import pytest

from adapters.ai.script import next_line
from domain.practice.chat import Author, ChatMessage


class Talk:
    """A talk with the scripted partner."""

    def __init__(self, scenario) -> None:
        self.scenario = scenario
        self.history = [ChatMessage(Author.PARTNER, scenario.opening_line)]

    def say(self, text: str) -> str:
        self.history.append(ChatMessage(Author.LEARNER, text))
        line = next_line(self.scenario, self.history)
        self.history.append(ChatMessage(Author.PARTNER, line))
        return line


@pytest.fixture
def check_in(scenarios) -> Talk:
    return Talk(scenarios["early_check_in"])


@pytest.fixture
def noisy_night(scenarios) -> Talk:
    return Talk(scenarios["noisy_night"])


def cue_in_words(cue: str) -> str:
    return cue.removesuffix("*")


def test_before_the_learner_spoke_the_partner_opens(scenarios) -> None:
    scenario = scenarios["early_check_in"]
    assert next_line(scenario, ()) == scenario.opening_line


def test_a_question_of_the_learner_is_answered_before_the_partner_leads_on(check_in) -> None:
    line = check_in.say("Good morning! How was your flight?")
    assert line.startswith("Long! I left home at midnight")
    assert line.endswith("my passport maybe?")


def test_a_target_that_is_reached_is_acknowledged_and_the_next_one_comes(check_in) -> None:
    line = check_in.say("May I have your passport, please?")
    assert line == "Of course. Here is my passport. It should be two nights… no, three. So can I go up now?"


def test_two_targets_in_one_breath_are_both_acknowledged(check_in) -> None:
    line = check_in.say("The room is still being cleaned, but you can leave your luggage here.")
    assert "I have a meeting at noon" in line
    assert "it's heavy" in line


def test_an_answer_with_a_question_of_its_own_stands_alone(check_in) -> None:
    assert check_in.say("I can give you another room.") == "Another room? That could work. Is it ready now?"


def test_what_the_learner_denies_is_not_heard_as_offered(noisy_night) -> None:
    line = noisy_night.say("It is our policy not to give any refunds.")
    assert "excuse" in line
    assert "That's fair" not in line


def test_a_no_that_ends_its_clause_denies_nothing(check_in) -> None:
    assert "it's heavy" in check_in.say("No problem, your suitcase can stay here.")


def test_cues_are_met_in_any_ending_and_case(noisy_night) -> None:
    assert noisy_night.say("MY APOLOGIES, Mr Brandt.").startswith("Well. At least you're the first")
    assert "wouldn't have asked for more" in noisy_night.say("We will send you two vouchers for dinner.")


def test_the_partner_closes_once_all_targets_are_touched_and_stays_polite_after(check_in) -> None:
    closings = check_in.scenario.script.closings
    check_in.say("Your passport, please.")
    check_in.say("The room is not ready before two o'clock.")
    check_in.say("We can keep your suitcase.")
    assert check_in.say("And you can use the shower at the pool.").endswith(closings[0])
    assert check_in.say("You're welcome!") == closings[1]
    assert check_in.say("Goodbye!") == closings[2]
    assert check_in.say("Bye!") == closings[0]


def test_every_scenario_can_be_played_to_its_end_in_its_order(scenarios) -> None:
    for scenario in scenarios.values():
        talk = Talk(scenario)
        for follow_up in scenario.script.follow_ups:
            last = talk.say(cue_in_words(follow_up.cues[0]))
            assert follow_up.acknowledgement in last, (scenario.id, follow_up.cues[0])
        assert last.endswith(scenario.script.closings[0]), scenario.id


def test_every_cue_of_every_reply_is_heard(scenarios) -> None:
    for scenario in scenarios.values():
        for reply in scenario.script.replies:
            said = [Talk(scenario).say(cue_in_words(cue)) for cue in reply.cues]
            assert any(reply.text in line for line in said), (scenario.id, reply.text)


def test_a_learner_who_says_nothing_useful_hears_every_question_before_one_comes_again(scenarios) -> None:
    for scenario in scenarios.values():
        talk = Talk(scenario)
        questions = [question for follow_up in scenario.script.follow_ups for question in follow_up.questions]
        rounds = len(questions) + len(scenario.script.fallbacks)
        heard = " ".join(talk.say("mhm") for _ in range(rounds))
        assert all(question in heard for question in questions), scenario.id
        first_round = [talk.history[2 * turn].text for turn in range(1, len(questions) + 1)]
        assert len(set(first_round)) == len(first_round), scenario.id


def test_it_goes_on_for_ever_without_a_word_repeated_at_once(check_in) -> None:
    lines = [check_in.say("mhm") for _ in range(40)]
    assert all(one != other for one, other in pairwise(lines))
    assert all(lines)


def test_the_same_talk_has_the_same_next_line(check_in, scenarios) -> None:
    other = Talk(scenarios["early_check_in"])
    said = ["Hello!", "Passport?", "qwerty", "It is not ready.", "qwerty"]
    assert [check_in.say(text) for text in said] == [other.say(text) for text in said]


def test_what_the_learner_wanted_another_line_for_is_not_said_again(scenarios) -> None:
    for scenario in scenarios.values():
        history = [ChatMessage(Author.PARTNER, scenario.opening_line), ChatMessage(Author.LEARNER, "Hello there.")]
        heard: list[str] = []
        for _ in range(3):
            heard.append(next_line(scenario, history, heard))
        assert len(set(heard)) == 3, scenario.id
