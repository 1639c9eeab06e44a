"""``python -m convrec``."""

import sys

from convrec.cli import main

sys.exit(main())
