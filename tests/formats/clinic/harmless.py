"""A web site of ten thousand files in which nobody stands.

It is of the kind that is found on servers: pages, styles, scripts in source and
minified, icons, settings, translations, licences.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path

from . import pictures
from .files import Files

FILES = 10_000

WORDS = """
about access account across agenda answer archive arrive autumn available back
before begin below between book bring build calendar call careers centre change
choice clear collect college comment common community consider contact council
cover culture daily deliver design detail different digital directions display
during early east education event every example exhibition explore facilities
family feature find first follow form free further garden gallery general group
guide help history home hours house idea image improve include information
inside interest journey keep kitchen language large learn less library light
list local location look make many market member method modern more museum music
nature near news next north notice number offer online open order other outside
page park part people place plan play please point policy popular practice
present price programme project provide public question range reach read recent
record region related report research reserve result return review river road
room route school search season second section service share short show site
small south space special spring staff start station story street study subject
summer support team term theatre thing ticket time today tour town travel under
update using view visit visitor walk water week welcome west when where winter
within without work world year
""".split()
TOPICS = ["events", "visit", "learn", "news", "shop", "venue", "archive", "help"]


def harmless() -> Files:
    """All of the site."""
    chance = random.Random(10_000)
    files: Files = {}
    kinds = [
        (3000, "{topic}/{n:04}/index.html", page),
        (400, "templates/{topic}-{n:04}.php", template),
        (1000, "assets/css/{topic}/{n:04}.css", style),
        (300, "assets/css/{n:04}.min.css", minified_style),
        (1100, "assets/js/{topic}/{n:04}.js", script),
        (500, "assets/js/{n:04}.min.js", minified),
        (300, "assets/js/{n:04}.min.js.map", source_map),
        (1000, "assets/img/icons/{topic}-{n:04}.png", pictures.icon_png),
        (200, "assets/img/{n:04}.gif", pictures.icon_gif),
        (100, "{topic}/{n:04}/favicon.ico", pictures.icon_ico),
        (500, "assets/img/{topic}-{n:04}.svg", pictures.icon_svg),
        (400, "config/{topic}/{n:04}.json", settings),
        (300, "locale/{n:04}.json", translations),
        (200, "locale/{topic}/{n:04}.po", catalogue),
        (200, "config/{n:04}.yaml", yaml),
        (150, "node_modules/{topic}-{n}/LICENSE", licence),
        (150, "node_modules/{topic}-{n}/README.md", readme),
        (30, "sitemap-{n:02}.xml", sitemap),
    ]
    for count, pattern, make in kinds:
        for n in range(count):
            path = pattern.format(topic=TOPICS[n % len(TOPICS)], n=n)
            files[path] = make(chance, n)
    files["robots.txt"] = (
        b"User-agent: *\nDisallow: /search\nSitemap: https://www.example.org/sitemap-00.xml\n"
    )
    files[".htaccess"] = b"RewriteEngine On\nRewriteRule ^news/(.*)$ /archive/$1 [R=301,L]\n"
    rest = FILES - len(files)
    files |= {f"notes/{n:04}.txt": (sentences(chance, 12) + "\n").encode() for n in range(rest)}
    return files


def sentence(chance: random.Random) -> str:
    words = chance.choices(WORDS, k=chance.randint(6, 14))
    return " ".join(words).capitalize() + "."


def sentences(chance: random.Random, count: int) -> str:
    return " ".join(sentence(chance) for _ in range(count))


def title(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=3)).capitalize()


def page(chance: random.Random, n: int) -> bytes:
    body = "\n".join(
        f"<h2>{title(chance)}</h2>\n<p>{sentences(chance, 4)}</p>"
        for _ in range(chance.randint(2, 5))
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title(chance)}</title>
<link rel="stylesheet" href="/assets/css/{n % 300:04}.min.css">
<link rel="icon" href="/assets/img/icons/help-{n % 1000:04}.png">
<script src="/assets/js/{n % 500:04}.min.js" defer></script>
</head>
<body class="page page-{n}">
<nav><ul><li><a href="/">Home</a></li>
<li><a href="/visit/{n % 375 * 8 + 1:04}/">Visit us</a></li></ul></nav>
<main>
<h1>{title(chance)}</h1>
{body}
<img src="/assets/img/{n % 200:04}.gif" width="16" height="16" alt="">
<table><tr><th>Day</th><th>Opens</th><th>Closes</th></tr>
<tr><td>Weekdays</td><td>09:00</td><td>17:30</td></tr>
<tr><td>Weekends</td><td>10:00</td><td>16:00</td></tr></table>
</main>
<form action="/search"><label for="q">Search</label><input id="q" name="q" type="search"></form>
<footer>&copy; 2024 Example. All rights reserved.</footer>
</body>
</html>
""".encode()


def template(chance: random.Random, n: int) -> bytes:
    return f"""<?php
// {sentence(chance)}
defined('ROOT') or die('No direct access');
$limit = {chance.randint(5, 50)};
foreach ($this->items('{TOPICS[n % len(TOPICS)]}', $limit) as $item) {{
    $title = htmlspecialchars($item->title);
    echo '<li><a href="' . htmlspecialchars($item->url) . '">' . $title . '</a></li>';
}}
?>
<p><?= $this->text('{chance.choice(WORDS)}') ?></p>
""".encode()


def style(chance: random.Random, n: int) -> bytes:
    rules = [
        f".{chance.choice(WORDS)}-{n}-{at} {{\n  color: #{chance.randrange(1 << 24):06x};\n"
        f"  margin: {chance.randint(0, 40)}px {chance.randint(0, 9)}em;\n"
        f"  width: {chance.uniform(5, 95):.4f}%;\n"
        f"  transition: opacity .{chance.randint(1, 9)}s ease-in;\n}}\n"
        for at in range(chance.randint(5, 30))
    ]
    return "".join(rules).encode()


def minified_style(chance: random.Random, n: int) -> bytes:
    return style(chance, n).replace(b"\n", b"").replace(b"  ", b"")


def script(chance: random.Random, n: int) -> bytes:
    functions = [
        f"/**\n * {sentence(chance)}\n */\n"
        f"export function {chance.choice(WORDS)}{at}(options = {{}}) {{\n"
        f"  const limit = options.limit ?? {chance.randint(1, 5000)};\n"
        f"  return fetch(`/api/{chance.choice(WORDS)}?page=${{limit}}`)\n"
        f"    .then((answer) => answer.json());\n}}\n\n"
        for at in range(chance.randint(2, 8))
    ]
    return f"'use strict';\nimport {{ ready }} from './{n:04}.js';\n\n{''.join(functions)}".encode()


def minified(chance: random.Random, n: int) -> bytes:
    statements = [
        f"e.{chance.choice(WORDS)}=function(t,n){{return t&&n>{chance.randint(0, 9999)}"
        f"?{chance.uniform(0, 1):.6f}*t:0x{chance.randrange(1 << 32):x}}}"
        for _ in range(chance.randint(50, 200))
    ]
    body = ",".join(statements)
    begin, end = f"/*! bundle {n}.{n % 7}.0 */", f"//# sourceMappingURL={n:04}.min.js.map"
    return f"{begin}!function(e){{{body}}}(window);\n{end}\n".encode()


def source_map(chance: random.Random, n: int) -> bytes:
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    segments = ["".join(chance.choices(digits, k=chance.choice([4, 4, 5]))) for _ in range(400)]
    document = {
        "version": 3,
        "file": f"{n:04}.min.js",
        "sources": [f"{topic}/{n:04}.js" for topic in TOPICS],
        "names": chance.sample(WORDS, 20),
        "mappings": ",".join(segments) + ";",
    }
    return json.dumps(document).encode()


def settings(chance: random.Random, n: int) -> bytes:
    document = {
        "name": f"module-{n}",
        "version": f"{chance.randint(0, 9)}.{chance.randint(0, 20)}.{chance.randint(0, 20)}",
        "description": sentence(chance),
        "enabled": chance.random() < 0.5,
        "cache": {"ttl": chance.randint(60, 86_400), "keys": chance.sample(WORDS, 5)},
        "routes": [
            {"path": f"/{word}", "weight": chance.randint(1, 99)}
            for word in chance.sample(WORDS, 6)
        ],
    }
    return json.dumps(document, indent=2).encode()


def translations(chance: random.Random, n: int) -> bytes:
    """With the labels of a form, which are about nobody."""
    form = {
        "first_name": "First name",
        "last_name": "Last name",
        "date_of_birth": "Date of birth",
        "postcode": "Postcode",
        "telephone": "Telephone number",
        "email": "E-mail address",
        "submit": "Send",
    }
    texts = {f"text_{at}": sentence(chance) for at in range(30)}
    return json.dumps({f"page{n}": texts, "form": form}, indent=2).encode()


def catalogue(chance: random.Random, n: int) -> bytes:
    head = (
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Language: en\\n"\n\n'
    )
    entries = [
        f"#: templates/{word}-{n:04}.php:{chance.randint(1, 300)}\n"
        f'msgid "{word}"\nmsgstr "{word.capitalize()}"\n\n'
        for word in chance.sample(WORDS, 25)
    ]
    return (head + "".join(entries)).encode()


def yaml(chance: random.Random, n: int) -> bytes:
    values = [str(chance.choice(["true", "false", chance.randint(1, 9000)])) for _ in range(12)]
    keys = [f"  {word}: {value}\n" for word, value in zip(chance.sample(WORDS, 12), values)]
    return f"# {sentence(chance)}\nversion: {n}\noptions:\n{''.join(keys)}".encode()


def licence(chance: random.Random, n: int) -> bytes:
    """The project's own licences, as packages carry theirs."""
    root = Path(__file__).parents[3]
    return (root / ("LICENSE-MIT", "LICENSE-APACHE")[n % 2]).read_bytes()


def readme(chance: random.Random, n: int) -> bytes:
    return f"""# {title(chance)}

{sentences(chance, 3)}

## Install

    npm install example-{n}

## Use

```js
import {{ {chance.choice(WORDS)} }} from 'example-{n}';
```

- {sentence(chance)}
- {sentence(chance)}
""".encode()


def sitemap(chance: random.Random, n: int) -> bytes:
    def urls() -> Iterator[str]:
        for at in range(n * 100, n * 100 + 100):
            day = f"2024-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
            yield f"<url><loc>https://www.example.org/{at:04}/</loc><lastmod>{day}</lastmod></url>\n"

    begin = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    return f"{begin}{''.join(urls())}</urlset>\n".encode()
