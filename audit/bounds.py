"""How large the numbers of the settings may be: what is larger, no machine could carry out, or nobody would wait for.

Each constant stands in the reference of the settings with the sentence below it.
"""

from typing import Annotated

from pydantic import Field

MOST_SIDE = 4_096
"""Pixels along each side of a picture that is resized, letterboxed or cropped."""
MOST_IN_BATCH = 2**26
"""Pixels of all pictures of one batch, as the network sees them: 16 pictures of 2048x2048."""
MOST_LENT = 2**31
"""Pixels of all pictures that lend their backgrounds, as the network sees them, which take 26 GB in three channels."""
MOST_BATCHED = 4_096
"""Pictures in one batch."""
MOST_ASKED = 1_000
"""How often one method asks the network about one picture: its steps, or its noisy samples."""
MOST_DRAWN = 100
"""Random baselines, donors, strengths and candidates, for each of which the network is asked anew."""
MOST_PICTURES = 1_000_000
"""Pictures that a control, a search, an intervention or a null map draws, or that a limit asks for."""
MOST_DONORS = 10_000
"""Pictures that lend their backgrounds."""
MOST_THREADS = 256
"""Threads that decode pictures."""
MOST_MAPS = 100
"""Saliency methods, or null maps, in one list."""
MOST_STRATA = 10
"""Columns by which a sample is spread."""
FINEST_POINTS = 0.1
"""Points to within which a sample may be asked to bound a share."""
MOST_REQUIREMENTS = 1_000
"""Rules, or rules in slices, whose requirements the settings name."""

Asked = Annotated[int, Field(gt=0, le=MOST_ASKED)]
Drawn = Annotated[int, Field(gt=0, le=MOST_DRAWN)]
Pictures = Annotated[int, Field(gt=0, le=MOST_PICTURES)]
