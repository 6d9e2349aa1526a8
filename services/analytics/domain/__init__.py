"""What analytics decides, as pure functions: the tier policy and the insight into a customer."""
