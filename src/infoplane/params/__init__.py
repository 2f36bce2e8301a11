"""The parameters of the pipeline: one typed model per section of ``params.yaml``, one module per model.

A stage imports just the sections it reads (``from infoplane.params.embed import Embed``), so that a new key in
another section leaves it up to date. ``infoplane.params.check`` knows all sections and validates the whole file.
"""
