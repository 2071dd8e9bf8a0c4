"""Statistics of a cohort: pure functions on arrays, each with the source of its formula."""
