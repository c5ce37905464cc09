"""The steps of onboarding."""

from enum import StrEnum


class Step(StrEnum):
    """A step, in order. What each means is said by `domain.onboarding.model.Onboarding`."""

    NOT_STARTED = "not_started"
    NATIVE_LANGUAGE = "native_language"
    INDUSTRY_SELECTION = "industry_selection"
    ROLE_INPUT = "role_input"
    ROLE_SELECTION = "role_selection"
    COMMUNICATION_PARTNERS = "communication_partners"
    SITUATION_SELECTION = "situation_selection"
    SUMMARY = "summary"
    COMPLETED = "completed"

    def order(self) -> int:
        """Return the place of this step, from 0. Steps themselves compare as text, so compare this."""
        return tuple(Step).index(self)
