"""What the bench runs as processes: the baselines, and the engine's roles by themselves."""
