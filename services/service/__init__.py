"""Service: contacts with customers, and the cases that are worked on for them."""
