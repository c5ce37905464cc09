"""Reading the onboarding, its first answers, its end, and beginning again.

In this area the catalogue is read before a transaction begins or after it has ended, never within: a request does
not wait for a second connection while it holds one.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

from domain.catalog.choices import available, one_of
from domain.catalog.model import Language
from domain.catalog.ports import Catalog
from domain.onboarding.events import IndustrySelected, LanguageSelected, OnboardingCompleted, OnboardingReset
from domain.onboarding.ports import OnboardingReads, OnboardingWork
from domain.onboarding.recording import keep
from domain.onboarding.view import OnboardingView, Summary, view_of
from domain.shared.checks import Checks, Refused
from domain.shared.clock import Clock


@dataclass(frozen=True, slots=True)
class GetOnboarding:
    """Give the answers so far; all is empty where nothing is answered."""

    reads: Callable[[], AbstractAsyncContextManager[OnboardingReads]]
    catalog: Catalog

    async def __call__(self, user_id: UUID) -> OnboardingView:
        """Return the learner's onboarding."""
        async with self.reads() as repositories:
            onboarding = await repositories.onboardings.get(user_id)
        return await view_of(onboarding, self.catalog)


@dataclass(frozen=True, slots=True)
class GetSummary:
    """Give all answers and what is missing."""

    reads: Callable[[], AbstractAsyncContextManager[OnboardingReads]]
    catalog: Catalog

    async def __call__(self, user_id: UUID) -> Summary:
        """Return the learner's summary."""
        view = await GetOnboarding(self.reads, self.catalog)(user_id)
        return Summary(view, view.onboarding.missing)


@dataclass(frozen=True, slots=True)
class SelectNativeLanguage:
    """Choose the native language."""

    uow: Callable[[], OnboardingWork]
    catalog: Catalog

    async def __call__(self, user_id: UUID, language_id: str) -> OnboardingView:
        """Return the onboarding with the answer. Raises InvalidRequest for a language that cannot be chosen."""
        languages = await self.catalog.languages()
        with Checks() as check:
            check("language_id", _choosable(languages), language_id)
        async with self.uow() as work:
            before = await work.onboardings.lock(user_id)
            selected = LanguageSelected(user_id=user_id, language_id=language_id)
            after = await keep(work, before, before.with_native_language(language_id), selected)
            view = await view_of(after, self.catalog)
            await work.commit(view)
        return view


def _choosable(languages: Sequence[Language]) -> Callable[[str], str]:
    choosable = [language.id for language in languages if language.available]
    known = {language.id for language in languages}

    def parse(value: str) -> str:
        if value in known and value not in choosable:
            raise Refused("NOT_AVAILABLE", f"Not available yet. {available(choosable)}")
        return one_of(choosable)(value)

    return parse


@dataclass(frozen=True, slots=True)
class SelectUserIndustry:
    """Choose the industry. Another one than before clears the role."""

    uow: Callable[[], OnboardingWork]
    catalog: Catalog

    async def __call__(self, user_id: UUID, industry_id: str) -> OnboardingView:
        """Return the onboarding with the answer. Raises InvalidRequest for an industry that is none."""
        industries = await self.catalog.industries()
        with Checks() as check:
            check("industry_id", one_of([industry.id for industry in industries]), industry_id)
        async with self.uow() as work:
            before = await work.onboardings.lock(user_id)
            selected = IndustrySelected(user_id=user_id, industry_id=industry_id)
            after = await keep(work, before, before.with_industry(industry_id), selected)
            view = await view_of(after, self.catalog)
            await work.commit(view)
        return view


@dataclass(frozen=True, slots=True)
class CompleteOnboarding:
    """Confirm the summary. Done again it changes nothing."""

    uow: Callable[[], OnboardingWork]
    catalog: Catalog
    clock: Clock

    async def __call__(self, user_id: UUID) -> OnboardingView:
        """Return the completed onboarding. Raises OnboardingIncomplete, which names every missing step."""
        async with self.uow() as work:
            before = await work.onboardings.lock(user_id)
            after = await keep(work, before, before.completed(self.clock()), OnboardingCompleted(user_id=user_id))
            view = await view_of(after, self.catalog)
            await work.commit(view)
        return view


@dataclass(frozen=True, slots=True)
class ResetOnboarding:
    """Forget every answer. The learner's own roles stay."""

    uow: Callable[[], OnboardingWork]
    catalog: Catalog

    async def __call__(self, user_id: UUID) -> OnboardingView:
        """Return the empty onboarding."""
        async with self.uow() as work:
            before = await work.onboardings.lock(user_id)
            after = await keep(work, before, before.reset(), OnboardingReset(user_id=user_id))
            view = await view_of(after, self.catalog)
            await work.commit(view)
        return view
