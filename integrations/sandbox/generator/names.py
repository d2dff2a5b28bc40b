"""Who a generated firm works for: names as people really have them, addresses, numbers to reach them by."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

GIVEN = (
    "Aaron Adèle Alicia Amélie Andrew Anika Anthony Beatriz Benoît Bridget Carlos Catherine Chloé Daniel Delphine"
    " Dmitri Eileen Elena Émile Farah Fiona George Giulia Grace Hassan Helen Inès Ingrid Isaac Jasmine Jérôme Jonas"
    " Joséphine Karen Kenji Laura Leïla Liam Lucía Magnus Marcus Mei Michael Nadia Naomi Oksana Olivia Óscar Patrick"
    " Priya Quentin Rachel Raúl Renée Samuel Sanjay Søren Stella Tomás Ursula Victor Wendy Yara Zachary"
).split()
FAMILY = (
    "Abbott Achterberg Álvarez Anderson Bakker Balogun Becker Bélanger Bennett Bjørnsen Blackwood Brennan Calderón"
    " Campbell Castro Chen Cohen Córdoba Cruz Da-Silva Dawson De-Vries Delacroix Donovan Dubois D'Angelo D'Souza"
    " Edwards Eriksson Faulkner Fernández Fitzgerald Fontaine Foster Franklin Garcia Goldberg Greene Grünwald Hanley"
    " Harrison Hayashi Henderson Hernández Hoffmann Holloway Horváth Hughes Ibáñez Jacobs Jankowski Johansson Jørgensen"
    " Kaminski Kaplan Keller Kowalski Lachance Lambert Larsen Leclerc Lefèvre Lindqvist Lopez Lund MacLeod Mahoney"
    " Martínez McAllister Meyer Mitchell Montgomery Moreau Muñoz Murphy Nakamura Navarro Ndiaye Nielsen Nowak"
    " O'Brien O'Connor O'Sullivan Okafor Olsen Ortiz Parker Patel Peña Pereira Petrov Quigley Quiñones Ramírez Reyes"
    " Rosenthal Roux Saint-Clair Sánchez Schäfer Schneider Sharma Silva Sørensen Steiner Suzuki Thibault Thornton"
    " Torres Underhill Vandenberg Vásquez Villanueva Wallace Weiss Whitaker Winters Yamamoto Zimmermann"
).split()
TRADES = (
    "Holdings Properties Construction Logistics Foods Dental Farms Partners Interiors Motors Software Textiles"
    " Brewing Consulting Electric Fisheries Landscaping Media Orchards Roofing"
).split()
FORMS = ("LLC", "Inc.", "& Sons", "Group", "Ltd.", "LP", "Co.")
STREETS = ("Alder", "Beacon", "Côté", "Dearborn", "Elm", "Fulton", "Granville", "Harbour", "Irving", "Juniper", "King")

# Names that break careless code. Persons are (first, middle, last); a text alone is a company.
ODD: tuple[tuple[str, str, str] | str, ...] = (
    ("Zoë", "", "O'Hara-Núñez"),
    ("François", "Xavier", "D'Aubigné"),
    ("李", "", "小龙"),
    "Müller & Søhne GmbH",
    ("James", "", "Walker"),
    ("דוד", "", "לוי"),
    "Estate of J. Calloway: Residue Trust",
    ("Siobhán", "", "Ní Bhriain"),
    "🦊 Foxglove Studio",
    ("James", "", "Walker"),
    "The Consolidated Benevolent and Protective Association of "
    + "Independent Warehousemen and " * 8
    + "Allied Trades",
    ("Пётр", "Ильич", "Рахманов"),
    "O’Brien’s “Old” Mill, Inc.",
    ("Nguyễn", "Thị", "Ánh"),
    ("محمد", "", "الفارسي"),
    ("Cher", "", ""),
    "株式会社 山田法務",
    "100% Cotton LLC",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a firm is: Clio region, currencies and the taxes it adds to bills."""

    country: str
    region: str
    currency: str
    cities: tuple[tuple[str, str, str], ...]  # city, province, postal code
    taxes: tuple[tuple[str, str], ...]  # name, rate in percent


PLACES: Mapping[str, Place] = {
    "US": Place(
        "US",
        "us",
        "USD",
        (("Portland", "OR", "97204"), ("San José", "CA", "95110"), ("Cañon City", "CO", "81212")),
        (("Sales tax", "8.25"), ("City tax", "1.5")),
    ),
    "CA": Place(
        "CA",
        "ca",
        "CAD",
        (("Montréal", "QC", "H2Y 1C6"), ("Vancouver", "BC", "V6B 1A1"), ("Trois-Rivières", "QC", "G9A 2K1")),
        (("GST", "5"), ("QST", "9.975")),
    ),
    "GB": Place(
        "GB",
        "eu",
        "GBP",
        (("London", "Greater London", "EC4A 1AA"), ("Leeds", "West Yorkshire", "LS1 4AP")),
        (("VAT", "20"), ("Levy", "1")),
    ),
    "AU": Place(
        "AU",
        "au",
        "AUD",
        (("Sydney", "NSW", "2000"), ("Perth", "WA", "6000")),
        (("GST", "10"), ("Levy", "1")),
    ),
}


def folded(name: str) -> str:
    """Names that people would take for the same are equal: no case, accents or punctuation."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    kept = (char if char.isalnum() else " " for char in plain if not unicodedata.combining(char))
    return " ".join("".join(kept).split())


class Namer:
    """Draws contacts of which no two have the same name, except where that is asked for."""

    def __init__(self, rng: Random, place: Place) -> None:
        self._rng, self._place = rng, place
        self._used: set[str] = set()
        self._serial = 0
        self._odd = list(reversed(ODD))

    def odd(self) -> dict[str, Any] | None:
        """The next unusual contact, until there are none left."""
        if not self._odd:
            return None
        found = self._odd.pop()
        if isinstance(found, str):
            return self._reachable({"type": "Company", "name": found})
        return self._person(*found)

    def anyone(self) -> dict[str, Any]:
        return self.company() if self._rng.random() < 0.35 else self.person()

    def person(self, *, plain: bool = False) -> dict[str, Any]:
        """``plain`` leaves out middle names, so that given and family name are the whole name."""
        for attempt in range(1_000):
            first, last = self._rng.choice(GIVEN), self._rng.choice(FAMILY)
            if plain and attempt > 40:
                last = f"{last}-{self._rng.choice(FAMILY)}"
            middle = f"{self._rng.choice('ABCDEFGHJKLMNPRSTVW')}." if attempt > 3 and not plain else ""
            if self._take(f"{first} {middle} {last}"):
                return self._person(first, middle, last)
        return self._person("Robin", str(self._serial), "Everyman")

    def company(self, *, email: bool = True) -> dict[str, Any]:
        for attempt in range(1_000):
            number = f" {self._rng.randrange(2, 9_999)}" if attempt > 3 else ""
            name = f"{self._rng.choice(FAMILY)} {self._rng.choice(TRADES)}{number} {self._rng.choice(FORMS)}"
            if self._take(name):
                break
        return self._reachable({"type": "Company", "name": name}, email=email)

    def email(self, stem: str = "contact") -> str:
        self._serial += 1
        return f"{stem}.{self._serial}@example.com"

    def _take(self, name: str) -> bool:
        key = folded(name)
        if key in self._used:
            return False
        self._used.add(key)
        return True

    def _person(self, first: str, middle: str, last: str) -> dict[str, Any]:
        self._take(f"{first} {middle} {last}")
        return self._reachable({"type": "Person", "first_name": first, "middle_name": middle, "last_name": last})

    def _reachable(self, values: dict[str, Any], *, email: bool = True) -> dict[str, Any]:
        rows: dict[str, Any] = {"addresses": self._addresses(), "phone_numbers": self._phones()}
        if email:
            mails = [{"name": "Work", "address": self.email(), "default_email": True}]
            if self._rng.random() < 0.1:
                mails.append({"name": "Home", "address": self.email("home")})
            rows["email_addresses"] = mails
        return values | rows

    def _phones(self) -> list[dict[str, Any]]:
        labels = self._rng.sample(("Work", "Mobile", "Home", "Fax"), self._rng.choice((0, 1, 1, 2, 3)))
        return [{"name": label, "number": f"+1 555 01{self._rng.randrange(10_000):04d}"} for label in labels]

    def _addresses(self) -> list[dict[str, Any]]:
        labels = self._rng.choice((("Billing",), ("Work",), ("Billing", "Work"), ("Home",), ()))
        return [{"name": label, **self._address()} for label in labels]

    def _address(self) -> dict[str, str]:
        city, province, code = self._rng.choice(self._place.cities)
        street = f"{self._rng.randrange(1, 2_000)} {self._rng.choice(STREETS)} Street"
        if self._rng.random() < 0.2:
            street += f"\nSuite {self._rng.randrange(100, 900)}"
        return {
            "street": street,
            "city": city,
            "province": province,
            "postal_code": code,
            "country": self._place.country,
        }
