"""Exports: what a learner or a team takes away."""
