"""What the benchmarks count with is tested here, so their folder is on the path."""

import sys

from resilience.measuring import BENCHMARKS

sys.path.append(str(BENCHMARKS))
