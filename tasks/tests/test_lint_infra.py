"""What `lint-infra` does on a machine that lacks one of its tools."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks import lint_infra


def test_a_parser_that_is_not_installed_is_skipped_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nobody has installed Nix, its file is not read, and that is said with the package that brings it."""
    monkeypatch.setenv("PATH", str(tmp_path))

    assert lint_infra.main(["nix"]) == 0

    said = capsys.readouterr().out
    assert "- nix: skipped, not installed: `nix-instantiate`" in said
    assert "nix-bin" in said
    assert "0 passed, 0 failed" in said
