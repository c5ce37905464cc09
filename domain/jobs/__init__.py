"""A learner's jobs: looking at them, following one, cancelling one. What a job is: `domain.shared.jobs`."""
