"""A pretend Lemmy's people and communities, and what its API says of them and their posts."""

from dataclasses import dataclass, field
from typing import Any

from publisher.sandbox.outside import Kept

LANGUAGES = {"und": 0, "de": 32, "en": 37, "es": 39, "fr": 47}
OPEN_LANGUAGES = [0, 32, 37, 47]  # what communities take: no Spanish, so that this can be met
CREATOR_IDS = 1000

Fields = dict[str, Any]


@dataclass
class Members:
    """Numbers for names, in the order in which they were asked for."""

    communities: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)

    def community(self, name: str) -> Fields:
        """Every community exists; `name@host` is one of another server."""
        id = self.communities.setdefault(name, len(self.communities) + 1)
        return {
            "id": id,
            "name": name.partition("@")[0],
            "title": f"Stand-in of {name}",
            "removed": False,
            "deleted": False,
            "local": "@" not in name,
            "nsfw": False,
            "posting_restricted_to_mods": False,
        }

    def place(self, id: int) -> str:
        """The name of a community that was asked for before, or nothing."""
        return next((name for name, known in self.communities.items() if known == id), "")

    def person(self, name: str) -> Fields:
        """Whoever is asked for is there."""
        id = self.people.setdefault(name, CREATOR_IDS + len(self.people))
        return {"id": id, "name": name, "local": True, "banned": False, "deleted": False}

    def view(self, kept: Kept) -> Fields:
        """A post with its author and place."""
        said = kept.fields
        place, person = self.community(said["community"]), self.person(said["creator"])
        post = {
            "id": int(kept.id),
            "name": said["name"],
            "url": said["url"],
            "body": said["body"],
            "alt_text": said["alt_text"],
            "creator_id": person["id"],
            "community_id": place["id"],
            "language_id": said["language_id"],
            "ap_id": said["ap_id"],
            "local": True,
            "removed": False,
            "deleted": said["deleted"],
            "locked": False,
            "nsfw": False,
            "published": said["published"],
            "updated": said["edited"],
        }
        return {"post": post, "creator": person, "community": place}

    def my_user(self, name: str) -> Fields:
        """What a person is told about themselves."""
        person = self.person(name)
        local = {"id": person["id"], "person_id": person["id"], "show_nsfw": False}
        return {
            "local_user_view": {"local_user": local, "person": person},
            "follows": [],
            "moderates": [],
            "discussion_languages": list(LANGUAGES.values()),
        }
