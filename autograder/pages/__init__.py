"""Pure functions of reports: HTML pages, and the files that other places read."""
