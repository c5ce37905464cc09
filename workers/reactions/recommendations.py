"""Who has completed the onboarding gets scenarios recommended."""

from workers.reactions.job_on_event import JobOnEvent

recommendations = JobOnEvent(
    name="recommendations", on="onboarding.session_completed", job="practice.recommend_scenarios"
)
