"""How long a text is on X, and what in it would call somebody.

Source: https://docs.x.com/fundamentals/counting-characters · twitter-text, configuration 3
"""

import re
from unicodedata import normalize

from channels._text import ADDRESS

PER_URL = 23  # whatever its length: X shows it by way of t.co
LONGEST_URL = 4096  # a longer one is words
# Beyond these code points each counts 2.
LIGHT = re.compile("[\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")
COUNTRIES = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs "
    "bt bv bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec "
    "ee eg er es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy "
    "hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz "
    "la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx "
    "my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re "
    "ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr st su sv sx sy sz tc td tf tg th tj "
    "tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"
)
OTHERS = (
    "com org net edu gov int mil info biz name pro mobi asia cat coop jobs museum tel travel "
    "academy agency app art band berlin best bio blog cafe camp care city cloud club codes "
    "community coffee company design dev digital earth education email events express farm "
    "foundation fun fund gallery games garden global green group guide hamburg help house "
    "institute international koeln land life live london media network news ngo ninja one online "
    "page paris photo photos pizza place press pub radio review rocks school science shop site "
    "social software solutions space store studio support systems team tech technology tips today "
    "tools town video vienna watch website wien wiki work works world xyz zone"
)
_KNOWN = "|".join(f"{COUNTRIES} {OTHERS}".split())
_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_IN_PATH = r"[a-z0-9!*';:=+,.$/%#\[\]_~@|&-]"
_AFTER = (  # what of port, path and query belongs to an address
    rf"(?::\d+)?(?:/(?:{_IN_PATH}|\({_IN_PATH}+\))*(?<=[/a-z0-9=_#+)-]))?"
    r"(?:\?[a-z0-9!?*'@();:&=+$/%#\[\]_.,~|-]*(?<=[a-z0-9_&=#/-]))?"
)
CERTAIN = re.compile(
    rf"(?<![a-z0-9@＠$#＃\u202a-\u202e])https?://(?:{_LABEL}\.)+(?:{_KNOWN})(?![a-z0-9@]){_AFTER}",
    re.IGNORECASE,
)
PERHAPS = re.compile(
    rf"(?:https?://|(?<![a-z0-9_.-]))(?:{_LABEL}\.)+[a-z]{{2,63}}(?![a-z0-9]){_AFTER}",
    re.IGNORECASE,
)
_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe"
    "\u2600-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f004-\U0001faff]"
)
_TONE = "[\ufe0f\U0001f3fb-\U0001f3ff]"
_ONE = f"{_PICTURE}{_TONE}?"
EMOJI = re.compile(  # flags, keycaps, and pictures with all that is joined to them
    f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|{_ONE}(?:[\U000e0020-\U000e007f]+"
    f"|(?:\u200d{_ONE})+)?"
)
# X sees a mention behind letters of other scripts, too, and a link behind `$`; addresses end where
# such letters begin.
CALLS = re.compile(
    rf"({ADDRESS}[!#-;=?-~\u00c0-\u024f\u0400-\u04ff]+)|(?:(?<![a-z0-9_])|(?<=\brt))[@＠](?=[a-z0-9_])"
    r"|(?<!\w)[#＃](?=[\w·・\u200c])(?!\d+(?![\w·・\u200c]))|(?<![a-z0-9])\$(?=[a-z])",
    re.IGNORECASE,
)


def cost(text: str) -> int:
    """The weighted length: an address 23, an emoji 2, Latin letters 1, most others 2.

    What may be an address or not, `README.md` for one, counts as the longer of both.
    """
    text, total, end = normalize("NFC", text), 0, 0
    for found in CERTAIN.finditer(text):
        long = len(found[0]) > LONGEST_URL
        total += _cost(text[end : found.start()]) + (len(found[0]) if long else PER_URL)
        end = found.end()
    return total + _cost(text[end:])


def _cost(text: str) -> int:
    total, end = 0, 0
    for found in PERHAPS.finditer(text):
        total += _weight(text[end : found.start()]) + max(len(found[0]), PER_URL)
        end = found.end()
    return total + _weight(text[end:])


def _weight(text: str) -> int:
    if text.isascii():
        return len(text)
    bare, emoji = EMOJI.subn("", text)
    return 2 * (emoji + len(bare)) - len(LIGHT.findall(bare))
