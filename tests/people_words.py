"""Words that `tests/people.py` makes people of: names that go together, streets, ailments, kin, professions."""

from dataclasses import dataclass
from typing import Literal

Sex = Literal["female", "male"]
Profession = Literal["doctor", "nurse", "social_educator", "health_assistant", "assistant"]


@dataclass(frozen=True)
class Allergy:
    """What somebody does not tolerate; `atc` where it is a medicine, "" where it is not."""

    substance: str
    atc: str
    reaction: str
    severe: bool


@dataclass(frozen=True)
class Condition:
    """A diagnosis: ICD-10 code and what the page says."""

    icd10: str
    name: str


@dataclass(frozen=True)
class Names:
    """Names that go together."""

    family: list[str]
    female: list[str]
    male: list[str]

    def given(self, sex: Sex) -> list[str]:
        return self.female if sex == "female" else self.male


def _words(text: str) -> list[str]:
    return text.split()


def _names(family: str, female: str, male: str) -> Names:
    return Names(_words(family), _words(female), _words(male))


_NORWEGIAN_FAMILIES = """
Aasheim Aunet Bakken Berge Bernhus Bjerkeli Bjørnstad Bolstad Brattli Breidal Brekke Brånås Dahlen Eide Ellingsen
Engebråten Eriksrud Fagerheim Fjeldstad Foss Fossum Furuseth Gjerde Granli Grønås Hagelund Halvorsrud Hammer Hauglid
Heggelund Helland Hjelle Holmvik Hovland Iversrud Jakobsen Johnsrud Kjelsrud Kjelstad Klokkerud Kolstad Kvammen
Langeland Lia Lillebø Lunde Løken Moengen Mortensrud Myklebust Myrvoll Nedrebø Nesse Nordbø Nygård Nymoen Opsahl
Rasmussen Risa Rognli Ruud Rønning Sandvik Skogheim Sletten Solbrekk Stene Strøm Sunde Sætre Tangen Teigen Tveit
Ulriksen Vangen Vik Viken Vikøren Wiik Ødegård Østby Øverland Øyhaugen Årdal Ås
"""
COHORTS = (
    (
        1950,
        _names(
            _NORWEGIAN_FAMILIES,
            """Anna Asbjørg Aslaug Astrid Berit Bjørg Borghild Dagny Edel Else Gerd Gudrun Haldis Helga Inger Ingeborg
            Johanne Jorunn Karen Kari Klara Magnhild Margit Marit Målfrid Olaug Ragnhild Reidun Ruth Sigrid Solveig
            Synnøve Torbjørg Turid Unni Åse""",
            """Alf Arne Arvid Asbjørn Birger Bjarne Einar Finn Fredrik Georg Gunnar Hans Harald Harry Helge Ivar Johan
            Karsten Kjell Kåre Leif Magne Nils Odd Olav Oskar Peder Ragnar Reidar Sigurd Sverre Thorleif Tor Torbjørn
            Trygve Åge""",
        ),
    ),
    (
        1980,
        _names(
            _NORWEGIAN_FAMILIES,
            """Anita Anne Bente Bodil Eli Elin Elisabeth Eva Gro Grete Hege Heidi Hilde Kjersti Kristin Laila Lene Lise
            Mona Monica Nina Randi Rita Siv Tone Torill Tove Trine Vigdis Wenche""",
            """Anders Atle Bjørn Dag Eirik Erik Espen Frode Geir Håkon Håvard Jan Jostein Kenneth Knut Lars Morten Ole
            Per Pål Roar Roger Rune Stein Svein Terje Tommy Tore Trond Vidar""",
        ),
    ),
    (
        9999,
        _names(
            _NORWEGIAN_FAMILIES,
            """Amalie Aurora Emma Frida Hedda Ida Ingrid Jenny Julie Maja Malin Marte Nora Oda Sara Selma Silje Sunniva
            Thea Tiril Vilde""",
            """Adrian Aksel Aleksander Daniel Eivind Elias Emil Filip Henrik Iver Jakob Jonas Kasper Magnus Markus
            Mathias Oliver Sander Sindre Tobias Vetle""",
        ),
    ),
)
SAMI = (
    _names(
        "Hætta Utsi Sarre Logje Bongo Balto Anti Guttorm Magga Turi Nango Siri Tornensis",
        "Áile Biret Elle Gáddjá Inga Káre Láilá Máret Ravdna Risten Sunná",
        "Ailu Ándaras Ánte Issát Jovnna Máhtte Mihkkal Niillas Biera Ásllat",
    ),
    _names("Joma Kappfjell Nordfjell Fjellner Kroik", "Aanna Maajja Saara Gaebpie", "Jåvva Laara Nila Aanta"),
)
IMMIGRANT = (
    _names("Nowak Kowalczyk Wójcik Mazur", "Agnieszka Ewa Katarzyna Małgorzata", "Andrzej Marek Piotr Tomasz"),
    _names("Hussain Iqbal Chaudhry Akhtar", "Nasreen Parveen Rukhsana Shazia", "Arshad Bashir Nadeem Tariq"),
    _names("Nguyen Tran Pham Huynh", "Hoa Lan Mai Thuy", "Dung Hung Minh Quang"),
    _names("Abdi Warsame Farah Hersi", "Amina Fadumo Hodan Sahra", "Abdullahi Ahmed Ismail Yusuf"),
    _names("Sivakumar Rajaratnam Kandiah", "Kamala Shanthi Vasanthi", "Ganesh Kumaran Suresh"),
    _names("Hadžić Begić Delić Kovačević", "Azra Emina Jasmina", "Emir Mirsad Senad"),
    _names("Karimi Hosseini Al-Jubouri", "Leila Maryam Shirin Zahra", "Hassan Karim Reza"),
    _names("Kovalenko Bondarenko Melnyk", "Iryna Oksana Olena", "Mykola Oleksandr Vasyl"),
    _names("Tesfay Ghebremariam Habte", "Almaz Selam Tsehay", "Berhane Kidane Yonas"),
)

STREET_STARTS = _words(
    """Bjørke Blåbær Elve Fjell Furu Granitt Hegge Klokker Lerke Linde Myr Måke Nord Rogne Selje Skole Sol Strand Sør
    Tiur Trollbær Ugle Vår"""
)
STREET_ENDS = _words("bakken gata lia stien svingen tunet veien")

ALLERGIES = (
    Allergy("Penicillin", "J01C", "Utslett", severe=False),
    Allergy("Penicillin", "J01C", "Anafylaksi", severe=True),
    Allergy("Acetylsalisylsyre", "N02BA01", "Pustevansker", severe=True),
    Allergy("Trimetoprim og sulfametoksazol", "J01EE01", "Utslett", severe=False),
    Allergy("Kodein", "R05DA04", "Kvalme og kløe", severe=False),
    Allergy("Morfin", "N02AA01", "Kløe", severe=False),
    Allergy("Jodholdig kontrastmiddel", "V08A", "Elveblest", severe=False),
    Allergy("Plaster", "", "Eksem", severe=False),
    Allergy("Lateks", "", "Kløe", severe=False),
    Allergy("Skalldyr", "", "Hevelse i munn og svelg", severe=True),
    Allergy("Nøtter", "", "Anafylaksi", severe=True),
    Allergy("Egg", "", "Elveblest", severe=False),
)
CONDITIONS: tuple[tuple[int, int, Condition], ...] = (  # from which age, how common among those, what
    (0, 6, Condition("J45", "Astma")),
    (0, 3, Condition("G40", "Epilepsi")),
    (0, 3, Condition("E10", "Diabetes type 1")),
    (0, 2, Condition("Q90", "Downs syndrom")),
    (18, 5, Condition("F32", "Depresjon")),
    (18, 3, Condition("G35", "Multippel sklerose")),
    (18, 5, Condition("E03", "Lavt stoffskifte")),
    (40, 22, Condition("I10", "Høyt blodtrykk")),
    (40, 13, Condition("E11", "Diabetes type 2")),
    (45, 10, Condition("J44", "Kols")),
    (50, 12, Condition("M17", "Slitasjegikt i kneet")),
    (55, 5, Condition("G20", "Parkinsons sykdom")),
    (55, 9, Condition("I69", "Følger av hjerneslag")),
    (60, 14, Condition("I48", "Atrieflimmer")),
    (65, 11, Condition("I50", "Hjertesvikt")),
    (65, 13, Condition("G30", "Alzheimers sykdom")),
    (65, 10, Condition("M81", "Osteoporose")),
    (65, 9, Condition("N18", "Kronisk nyresykdom")),
    (70, 6, Condition("H35", "Sykdom i netthinnen")),
)
KIN: tuple[tuple[int, int, str, Sex, int], ...] = (  # from and to which age, relation, sex, years younger
    (0, 30, "mor", "female", -30),
    (0, 30, "far", "male", -32),
    (30, 120, "ektefelle", "male", 0),
    (30, 120, "ektefelle", "female", 0),
    (18, 120, "søster", "female", 2),
    (18, 120, "bror", "male", -2),
    (50, 120, "datter", "female", 28),
    (50, 120, "sønn", "male", 28),
    (55, 120, "niese", "female", 30),
    (55, 120, "nevø", "male", 30),
    (60, 120, "venn", "female", 1),
)
PROFESSIONS: tuple[tuple[int, Profession, str, str], ...] = (  # of ten, code here, title, Volven 9060
    (4, "nurse", "sykepleier", "SP"),
    (3, "health_assistant", "helsefagarbeider", "HF"),
    (1, "social_educator", "vernepleier", "VP"),
    (1, "doctor", "lege", "LE"),
    (1, "assistant", "assistent", ""),
)
