"""Keeps the members of a list, each under the hash of the address, and deletes those that have left."""

from egress.engine.models import Model
from egress.kinds.rest.bodies import Fixed
from egress.kinds.rest.declared import Delete, Refusals
from egress.kinds.rest.target import Rest
from shared.config.named import Setting

MEMBER = "/3.0/lists/a1/members/{email_hash}"
TARGET = Rest(
    "mailchimp",
    Model("egress.contacts", key="email_hash"),
    settings="MAILCHIMP",
    method="PUT",
    path=MEMBER,
    fields={"email_address": "email", "status_if_new": Fixed("subscribed"), "merge_fields.FNAME": "given_name"},
    refusals=Refusals((400,), reason="detail"),
    login={"type": "http_basic", "username": "platform", "password": Setting("MAILCHIMP_API_KEY")},
    mode="mirror",
    delete=Delete(MEMBER),
    at_once=4,
)
