"""The sign-in against a real Keycloak; `make test-oidc`."""
