"""``auto``: the method that chooses and combines by the data."""
