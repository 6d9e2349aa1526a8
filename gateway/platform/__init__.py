"""The platform's own house: what belongs to all services and to none of them."""
