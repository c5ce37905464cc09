"""What events lead to: jobs, which do the outside work."""
