"""Where things lie: the repository, its documents, and the shared material beside it, if any."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
EXAMPLES = DOCS / "examples"
SHARED = ROOT.parent / "shared"
