"""What the platform's processes are told of webhooks besides what every house is told."""

from __future__ import annotations

import os
from collections.abc import Mapping

import environ

from gateway.platform.webhooks.addresses import Allow
from gateway.variables import stage, variable


@environ.config(prefix="", frozen=True)
class WebhookConfig:
    """One process's settings."""

    allow: Allow = variable(
        "THROUGHLINE_WEBHOOK_ALLOW",
        "networks to which webhooks may go though they are not public, over plain HTTP and to any"
        " port too: CIDRs, comma separated; for development and tests, refused in production",
        converter=Allow.parse,
    )
    environment: str = variable(
        "THROUGHLINE_ENV", "development or production", "development", stage
    )


def load_webhook_config(variables: Mapping[str, str] | None = None) -> WebhookConfig:
    """Reads the environment; raises ValueError naming the variable that makes no sense."""
    source = os.environ if variables is None else variables
    config: WebhookConfig = environ.to_config(WebhookConfig, environ=dict(source))
    if config.allow and config.environment == "production":
        raise ValueError("THROUGHLINE_WEBHOOK_ALLOW is for development and tests")
    return config
