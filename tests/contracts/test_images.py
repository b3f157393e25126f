"""What each call of the `Images` port means."""

import pytest

from tests.contracts.rollout_stages import POOL, ImagesWorld
from workhorse.core.errors import Surprise

UNKNOWN = "ami-0123456789abcdef0"


def test_the_first_image_that_is_promoted_is_stable(images_world: ImagesWorld) -> None:
    image = images_world.add_image()
    images_world.port.promote(POOL, image)
    assert images_world.channels() == {"stable": image}


def test_a_promoted_candidate_is_no_candidate_any_more(images_world: ImagesWorld) -> None:
    image = images_world.add_image()
    images_world.set_candidate(image)
    images_world.port.promote(POOL, image)
    assert images_world.channels() == {"stable": image}


def test_another_candidate_stays_one(images_world: ImagesWorld) -> None:
    image, newer = images_world.add_image(), images_world.add_image()
    images_world.set_candidate(newer)
    images_world.port.promote(POOL, image)
    assert images_world.channels() == {"stable": image, "candidate": newer}


def test_what_was_stable_is_the_previous_one(images_world: ImagesWorld) -> None:
    first, second, third = (images_world.add_image() for _ in range(3))
    for image in (first, second):
        images_world.port.promote(POOL, image)
    assert images_world.channels() == {"stable": second, "previous": first}
    images_world.port.promote(POOL, third)
    assert images_world.channels() == {"stable": third, "previous": second}


def test_a_promotion_repeated_changes_nothing(images_world: ImagesWorld) -> None:
    first, second = images_world.add_image(), images_world.add_image()
    for image in (first, second, second):
        images_world.port.promote(POOL, image)
    assert images_world.channels() == {"stable": second, "previous": first}


def test_to_promote_the_previous_one_is_to_go_back(images_world: ImagesWorld) -> None:
    first, second = images_world.add_image(), images_world.add_image()
    for image in (first, second, first):
        images_world.port.promote(POOL, image)
    assert images_world.channels() == {"stable": first, "previous": second}


def test_a_condemned_image_is_no_candidate_and_says_why(images_world: ImagesWorld) -> None:
    stable, bad = images_world.add_image(), images_world.add_image()
    images_world.port.promote(POOL, stable)
    images_world.set_candidate(bad)
    for _ in range(2):
        images_world.port.condemn(POOL, bad, "the canary did not register in 300 s")
    assert images_world.channels() == {"stable": stable}
    assert images_world.condemned(bad) == "the canary did not register in 300 s"
    assert images_world.condemned(stable) == ""


def test_to_condemn_one_leaves_another_candidate(images_world: ImagesWorld) -> None:
    bad, newer = images_world.add_image(), images_world.add_image()
    images_world.set_candidate(newer)
    images_world.port.condemn(POOL, bad, "wave 1: 3 of 5 did not register")
    assert images_world.channels() == {"candidate": newer}


def test_an_image_that_is_gone_can_be_condemned(images_world: ImagesWorld) -> None:
    images_world.set_candidate(UNKNOWN)
    images_world.port.condemn(POOL, UNKNOWN, "its canary ended")
    assert images_world.channels() == {}


def test_a_store_that_does_not_answer_is_a_surprise(images_world: ImagesWorld) -> None:
    images_world.shut()
    with pytest.raises(Surprise):
        images_world.port.promote(POOL, UNKNOWN)
    with pytest.raises(Surprise):
        images_world.port.condemn(POOL, UNKNOWN, "it is bad")
