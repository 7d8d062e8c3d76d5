"""The carriers that Amazon knows by name, as confirmShipment wants them; rules layer.

Amazon publishes no list in its model; these are spellings of its order schema
(amzn-base.xsd). Any other carrier goes as `Other` with its name beside it.
"""

from __future__ import annotations

OTHER = "Other"

CARRIERS: tuple[str, ...] = (
    "4PX",
    "Australia Post",
    "Canada Post",
    "China Post",
    "Deutsche Post",
    "DHL",
    "DHL eCommerce",
    "DPD",
    "FedEx",
    "GLS",
    "Hermes",
    "Royal Mail",
    "SF Express",
    "UPS",
    "USPS",
    "Yanwen",
    "Yun Express",
    OTHER,
)
