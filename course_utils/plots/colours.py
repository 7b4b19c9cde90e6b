"""The palette of Okabe and Ito, told apart by readers with any common kind of colour blindness.

Source: Okabe and Ito 2008, Color Universal Design.
"""

from __future__ import annotations

from types import MappingProxyType

COLOURS = MappingProxyType(
    {
        "blue": "#0072B2",
        "orange": "#D55E00",  # their vermillion: the lighter orange is too faint for hollow marks on white
        "green": "#009E73",
        "pink": "#CC79A7",
        "amber": "#E69F00",
        "sky": "#56B4E9",
        "black": "#000000",
        "grey": "#767676",
    }
)
