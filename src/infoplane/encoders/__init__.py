"""Networks that turn images into embeddings, by name."""
