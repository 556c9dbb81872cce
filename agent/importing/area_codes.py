"""American area codes of the states that have rules of their own: where the number, not the person, comes from.

After the North American Numbering Plan. A number of another state says nothing here, so that the strict default holds.
"""

from __future__ import annotations

import re

_STATES = {
    "US-CA": "209 213 279 310 323 341 350 357 369 408 415 424 442 510 530 559 562 619 626 628 650 657 661 669 "
    "707 714 738 747 760 805 818 820 831 837 840 858 909 916 925 949 951",
    "US-CO": "303 719 720 748 970 983",
    "US-FL": "239 305 321 324 352 386 407 448 561 645 656 689 727 728 754 772 786 813 850 863 904 941 954",
    "US-ME": "207",
    "US-OK": "405 539 572 580 918",
    "US-TX": "210 214 254 281 325 346 361 409 430 432 469 512 682 713 726 737 806 817 830 832 903 915 936 940 "
    "945 956 972 979",
    "US-UT": "385 435 801",
}
_OF_CODE = {code: state for state, codes in _STATES.items() for code in codes.split()}


def state_of(number: str) -> str:
    """The state (ISO 3166-2) of an international number such as +13055550100; '' where it says nothing."""
    match = re.fullmatch(r"\+1(\d{3})\d{7}", number)
    return _OF_CODE.get(match.group(1), "") if match else ""
