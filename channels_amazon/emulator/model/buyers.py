"""Plainly fake buyers with addresses of each country; emulator."""

from __future__ import annotations

import random

from .entities import Address

_FIRST = ("Testa", "Probe", "Exempla", "Ficta", "Muster", "Demo", "Sample", "Mock")
_LAST = ("Example", "Beispiel", "Exemple", "Esempio", "Ejemplo", "Placeholder")
_JAPANESE = ("見本 太郎", "見本 花子", "試験 一郎", "例文 次郎")

# street, city, state, postal code, phone: streets and numbers that do not exist
_PLACES: dict[str, tuple[tuple[str, str, str, str, str], ...]] = {
    "US": (
        ("{n} Example Street", "Sampletown", "WA", "98000", "+1 206-555-01{p:02}"),
        ("{n} Placeholder Avenue", "Testville", "TX", "75000", "+1 214-555-01{p:02}"),
    ),
    "CA": (("{n} Example Road", "Sampleton", "ON", "K0A 0A0", "+1 613-555-01{p:02}"),),
    "MX": (
        (
            "Calle Ejemplo {n}",
            "Ciudad Muestra",
            "CDMX",
            "01000",
            "+52 55 5550 01{p:02}",
        ),
    ),
    "DE": (
        ("Beispielstraße {n}", "Musterstadt", "Hessen", "65000", "+49 30 230000{p:02}"),
        ("Probeweg {n}", "Musterhausen", "Bayern", "80001", "+49 89 999980{p:02}"),
    ),
    "FR": (
        ("{n} rue de l'Exemple", "Villefictive", "", "75000", "+33 1 99 00 00 {p:02}"),
    ),
    "IT": (("Via Esempio {n}", "Provalandia", "RM", "00100", "+39 06 0000 00{p:02}"),),
    "ES": (
        (
            "Calle Ejemplo {n}",
            "Villaficticia",
            "Madrid",
            "28000",
            "+34 910 000 0{p:02}",
        ),
    ),
    "GB": (("{n} Example Lane", "Sampleford", "", "ZZ99 9ZZ", "+44 20 7946 00{p:02}"),),
    "JP": (
        ("見本町{n}丁目1-1", "見本市", "東京都", "100-0000", "+81 3-0000-00{p:02}"),
        ("例町{n}番地", "例市", "大阪府", "530-0000", "+81 6-0000-00{p:02}"),
    ),
}


def fake_buyer(rng: random.Random, country_code: str) -> tuple[str, str, Address]:
    """Return a name, an anonymised e-mail address and a postal address."""
    number = rng.randint(1, 99)
    if country_code == "JP":
        name = rng.choice(_JAPANESE)
    else:
        name = f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"
    street, city, state, postal_code, phone = rng.choice(_PLACES[country_code])
    address = Address(
        name=name,
        line1=street.format(n=number),
        city=city,
        state=state,
        postal_code=postal_code,
        country_code=country_code,
        phone=phone.format(p=number),
    )
    token = "".join(rng.choices("abcdefghjkmnpqrstvwxyz0123456789", k=14))
    return name, f"{token}@marketplace.example", address
