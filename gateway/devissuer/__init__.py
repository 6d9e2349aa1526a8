"""A sign-in provider for development: seeded people, no passwords, refused in production."""
