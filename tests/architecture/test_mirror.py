"""Every module has its tests at the mirrored place, or stands in a list with a reason."""

from pathlib import Path

ROOT = Path(__file__).parents[2]

#: Modules that are tested elsewhere, with the place.
ELSEWHERE = {
    "supervisor/__main__.py": "tests/end_to_end/test_command_line.py",
    "supervisor/app.py": "tests/end_to_end/test_command_line.py",
    "supervisor/core/effects.py": "tests/supervisor/core/test_desk.py",
    "supervisor/core/errors.py": "tests/end_to_end/test_command_line.py",
    "supervisor/core/events.py": "tests/supervisor/core/test_desk.py",
    "supervisor/core/model.py": "tests/supervisor/core/test_desk.py",
    "supervisor/front.py": "tests/end_to_end/test_command_line.py",
}


def test_every_module_has_a_test_of_its_own() -> None:
    """A module without tests is noticed when it is written."""
    modules = [
        path.relative_to(ROOT)
        for package in ("supervisor", "tray")
        for path in (ROOT / package).rglob("*.py")
        if path.name != "__init__.py"
    ]
    tests = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")}
    folders = {str(Path(test).parent) for test in tests}

    missing = [
        str(module)
        for module in modules
        if str(module) not in ELSEWHERE
        and str(Path("tests") / module.parent / f"test_{module.name}") not in tests
        # A package with one module for each system is tested as one: by its contract.
        and str(Path("tests") / module.parent) not in folders
        and f"tests/{module.parent.parent}/test_{module.parent.name}.py" not in tests
    ]

    assert missing == []


def test_what_is_tested_elsewhere_is() -> None:
    """The list of exceptions names places that exist."""
    assert [place for place in ELSEWHERE.values() if not (ROOT / place).exists()] == []
    assert [module for module in ELSEWHERE if not (ROOT / module).exists()] == []
