"""What workers do: a module an area, each with its TASKS, and what runs them.

`task` is what a module registers, `registry` finds them all, `job_task` runs one and `outcomes` judges how it went.
"""
