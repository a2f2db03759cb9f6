"""What a site's generator makes of a source, as data: one reader, many habits."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

LANG = r"[a-z]{2,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
FOLDER = r"[a-z]{2}(?:-[a-z]{2,4})?"  # shorter, for many a folder has a name of three letters


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How a site's sources are meant. `generator` is "" where each file has to tell.

    `typographer` sets quotes and dashes, `emoji` reads codes such as :de:, and `shortcodes` is
    the folder of the site's own shortcode templates, if it has one.
    """

    generator: str = ""
    typographer: bool = True
    emoji: bool = True
    shortcodes: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Ways:
    """How one generator names files and addresses.

    `permalink` is its own default in Hugo's tokens, `translated` the one for other languages, ""
    where /LANG stands before the same. `address` names the fields that hold a page's own path,
    which is whole or, where it is `beneath`, follows what the pattern begins with. `suffix` finds
    a language at the end of a name, `folders` in a path: a pattern and what stands for it in the
    key. Names are `dated` where a date before them is no part of the slug. Where tags are
    `spaced`, white space divides them. Addresses are `closed` where a slash is put after
    all that are no file's name.
    """

    permalink: str = "/:year/:month/:title/"
    translated: str = ""
    address: tuple[str, ...] = ("url",)
    beneath: bool = False
    suffix: str = rf"\.(?P<lang>{LANG})"
    folders: tuple[tuple[str, str], ...] = ()
    dated: bool = False
    spaced: bool = False
    closed: bool = True
    signs: frozenset[str] = frozenset()


WAYS: Mapping[str, Ways] = MappingProxyType(
    {
        # https://gohugo.io/configuration/permalinks/, https://gohugo.io/content-management/urls/
        "hugo": Ways(
            folders=((rf"(?:content/)?(?P<lang>{FOLDER})/", ""),),
        ),
        # https://jekyllrb.com/docs/permalinks/, https://jekyllrb.com/docs/posts/
        "jekyll": Ways(
            permalink="/:categories/:year/:month/:day/:slugorcontentbasename.html",
            address=("permalink",),
            folders=((rf"(?P<lang>{FOLDER})/(?=_(?:posts|drafts)/)", ""),),
            dated=True,
            spaced=True,
            closed=False,
            signs=frozenset({"_posts/", "_drafts/", "redirect_from", "excerpt_separator"}),
        ),
        # https://www.getzola.org/documentation/content/page/
        "zola": Ways(
            permalink="/:folders/:slugorcontentbasename/",
            address=("path",),
            dated=True,
            signs=frozenset({"taxonomies", "extra", "transparent"}),
        ),
        # https://docs.getpelican.com/en/stable/settings.html#url-settings
        "pelican": Ways(
            permalink="/:slug.html",
            translated="/:slug-:lang.html",
            address=("url", "save_as"),
            suffix=rf"[.-](?P<lang>{LANG})",
            closed=False,
            signs=frozenset({"Name: value"}),
        ),
        # https://docusaurus.io/docs/api/plugins/@docusaurus/plugin-content-blog#markdown-front-matter
        "docusaurus": Ways(
            permalink="/blog/:year/:month/:day/:contentbasename",
            address=("slug",),
            beneath=True,
            closed=False,
            folders=(
                (rf"i18n/(?P<lang>{FOLDER})/docusaurus-plugin-content-blog/", "blog/"),
                (rf"(?P<lang>{FOLDER})/docusaurus-plugin-content-blog/", ""),
            ),
            dated=True,
            signs=frozenset({".mdx", "hide_table_of_contents"}),
        ),
    }
)
GENERATORS = tuple(WAYS)
UNTOLD = Ways()

# The fields that are read, by what they tell of an edition; of a pair "a.b", b stands in table a.
FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "title": ("title",),
        "date": ("date", "extra.date"),
        "not before": ("publishdate", "pubdate"),
        "expires": ("expirydate", "expires", "unpublishdate"),
        "draft": ("draft", "published", "status", "unlisted"),
        "slug": ("slug",),
        "language": ("lang", "language", "locale"),
        "authors": (
            "author", "authors", "taxonomies.author", "taxonomies.authors",
            "extra.author", "extra.authors", "extra.editors", "params.author", "params.authors",
        ),
        "tags": (
            "tags", "categories", "category", "taxonomies.tags", "taxonomies.categories",
            "taxonomies.category",
        ),
        "summary": ("summary", "description", "excerpt"),
        "image": (
            "image", "images", "featured_image", "cover", "cover_image", "og_image",
            "extra.image", "params.image", "params.images",
        ),
        "aliases": ("aliases", "redirect_from"),
        "id": ("publisher_id", "extra.publisher_id", "params.publisher_id"),
        "correction": ("correction", "extra.correction", "params.correction"),
    }
)  # fmt: skip
