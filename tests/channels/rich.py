"""One edition with everything an issue can hold, its pictures drawn here."""

import base64
import io
from dataclasses import replace

from PIL import Image as Picture
from PIL import ImageDraw

from publisher.domain.issue import Image
from publisher.testing.sample import EDITION

IMAGES = "https://harbour.example/images/"
BANNER = Image(src=f"{IMAGES}banner.png", alt="The Harbour Letter", width=1280, height=320)
TIDES = Image(
    src=f"{IMAGES}tides.png",
    alt="High water a week, as bars",
    caption="High water, week by week.",
    width=500,
    height=260,
)
LOGO = Image(src=f"{IMAGES}logo.png", alt="An anchor", width=96, height=96)
PLAN = Image(src=f"{IMAGES}plan.svg", alt="Plan of the quay", type="image/svg+xml")
LONG_WORD = "Hafenschlepperkapitänswitwenversicherungsgesellschaftsangestellter" * 2
LONG_LINK = "https://tides.example/" + "august/" * 30

HTML = f"""
<p><img src="{BANNER.src}" alt="{BANNER.alt}"></p>
<p>Welcome to the letter with <strong>strong</strong>, <em>stressed</em>, <del>struck</del> and
<code>coded()</code> words, a <a href="https://tides.example/">link</a>, a key <kbd>Ctrl</kbd>,
H<sub>2</sub>O, 3 m<sup>2</sup>, a <mark>mark</mark> and a <q>quote</q>.</p>
<h2 id="harbour">The harbour</h2>
<ul>
<li>The ferry runs again, twice a day, weather and skipper permitting, and nobody was late.</li>
<li>Boats home:
<ul><li>Ada, with mackerel<ul><li>more than the ice house could take</li></ul></li>
<li>Grace</li></ul></li>
</ul>
<figure><img src="{TIDES.src}" alt="{TIDES.alt}"><figcaption><p>High water, <em>week</em> by
<a href="https://tides.example/">week</a>.</p></figcaption></figure>
<ol start="3"><li><p>A third thing, in a paragraph.</p><p>And more of it.</p></li>
<li><p>A fourth thing.</p></li></ol>
<h3>What was said</h3>
<blockquote><p>The sea is never the same, and the <a href="https://tides.example/">tables</a>
are.</p><blockquote><p>They are, mostly.</p></blockquote></blockquote>
<h3>How to read the tables</h3>
<pre><code>def high_water(day: int, place: str = "the quay", offset_minutes: int = 12) -> str:
    return f"{{day}} {{place}}"  # a line much longer than any telephone is wide
</code></pre>
<p>The word {LONG_WORD} and the address <a href="{LONG_LINK}">{LONG_LINK}</a> are long.</p>
<table>
<thead><tr><th>Boat</th><th align="right">Catch</th><th>Skipper</th>
<th>Berth</th><th>Home port</th></tr></thead>
<tbody><tr><td>Ada</td><td align="right">1200 kg</td><td>Ines Moura</td>
<td>North mole 4</td><td>Brest</td></tr>
<tr><td>Grace</td><td align="right">85 kg</td><td>Tam O'Hara</td>
<td>South mole 11</td><td>Oban</td></tr></tbody>
</table>
<hr>
<h4>Small print</h4>
<dl><dt>Bowline</dt><dd>A loop that holds.</dd><dt>Sheet bend</dt><dd>Joins two ropes.</dd></dl>
<details><summary>Who painted the door?</summary><p>Zoë did, on a Sunday.</p></details>
<p><img src="{LOGO.src}" alt="{LOGO.alt}"> The anchor has clear edges.</p>
<figure><img src="{PLAN.src}" alt="{PLAN.alt}">
<figcaption>The quay from above.</figcaption></figure>
<p><a href="https://video.example/watch">Video: mending a net</a></p>
<p>See the note.<sup><a href="{EDITION.url}#fn1">1</a></sup></p>
<hr><ol><li>The note itself. <a href="{EDITION.url}#fnref1">↩</a></li></ol>
"""
RICH = replace(
    EDITION, html=HTML, images=(BANNER, TIDES, LOGO, PLAN), links=("https://tides.example/",)
)


def with_pictures_inside(html: str) -> str:
    """The page with its pictures in it, so that it can be shown without a network."""
    drawn = {BANNER.src: _banner(), TIDES.src: _tides(), LOGO.src: _logo()}
    for src, picture in drawn.items():
        file = io.BytesIO()
        picture.save(file, "PNG")
        inside = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
        html = html.replace(f'src="{src}"', f'src="{inside}"')
    return html


def _banner() -> Picture.Image:
    picture = Picture.new("RGB", (BANNER.width, BANNER.height), "#0b3d5c")
    pen = ImageDraw.Draw(picture)
    for wave in range(0, BANNER.width, 80):
        pen.ellipse((wave, 220, wave + 120, 400), fill="#3f88a8")
    pen.polygon([(540, 230), (740, 230), (700, 280), (580, 280)], fill="#f2efe6")
    return picture


def _tides() -> Picture.Image:
    picture = Picture.new("RGB", (TIDES.width, TIDES.height), "#f7f3e8")
    pen = ImageDraw.Draw(picture)
    for bar in range(10):
        pen.rectangle((20 + 48 * bar, 230 - 18 * (bar % 7), 50 + 48 * bar, 240), fill="#a8402c")
    return picture


def _logo() -> Picture.Image:
    picture = Picture.new("RGBA", (LOGO.width, LOGO.height), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((36, 4, 60, 28), outline=(20, 20, 20), width=6)
    pen.line((48, 28, 48, 88), fill=(20, 20, 20), width=8)
    pen.arc((12, 30, 84, 90), 10, 170, fill=(20, 20, 20), width=8)
    return picture
