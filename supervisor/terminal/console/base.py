"""What every console tells of its terminal. Words only."""

from typing import Literal, TypeAlias

#: It has another size; we were suspended and go on; a signal is the program's; it is over, and our exit code.
News: TypeAlias = Literal["resized", "continued", "pass on", "over"]
