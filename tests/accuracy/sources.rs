//! A small tree of program sources in several languages, with names and
//! numbers that change with the seed.

use crate::look::{File, file};
use crate::random::Random;

pub(crate) fn tree(random: &mut Random) -> Vec<File> {
    let mut number = |limit: u64| random.below(limit);
    let c_functions: String = (0..80)
        .map(|n| format!(
            "/* Rotates by {n}. */\nstatic uint32_t mix{n}(uint32_t x)\n{{\n    x ^= 0x{:08x}u;\n    \
             return (x << {n}) | (x >> (32 - {n}));\n}}\n\n",
            number(1 << 32)))
        .collect();
    let c_table: String = (0..64)
        .map(|_| {
            format!(
                "    {}, {}, {}, {},\n",
                number(1 << 32),
                number(1 << 32),
                number(1 << 32),
                number(1 << 32)
            )
        })
        .collect();
    let python: String = (0..60)
        .map(|n| format!(
            "def step_{n}(values, limit={}):\n    \"\"\"Return the values below the limit.\"\"\"\n    \
             kept = [v for v in values if v < limit]\n    if len(kept) > {}:\n        raise ValueError(\"too many\")\n    return kept\n\n\n",
            number(10_000_000_000), number(100)))
        .collect();
    let rust: String = (0..60)
        .map(|n| format!(
            "/// The {n}th constant of the series.\npub const C{n}: u64 = {};\n\n#[test]\nfn holds_{n}() {{\n    \
             assert_eq!(C{n} % {}, C{n} % {});\n}}\n\n",
            1_000_000_000 + number(8_000_000_000), n + 2, n + 2))
        .collect();
    let lock: String = (0..80)
        .map(|n| format!("[[package]]\nname = \"part-{n}\"\nversion = \"{}.{}.{}\"\nchecksum = \"{:016x}{:016x}\"\n\n",
            number(9), number(40), number(300), number(u64::MAX), number(u64::MAX)))
        .collect();
    let changes: String = (0..30)
        .map(|n| format!("## 1.{}.0 (2024-{:02}-{:02})\n\n- Fix #{}: a name may be longer than {} letters\n- Patient retries, at most {}\n\n",
            30 - n, n % 12 + 1, n % 28 + 1, number(9000), number(200), number(10)))
        .collect();
    let steps: Vec<String> = (0..200)
        .map(|n| format!("    - run: make part-{n}\n"))
        .collect();
    let styles: String = (0..100)
        .map(|n| {
            format!(
                ".c{n} {{ color: #{:06x}; margin: {}px {}px; }}\n",
                number(1 << 24),
                number(40),
                number(40)
            )
        })
        .collect();
    let scripts: String = (0..60)
        .map(|n| {
            format!(
                "export function f{n}(a, b) {{\n  return a * {} + (b ?? {});\n}}\n",
                number(1 << 40),
                number(1 << 20)
            )
        })
        .collect();
    vec![
        file(
            "mix.c",
            format!("#include <stdint.h>\n#include \"mix.h\"\n\n{c_functions}"),
        ),
        file(
            "mix.h",
            "#ifndef MIX_H\n#define MIX_H\n#include <stdint.h>\nuint32_t mix(uint32_t x);\n#endif\n",
        ),
        file(
            "table.c",
            format!("static const unsigned table[256] = {{\n{c_table}}};\n"),
        ),
        file(
            "steps.py",
            format!("\"\"\"Steps of the pipeline.\"\"\"\n\nimport sys\n\n\n{python}"),
        ),
        file("lib.rs", format!("//! Constants.\n\n{rust}")),
        file("Cargo.lock", format!("version = 4\n\n{lock}")),
        file(
            "Cargo.toml",
            "[package]\nname = \"mix\"\nversion = \"0.3.1\"\nedition = \"2024\"\n\n[dependencies]\nserde = { version = \"1\", features = [\"derive\"] }\n",
        ),
        file("CHANGELOG.md", format!("# Changes\n\n{changes}")),
        file(
            "README.md",
            "# mix\n\nMixes numbers.\n\n| name | what it does |\n|---|---|\n| `mix` | rotates |\n| `step` | filters |\n\n## Use\n\n```\nmix --seed 1234567890 input.txt\n```\n\nPorts 8080 and 9090 on 127.0.0.1 have to be free.\n",
        ),
        file(
            "LICENSE",
            "MIT License\n\nCopyright (c) 2024 the authors of mix\n\nPermission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the \"Software\"), to deal in the Software without restriction.\n\nTHE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND.\n",
        ),
        file(
            "ci.yml",
            format!(
                "name: ci\non: [push]\njobs:\n  build:\n    runs-on: linux\n    steps:\n{}",
                steps.concat()
            ),
        ),
        file("style.css", styles),
        file("app.js", scripts),
        file(
            "package.json",
            "{\n  \"name\": \"mix\",\n  \"version\": \"0.3.1\",\n  \"scripts\": {\n    \"build\": \"make\",\n    \"test\": \"make test\"\n  },\n  \"dependencies\": {\n    \"left\": \"^1.3.0\"\n  }\n}\n",
        ),
        file(
            "Makefile",
            "CC ?= cc\n\nall: mix\n\nmix: mix.c table.c\n\t$(CC) -O2 -o $@ $^\n\nclean:\n\trm -f mix\n",
        ),
        file(
            "schema.sql",
            "CREATE TABLE parts (\n  id INTEGER PRIMARY KEY,\n  name TEXT NOT NULL,\n  price NUMERIC\n);\n\nCREATE INDEX parts_name ON parts (name);\n",
        ),
        file(
            "query.sql",
            "SELECT name, count(*) FROM parts WHERE price > 10 GROUP BY name;\n",
        ),
        file(".gitignore", "target/\n*.o\n"),
        file(
            "run.sh",
            "#!/bin/sh\nset -e\nfor part in a b c; do\n  make \"part-$part\"\ndone\n",
        ),
    ]
}
