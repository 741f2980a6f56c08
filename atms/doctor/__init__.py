"""What is wrong with this installation, and the way out."""

from atms.doctor.check import Check, Verdict
from atms.doctor.examination import examine

__all__ = ["Check", "Verdict", "examine"]
