"""Live replies over Redis: the durable log of a generation, and the bell that cancels one."""
