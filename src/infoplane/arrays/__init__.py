"""Arrays made elsewhere: brought into the pipeline (``bring``), handed on (``stored``), scored (``scored``)."""
