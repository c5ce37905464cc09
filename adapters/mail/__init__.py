"""Sending mail: by SMTP, or into a folder on a developer's machine."""
