"""Sales: deals leads to sellers, carries opportunities and orders."""
