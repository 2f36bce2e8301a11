"""Embeddings and predictions made outside the pipeline: importing, storing and reading them."""
