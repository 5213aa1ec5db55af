"""The resolvers: what to load, and nothing else."""
