"""A model of contacts, and the four APIs that get it, with what their targets' settings say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import ModuleType

import apis
import pytest
import ten_targets
from apis import Api

from egress.engine.models import Model
from egress.engine.plan import Target
from egress.targets import by_target, held_apart
from shared.utils.instances import modules_in

MODEL = Model("egress.contacts", key="contact_id")
CONTACTS = 7
MAKE_CONTACTS = f"""
create table egress.contacts as
select
    'K/' || i as contact_id,
    case when i = 3 then 'nowhere' else 'P' || i || '@example.org' end as email,
    md5(lower(case when i = 3 then 'nowhere' else 'P' || i || '@example.org' end)) as email_hash,
    'Zoë ' || i as given_name,
    'Smith' as surname,
    cast(i * 1.1 as decimal(18, 2)) as sales
from generate_series(1, {CONTACTS}) as numbers (i)
"""
# That of the contact without a proper address.
BAD = "K/3"
SECRETS = {
    "HUBSPOT_TOKEN": "hub-token-1234",
    "SALESFORCE_CLIENT_SECRET": "sf-secret-1234",
    "MAILCHIMP_API_KEY": "mc-key-1234",
    "INTERCOM_API_KEY": "ic-key-1234",
}
APIS = ("hubspot", "salesforce", "mailchimp", "intercom")


def targets() -> dict[Target, ModuleType]:
    """Return the ten targets, found by their place."""
    found = by_target(modules_in(ten_targets.__name__, ten_targets.__path__))
    held_apart(found)
    return found


@contextmanager
def four_apis(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, Api]]:
    """Serve the four APIs, whose addresses and secrets the settings know."""
    with ExitStack() as stack:
        served = {name: stack.enter_context(apis.serving(getattr(apis, name))) for name in APIS}
        for name, api in served.items():
            monkeypatch.setenv(f"{name.upper()}_API_URL", api.url)
            monkeypatch.setenv(f"{name.upper()}_BACKOFF", "0.01")
        for name, value in SECRETS.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("SALESFORCE_TOKEN_URL", f"{served['salesforce'].url}/services/oauth2/token")
        yield served
