"""The report of a run as one offline page."""
