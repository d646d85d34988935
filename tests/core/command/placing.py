"""placing.py: puts files where programs read them at any time."""

import os


def replace(path, text, mode=0o600):
    """As a whole, by a rename, as Kubernetes and any careful writer does."""
    fresh = path.with_name(path.name + ".fresh")
    fresh.write_text(text)
    fresh.chmod(mode)
    os.replace(fresh, path)
