"""Other libraries' attributions. `def NAME(attribution: str) -> Function`, one file for each library.

`NAME:attribution` in the settings stands for the saliency method that the file returns for the attribution. It is held
to the contract of the saliency methods. The file states in `LIBRARY`, an `audit.saliency.library.Library`, which
attributions it knows, and refuses all others. A network for which the library is known to be silently wrong is refused
too, before any of its maps is scored.
"""

NOUN = "saliency library"
