"""Hybrid reasoning, end to end: documented flows over the simulator, budgets on a real engine, replicas, silence."""
