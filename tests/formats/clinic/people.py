"""The people of the clinic and what was measured of them, the same at every run.

NHS numbers are of the range 999, which is for tests; telephone numbers of
Ofcom's range for drama; mail goes to example.org. Postcodes are of areas that
exist, in a district 99, where nobody lives.
"""

import random
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields

FORENAMES = """
Agnes Amir Beatrice Clara David Eleanor Ewan Fatima Grace Harriet Ivan Jamila
Keith Leonora Mei Nigel Olive Peter Rosa Tariq Una Victor Winifred Yusuf
""".split()
SURNAMES = [
    begin + end
    for begin in "Ash Brack Carl East Hart Lark Moss Quill Thistle Winter".split()
    for end in "bourne combe ditch holt mede spurn thwaite wick".split()
]
AREAS = ["B", "BS", "CF", "LS", "M", "NE", "NR", "S", "YO"]
DIAGNOSES = [
    ("E11.9", "Type 2 diabetes mellitus"),
    ("I10", "Essential hypertension"),
    ("J45.9", "Asthma"),
    ("N18.3", "Chronic kidney disease, stage 3"),
    ("F32.1", "Moderate depressive episode"),
    ("M06.9", "Rheumatoid arthritis"),
]
TESTS = [
    ("HbA1c", "mmol/mol", 30, 90),
    ("Creatinine", "umol/L", 50, 160),
    ("Potassium", "mmol/L", 3, 6),
    ("Haemoglobin", "g/L", 95, 170),
]


@dataclass(frozen=True)
class Person:
    patient_id: int
    nhs_number: str
    forename: str
    surname: str
    date_of_birth: str
    postcode: str
    telephone: str
    email: str
    diagnosis_code: str
    diagnosis: str

    @property
    def name(self) -> str:
        return f"{self.forename} {self.surname}"

    @property
    def spaced_number(self) -> str:
        """As it stands in letters."""
        number = self.nhs_number
        return f"{number[:3]} {number[3:6]} {number[6:]}"


@dataclass(frozen=True)
class Result:
    result_id: int
    patient_id: int
    taken_on: str
    test: str
    value: int
    unit: str


PERSON_COLUMNS = [field.name for field in fields(Person)]
RESULT_COLUMNS = [field.name for field in fields(Result)]


@dataclass(frozen=True)
class Clinic:
    people: list[Person]
    results: list[Result]

    def part(self, begin: int, end: int) -> "Clinic":
        """Some of the people, with their results."""
        people = self.people[begin:end]
        ids = {person.patient_id for person in people}
        return Clinic(people, [result for result in self.results if result.patient_id in ids])

    def parts(self, count: int) -> list["Clinic"]:
        """All of the people, cut into so many parts of about the same size."""
        size = len(self.people)
        places = [size * part // count for part in range(count + 1)]
        return [self.part(*pair) for pair in zip(places, places[1:])]

    def results_of(self, person: Person) -> list[Result]:
        return [result for result in self.results if result.patient_id == person.patient_id]

    def person_rows(self) -> list[list[str]]:
        return [[str(value) for value in astuple(person)] for person in self.people]

    def result_rows(self) -> list[list[str]]:
        return [[str(value) for value in astuple(result)] for result in self.results]


def nhs_numbers() -> Iterator[str]:
    """All of the test range, in order: weights 10 to 2, and no number where
    the check digit would be 10 (NHS Data Dictionary)."""
    for serial in range(1_000_000):
        nine = f"999{serial:06}"
        check = -sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), nine)) % 11
        if check < 10:
            yield f"{nine}{check}"


def clinic(size: int) -> Clinic:
    """A clinic of so many people, all with a name and a number of their own."""
    most = len(FORENAMES) * len(SURNAMES)
    if not 0 < size <= most:
        raise SystemExit(f"a clinic has 1 to {most} people")
    chance = random.Random(999)
    numbers = [number for _, number in zip(range(3 * most), nhs_numbers())]
    chance.shuffle(numbers)
    names = [(forename, surname) for forename in FORENAMES for surname in SURNAMES]
    chance.shuffle(names)
    people = [person(chance, *both) for both in zip(range(1, size + 1), numbers, names)]
    results: list[Result] = []
    for one in people:
        for _ in range(chance.randint(1, 3)):
            results.append(result(chance, len(results) + 1, one))
    return Clinic(people, results)


def person(chance: random.Random, patient_id: int, number: str, name: tuple[str, str]) -> Person:
    forename, surname = name
    code, diagnosis = chance.choice(DIAGNOSES)
    inward = "".join(chance.choice("ABDEFGHJLNPQRSTUWXYZ") for _ in range(2))
    return Person(
        patient_id=patient_id,
        nhs_number=number,
        forename=forename,
        surname=surname,
        date_of_birth=date(chance, 1930, 2015),
        postcode=f"{chance.choice(AREAS)}99 {chance.randint(1, 9)}{inward}",
        telephone=f"07700 900{chance.randint(0, 999):03}",
        email=f"{forename}.{surname}@example.org".lower(),
        diagnosis_code=code,
        diagnosis=diagnosis,
    )


def result(chance: random.Random, result_id: int, one: Person) -> Result:
    test, unit, low, high = chance.choice(TESTS)
    return Result(
        result_id=result_id,
        patient_id=one.patient_id,
        taken_on=date(chance, 2023, 2025),
        test=test,
        value=chance.randint(low, high),
        unit=unit,
    )


def date(chance: random.Random, first_year: int, last_year: int) -> str:
    year = chance.randint(first_year, last_year)
    return f"{year}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
