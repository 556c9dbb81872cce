"""The wheel as a stranger installs it: complete, alone in its names, and working from any folder."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = ("agent", "tools", "prompts", "evals")


def run(*words: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(w) for w in words], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        ROOT,
        "--no-deps",
        "--no-build-isolation",
        "--quiet",
        "-w",
        folder,
        cwd=folder,
    )
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with our wheel, beside the dependencies that are installed here."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False)
    made = folder / "bin" / "python"
    packages = Path(run(made, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        made,
        "install",
        "--no-deps",
        "--no-index",
        "--quiet",
        "--disable-pip-version-check",
        "--ignore-installed",
        wheel,
        cwd=folder,
    )
    return made


def test_the_wheel_holds_the_four_packages_with_their_data_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == set(NAMES)
    for needed in (
        "agent/guardrails/packs/kr.yaml",
        "agent/store/migrations/env.py",
        "prompts/messages/ko/offer_coupon.yaml",
        "prompts/system/decide.ko.md",
        "prompts/brand/starter/ko/playbook.yaml",
        "prompts/brand/starter/en/guidelines/voice.md",
    ):
        assert needed in names


def test_nobody_else_owns_our_import_names(python: Path, tmp_path: Path) -> None:
    code = (
        "import json; from importlib.metadata import packages_distributions as d; "
        f"print(json.dumps({{n: sorted(set(d().get(n, []))) for n in {NAMES!r}}}))"
    )
    assert json.loads(run(python, "-I", "-c", code, cwd=tmp_path)) == {name: ["tactful-agent"] for name in NAMES}


def test_our_code_is_the_wheels_and_not_the_checkouts(python: Path, tmp_path: Path) -> None:
    found = run(
        python,
        "-I",
        "-c",
        "import agent, tools, prompts; print(agent.__file__, tools.__file__, prompts.__file__)",
        cwd=tmp_path,
    )
    assert str(ROOT) not in found
    assert found.count(str(python.parents[1])) == 3


def test_the_command_works_from_another_folder(python: Path, tmp_path: Path) -> None:
    told = json.loads(run(python, "-I", "-m", "agent.cli.app", "demo", "--lang", "ko", "--json", cwd=tmp_path))
    assert len(told["ko"]) == 6
    checks = json.loads(run(python, "-I", "-m", "agent.cli.app", "doctor", "--json", cwd=tmp_path))
    assert all(check["ok"] for check in checks)
    script = python.parent / "tactful"
    assert "decide" in run(script, "--help", cwd=tmp_path)
