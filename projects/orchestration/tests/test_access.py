"""What `ui` tells its web server of who may use it."""

from __future__ import annotations

import os

import pytest
from orchestration.cli import main, parser
from orchestration.supervise.access import VARIABLE, as_variables, take_access

from shared.errors import UserError
from shared.web.access import Access


def test_access_is_told_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The web server takes what it was told out of its environment, and without that lets nobody in: it ends."""
    ((name, value),) = as_variables(Access(3000, "secret", ["https://dagster.example"])).items()
    monkeypatch.setenv(name, value)
    access = take_access()
    assert (access.port, access.token, access.public) == (3000, "secret", ["https://dagster.example"])
    assert name not in os.environ
    with pytest.raises(KeyError, match=VARIABLE):
        take_access()


def test_options_of_a_proxy() -> None:
    """A token is asked for unless the user says otherwise, and a public address has to be one."""
    assert parser().parse_args(["ui"]).has_token
    options = parser().parse_args(["ui", "--no-token", "--public-url", "https://dagster.example"])
    assert (options.has_token, options.public_url) == (False, ["https://dagster.example"])
    with pytest.raises(UserError, match="no address of a web server: `dagster`"):
        main(["ui", "--public-url", "dagster"])
