"""Arrays made elsewhere: checked and copied in (``importing``), stored (``stored``), predictions among them."""
