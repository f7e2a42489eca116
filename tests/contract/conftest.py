"""What can be checked where it stands."""

from pathlib import Path

# Records of real cities are not part of the project: where they lie beside it, what is learnt from them is judged.
HISTORIES = Path(__file__).resolve().parents[3] / "shared" / "data"
collect_ignore = [] if HISTORIES.is_dir() else ["test_learnt_cities.py"]
