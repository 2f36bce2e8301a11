"""Images and labels: from a source (``sources``) to one data set on disk (``writing``) and back (``reading``)."""
