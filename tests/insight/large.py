"""A class as large as the board has to bear: for the test of its size, for the benchmark, for a look in the browser."""

import random
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Membership, Person
from lti_tool.ids import new_id
from lti_tool.lti.models import Role
from lti_tool.mastery.models import FrozenCriterion, MasteryState, Standing
from lti_tool.mastery.rules import Criterion, DefaultLadder, default_scale
from tests.insight.site import LEVELS, a_map, standings
from tests.playlists import seed
from tests.playlists.seed import NOW, School

STANDINGS = list(Standing)


def rank(random_: random.Random, ability: float, place: float) -> int:
    """A level as classes have them: high at the beginning of the map, none at its end, and never quite regular."""
    value = ability + 1.2 - 2.2 * place + random_.gauss(0, 0.35)
    return min(max(round(4 * value), 0), 4)


async def a_large_class(
    session: AsyncSession, students: int, competencies: int, random_: random.Random, *, states: bool = True
) -> School:
    """A school whose course has many students and competencies, with levels for all; ``states`` as rows too."""
    school = await seed.school(session, students=0)
    statements = [
        (f"{1 + n // 48}.{['NF', 'OA', 'MD', 'G'][n // 12 % 4]}.{n % 12 + 1}", f"{_sentence(random_)} ({n + 1})")
        for n in range(competencies)
    ]
    made = await a_map(session, school, statements)
    people = [
        Person(
            organisation_id=school.id,
            registration_id=school.registration.id,
            sub=f"s{n}",
            name=f"{random_.choice(GIVEN)} {random_.choice(FAMILY)} {n}",
            sort_name=f"{n:04}",
            created_at=NOW,
        )
        for n in range(students)
    ]
    session.add_all(people)
    await session.flush()
    session.add_all(
        Membership(organisation_id=school.id, course_id=school.course.id, person_id=one.id, role=Role.STUDENT)
        for one in people
    )
    school.students.extend(people)
    criterion = FrozenCriterion(
        organisation_id=school.id,
        course_id=school.course.id,
        content=Criterion(DefaultLadder(), default_scale()).to_json(),
        created_at=NOW,
    )
    session.add(criterion)
    await session.flush()
    running = Criterion(DefaultLadder(), default_scale()).start().to_json()
    for person in people:
        ability = random_.random()
        ranks = [rank(random_, ability, n / competencies) for n in range(competencies)]
        row = standings(school, person.id, ranks)
        for held in row.standings.values():
            # Some reviews are due, most are not yet.
            held[2] = 20_600 + random_.randrange(80) if held[0] >= 3 else None
        session.add(row)
        if states:
            rows = [
                {
                    "organisation_id": school.id,
                    "id": new_id(),
                    "course_id": school.course.id,
                    "person_id": person.id,
                    "competency_id": competency.id,
                    "criterion_id": criterion.id,
                    "running": running,
                    "standing": STANDINGS[got],
                    "level": LEVELS[got],
                    "rolled_up": False,
                    "share": Decimal(1),
                    "because": {"code": "begun", "values": {"level": LEVELS[got]}},
                    "count": 5,
                    "latest_at": NOW - timedelta(days=random_.randrange(20)),
                    "changed_at": NOW,
                }
                for competency, got in zip(made, ranks, strict=True)
                if got
            ]
            if rows:
                await session.exec(insert(MasteryState), params=rows)  # type: ignore[call-overload]
    await session.flush()
    return school


def _some(words: str) -> list[str]:
    return words.split()


GIVEN = _some("Ada Amir Bo Carmen Dmitri Elif Femi Grace Hana Ines Jun Kofi Lena Mateo Noor Olga Priya Quinn Rosa Sami")
FAMILY = _some("Ash Birch Cedar Dogwood Elm Fir Gum Hazel Ironwood Juniper Kauri Larch Maple Nutmeg Oak Pine Rowan")
_WORDS = _some(
    "understand explain use solve compare represent interpret apply find write fractions decimals ratios rates lines "
    "angles area volume data equations expressions numbers place value whole units of and with in to by two more real"
)


def _sentence(random_: random.Random) -> str:
    return " ".join(random_.choice(_WORDS) for _ in range(random_.randrange(8, 30))).capitalize()
