"""Processes that run notebooks: forked from one template that has imported the libraries."""
