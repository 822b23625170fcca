"""OpenID Connect as this journal speaks it: the HelseID profile, and a municipality's own provider. Knows no database."""

from journal.access.openid.claims import Identity
from journal.access.openid.client import Client, Secrets
from journal.access.openid.providers import Provider, Providers, providers
from journal.access.openid.refusals import SignInRefused

__all__ = ["Client", "Identity", "Provider", "Providers", "Secrets", "SignInRefused", "providers"]
