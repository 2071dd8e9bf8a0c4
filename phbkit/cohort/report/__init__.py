"""The report of a cohort: figures an examiner can defend, each with its error and its source."""

from phbkit.cohort.report.report import Report

__all__ = ["Report"]
