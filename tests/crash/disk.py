"""A disk that can be filled to the last byte without filling anybody else's: a file system in memory. Needs root, to mount it."""

import contextlib
import errno
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

SIZE_MEGABYTES = 700
_PART_BYTES = 1 << 20


class SmallDisk:
    """What is in `folder` has this much room and no more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Until there is no room for a single block more."""
        with self._ballast.open("ab") as file:
            for size in (_PART_BYTES, os.sysconf("SC_PAGE_SIZE")):
                try:
                    while True:
                        os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def free(self) -> None:
        """As it was."""
        self._ballast.unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk() -> Iterator[SmallDisk]:
    """Mounted until the block ends. Raises PermissionError when not root: an ordinary user cannot mount."""
    if os.geteuid() != 0:
        raise PermissionError("only root can mount a small disk to fill; the other parts need no root")
    with tempfile.TemporaryDirectory(prefix="akson-disk-") as made:
        folder = Path(made)
        options = f"size={SIZE_MEGABYTES}m,mode=0711"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "akson-disk", folder], check=True)
        try:
            yield SmallDisk(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)
