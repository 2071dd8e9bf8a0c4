"""Exports: what a learner, a team or a person takes away."""
