"""Who signs up gets a mail."""

from workers.reactions.job_on_event import JobOnEvent

welcome_mail = JobOnEvent(name="welcome_mail", on="user.registered", job="identity.send_welcome_mail")
