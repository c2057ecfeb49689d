"""Every module has its tests at the mirrored place, or stands in a list with a reason."""

from pathlib import Path

ROOT = Path(__file__).parents[2]

#: Modules whose tests are elsewhere, with the place. Each has a reason: it is words for others to
#: use (errors, events, the shapes of agents and backends), or it only joins parts, which shows when
#: the whole runs.
ELSEWHERE = {
    "supervisor/__main__.py": "tests/end_to_end/test_command_line.py",
    "supervisor/agents/base.py": "tests/contracts/test_agents.py",
    "supervisor/agents/catalog.py": "tests/contracts/test_agents.py",
    "supervisor/app.py": "tests/end_to_end/test_stories.py",
    "supervisor/commands/copy.py": "tests/end_to_end/test_stories.py",
    "supervisor/commands/doctor.py": "tests/end_to_end/test_command_line.py",
    "supervisor/commands/run.py": "tests/end_to_end/test_run.py",
    "supervisor/commands/serve.py": "tests/end_to_end/test_command_line.py",
    "supervisor/commands/up.py": "tests/end_to_end/test_command_line.py",
    "supervisor/core/board.py": "tests/supervisor/core/test_notices.py",
    "supervisor/notify/by_apprise.py": "tests/supervisor/notify/test_sender.py",
    "supervisor/core/notice.py": "tests/supervisor/core/test_notices.py",
    "supervisor/core/spells.py": "tests/supervisor/core/test_notices.py",
    "supervisor/core/effects.py": "tests/supervisor/core/test_desk.py",
    "supervisor/core/errors.py": "tests/end_to_end/test_command_line.py",
    "supervisor/core/events.py": "tests/supervisor/core/test_desk.py",
    "supervisor/core/model.py": "tests/supervisor/core/test_desk.py",
    "supervisor/agents/steering.py": "tests/contracts/test_agents.py",
    "supervisor/commands/approve.py": "tests/end_to_end/test_steering.py",
    "supervisor/commands/recover.py": "tests/end_to_end/test_reconnect.py",
    "supervisor/commands/steer.py": "tests/end_to_end/test_steering.py",
    "supervisor/core/failing.py": "tests/supervisor/agents/test_failing.py",
    "supervisor/core/book.py": "tests/supervisor/core/test_desk.py",
    "supervisor/core/hearing.py": "tests/supervisor/core/test_desk.py",
    "supervisor/core/presence.py": "tests/supervisor/core/test_desk.py",
    "supervisor/core/pictures.py": "tests/supervisor/core/test_desk.py",
    "supervisor/core/steering.py": "tests/supervisor/core/test_helm.py",
    "supervisor/remote/carry.py": "tests/supervisor/remote/test_steering.py",
    "supervisor/remote/route.py": "tests/attacks/test_scopes.py",
    "supervisor/steering/jobs.py": "tests/end_to_end/test_jobs.py",
    "supervisor/steering/errands.py": "tests/end_to_end/test_steering.py",
    "supervisor/steering/panes.py": "tests/end_to_end/test_steering.py",
    "supervisor/steering/processes.py": "tests/end_to_end/test_steering.py",
    "supervisor/steering/shelf.py": "tests/end_to_end/test_steering.py",
    "supervisor/steering/keyboard.py": "tests/end_to_end/test_phone_steering.py",
    "supervisor/steering/lives.py": "tests/end_to_end/test_steering.py",
    "supervisor/steering/living.py": "tests/end_to_end/test_steering.py",
    "supervisor/steering/prompts.py": "tests/end_to_end/test_steering.py",
    "supervisor/steering/screens.py": "tests/end_to_end/test_page_terminal.py",
    "supervisor/steering/trash.py": "tests/end_to_end/test_steering.py",
    "supervisor/steering/wheel.py": "tests/end_to_end/test_steering.py",
    "supervisor/terminal/nothing.py": "tests/supervisor/terminal/test_roll.py",
    "supervisor/terminal/command.py": "tests/contracts/test_held.py",
    "supervisor/terminal/console/base.py": "tests/supervisor/terminal/test_screen.py",
    "supervisor/terminal/console/posix.py": "tests/supervisor/terminal/test_screen.py",
    "supervisor/terminal/door/posix.py": "tests/supervisor/terminal/test_calling.py",
    "supervisor/terminal/order.py": "tests/supervisor/terminal/test_begin.py",
    "supervisor/terminal/sizes.py": "tests/supervisor/terminal/test_pane.py",
    "supervisor/terminal/windows_begin.py": "tests/contracts/test_held.py",
    "supervisor/remote/backend.py": "tests/supervisor/test_front.py",
    "supervisor/remote/local/door.py": "tests/supervisor/remote/local/test_linux.py",
    "supervisor/remote/local/posix.py": "tests/supervisor/remote/local/test_linux.py",
    "supervisor/store/trashed.py": "tests/supervisor/store/test_trash.py",
    "supervisor/system/awake/buses.py": "tests/supervisor/system/awake/test_linux.py",
    "supervisor/system/awake/grip.py": "tests/supervisor/system/awake/test_holder.py",
    "supervisor/system/awake/logind.py": "tests/supervisor/system/awake/test_linux.py",
    "tray/backend/base.py": "tests/tray/backend/test_sni.py",
    "tray/backend/introspection.py": "tests/tray/backend/test_sni.py",
    "tray/backend/lock_posix.py": "tests/tray/test___main__.py",
    "tray/backend/lock_windows.py": "tests/tray/backend/test_windows.py",
    "tray/backend/macos.py": "tests/tray/backend/test_pystray_icon.py",
    "tray/capture/macos.py": "tests/tray/test_pairing_window.py",
    "tray/capture/windows.py": "tests/tray/test_pairing_window.py",
    "tray/card.py": "tests/tray/test_details_window.py",
    "tray/lines.py": "tests/tray/test_menu.py",
    "tray/style.py": "tests/tray/test_pairing_window.py",
}


def test_every_module_has_a_test_of_its_own() -> None:
    """A module without tests is noticed when it is written."""
    modules = [
        path.relative_to(ROOT)
        for package in ("supervisor", "tray")
        for path in (ROOT / package).rglob("*.py")
        if path.name != "__init__.py"
    ]
    missing = [str(module) for module in modules if str(module) not in ELSEWHERE and not has_tests(module)]

    assert missing == []


def test_what_is_tested_elsewhere_is() -> None:
    """The list of exceptions names places that exist."""
    assert [place for place in ELSEWHERE.values() if not (ROOT / place).exists()] == []
    assert [module for module in ELSEWHERE if not (ROOT / module).exists()] == []


def test_no_module_is_listed_that_has_tests_of_its_own() -> None:
    """The list of exceptions only gets shorter by itself."""
    assert [module for module in ELSEWHERE if has_tests(Path(module))] == []


def has_tests(module: Path) -> bool:
    """Whether tests are at the mirrored place.

    A package with one module for each system is tested as one, by its contract, in a file of its name.
    """
    folder = ROOT / "tests" / module.parent
    own = folder / f"test_{module.name}"
    package = f"test_{module.parent.name}.py"
    return any(place.exists() for place in (own, folder / package, folder.parent / package))
