"""The catalogue: what a learner chooses from (languages, industries, roles, partners, situations)."""
