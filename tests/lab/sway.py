"""A desktop for tests without X: sway on no screen at all, and waybar as its panel."""

import sys

assert sys.platform == "linux"

import io
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Self

import pytest
from PIL import Image

from tests.lab.desktop import Desktop, Host
from tests.lab.waiting import until

#: What must be installed, by the name of its Debian package.
PROGRAMS = {"sway": "sway", "waybar": "waybar", "grim": "grim", "dbus-daemon": "dbus"}
#: It refuses to be root's; in a user namespace it is not.
NOT_ROOT = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
SWAY = """output HEADLESS-1 mode 1024x768 position 0 0 scale {scale}
output * bg #5f7487 solid_color
xwayland disable
"""
BAR = {
    "layer": "top",
    "position": "top",
    "height": 32,
    "modules-right": ["tray"],
    "tray": {"icon-size": 22, "spacing": 8},
}
STYLE = "* { font-size: 13px; } window#waybar { background: #202830; padding-right: 8px; }"


def missing() -> str:
    """What is not installed here."""
    lacking = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    return f"needs a desktop without X: apt install {' '.join(lacking)}" if lacking else ""


class Sway(Desktop):
    """Owner of the compositor, the bus and the panel."""

    def __init__(self, folder: Path, scale: int = 1) -> None:
        """Nothing runs before ``start``. *scale*: pixels of the screen for one of ours."""
        super().__init__(folder)
        self.scale = scale

    def __enter__(self) -> Self:
        """Start the bus and the compositor; skips where no user namespace can be had for root."""
        self.env |= {
            "WLR_BACKENDS": "headless",
            "WLR_LIBINPUT_NO_DEVICES": "1",
            "WLR_RENDERER": "pixman",
            "XDG_SESSION_TYPE": "wayland",
            "XDG_CURRENT_DESKTOP": "sway",
        }
        prefix = NOT_ROOT if os.geteuid() == 0 else ()
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
            pytest.skip("root may have no user namespace here")
        config = self.folder / "sway.conf"
        config.write_text(SWAY.format(scale=self.scale))
        try:
            self.start_bus()
            self.start("sway", [*prefix, "sway", "-c", str(config)])
            (found, *_) = until(self._sockets, saying=f"no screen; see {self.folder / 'sway.log'}")
            self.env["WAYLAND_DISPLAY"] = found.name
        except BaseException:
            self.__exit__()
            raise
        return self

    def _sockets(self) -> list[Path]:
        return [one for one in (self.folder / "run").glob("wayland-*") if one.is_socket()]

    def start_panel(self, panel: str) -> None:
        """Start a panel with nothing but a tray, and wait until it shows icons."""
        assert panel == "waybar"
        config, style = self.folder / "waybar.json", self.folder / "waybar.css"
        config.write_text(json.dumps(BAR))
        style.write_text(STYLE)
        self.start("panel", ["waybar", "-c", str(config), "-s", str(style)])
        until(lambda: Host(self).present(), saying="no tray by waybar")

    def screen(self) -> Image.Image:
        """The whole screen."""
        done = subprocess.run(["grim", "-"], env=self.env, capture_output=True, check=True, timeout=60)
        return Image.open(io.BytesIO(done.stdout)).convert("RGB")
