"""A believable law firm in both stand-ins: the same for the same seed, of any size."""

from integrations.sandbox.generator.firm import Seeded, seed
from integrations.sandbox.generator.stage import Clash

__all__ = ["Clash", "Seeded", "seed"]
