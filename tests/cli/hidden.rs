//! People where a table does not usually have them: many in one cell, across
//! instead of down, in names of files, behind a quote that nobody closed. Each
//! of these is refused in the clear, as bulk, as sensitive or as something
//! that could not be inspected.

use std::fs;
use std::os::unix::fs::symlink;

use crate::environment::Env;
use crate::ledger;
use crate::people::{Person, assert_names_nobody, diagnoses, people, table};
use crate::plain::{plain, prepared};
use crate::tree::unchanged;

/// Demands that all of these are refused, and names those that are not.
#[track_caller]
fn refuses(env: &Env, them: &[Person], contents: &[(&str, String)]) {
    let mut passed = Vec::new();
    for (name, content) in contents {
        env.write(name, content);
        let ran = env.by("sender", &format!("check {name} --plain --json"));
        assert_names_nobody(them, &ran);
        if ran.code != Some(3) {
            passed.push(*name);
        }
    }
    assert!(passed.is_empty(), "would leave in the clear: {passed:?}");
}

fn joined(them: &[Person], by: &str, one: impl Fn(&Person) -> String) -> String {
    them.iter().map(one).collect::<Vec<_>>().join(by)
}

/// Two hundred people in 20 rows are two hundred people.
#[test]
fn many_in_one_cell() {
    let env = prepared();
    let them = people(80, 200);
    let rows = |by: &str| {
        let rows = them
            .chunks(10)
            .map(|ten| joined(ten, by, |p| p.nhs.clone()));
        let rows = rows.map(|cell| format!("North,\"{cell}\"\n"));
        format!("ward,patients\n{}", rows.collect::<String>())
    };
    refuses(
        &env,
        &them,
        &[
            ("blanks.csv", rows(" ")),
            ("semicolons.csv", rows(";")),
            ("commas.csv", rows(", ")),
            ("lines.csv", rows("\n")),
            (
                "notes.csv",
                format!(
                    "ward,note\n{}",
                    joined(&them, "\n", |p| format!("North,seen {} today", p.nhs))
                ),
            ),
        ],
    );
}

#[test]
fn across_instead_of_down() {
    let env = prepared();
    let them = people(81, 60);
    let numbers = joined(&them, ",", |p| p.nhs.clone());
    let names = joined(&them, ",", |p| p.name.clone());
    refuses(
        &env,
        &them,
        &[
            ("wide.csv", format!("{numbers}\n")),
            (
                "turned.csv",
                format!("nhs_number,{numbers}\nname,{names}\n"),
            ),
            ("wide.txt", format!("Patients: {numbers}\n")),
        ],
    );
}

/// Nobody in these has a number, and no row or record is one person's.
#[test]
fn beside_each_other_without_numbers() {
    let env = prepared();
    let them = people(83, 60);
    let fields = |p: &Person| format!("\"name\":\"{}\",\"dob\":\"{}\"", p.name, p.born);
    let object = |p: &Person| format!("{{{}}}", fields(p));
    let number = |p: &Person| them.iter().position(|other| other.nhs == p.nhs).unwrap();
    let objects = joined(&them, ",", object);
    let column = |value: &dyn Fn(&Person) -> String| {
        joined(&them, ",", |p| {
            format!("\"{}\":\"{}\"", number(p), value(p))
        })
    };
    let wards = them.chunks(15).map(|some| {
        format!(
            "{{\"ward\":\"N\",\"patients\":[{}]}}",
            joined(some, ",", object)
        )
    });
    let wards = wards.collect::<Vec<_>>().join(",");
    let pairs = them
        .chunks(4)
        .map(|four| joined(four, ",", |p| format!("{},{}", p.name, p.born)) + "\n");
    let pairs: String = pairs.collect();
    let across = |label: &str, value: &dyn Fn(&Person) -> String| {
        format!("{label},{}\n", joined(&them, ",", value))
    };
    let turned = across("name", &|p| p.name.clone()) + &across("dob", &|p| p.born.clone());
    let field = across("field", &|p| format!("Patient {}", number(p)));
    refuses(
        &env,
        &them,
        &[
            (
                "map.json",
                format!(
                    "{{{}}}",
                    joined(&them, ",", |p| {
                        format!("\"id{}\":{}", number(p), object(p))
                    })
                ),
            ),
            (
                "names.json",
                format!(
                    "{{{}}}",
                    joined(&them, ",", |p| {
                        format!("\"{}\":{{\"dob\":\"{}\"}}", p.name, p.born)
                    })
                ),
            ),
            (
                "dates.json",
                format!(
                    "{{{}}}",
                    joined(&them, ",", |p| { format!("\"{}\":\"{}\"", p.name, p.born) })
                ),
            ),
            (
                "columns.json",
                format!(
                    "{{\"name\":{{{}}},\"dob\":{{{}}}}}",
                    column(&|p| p.name.clone()),
                    column(&|p| p.born.clone())
                ),
            ),
            (
                "split.json",
                format!(
                    "{{\"columns\":[\"name\",\"dob\"],\"data\":[{}]}}",
                    joined(&them, ",", |p| format!("[\"{}\",\"{}\"]", p.name, p.born))
                ),
            ),
            (
                "two.jsonl",
                format!("{{\"people\":[{objects}]}}\n{{\"people\":[]}}\n"),
            ),
            ("wards.json", format!("[{wards}]")),
            ("nested.json", format!("{{\"wards\":[{wards}]}}")),
            (
                "addresses.json",
                format!(
                    "{{{}}}",
                    joined(&them, ",", |p| {
                        format!("\"id{}\":{{\"email\":\"{}\"}}", number(p), p.email)
                    })
                ),
            ),
            (
                "pairs.csv",
                format!("name1,dob1,name2,dob2,name3,dob3,name4,dob4\n{pairs}"),
            ),
            (
                "long.csv",
                format!(
                    "id,field,value\n{}",
                    joined(&them, "\n", |p| {
                        format!(
                            "{0},name,{1}\n{0},date_of_birth,{2}",
                            number(p),
                            p.name,
                            p.born
                        )
                    })
                ),
            ),
            ("turned.csv", turned.clone()),
            ("turned-below.csv", field + &turned),
        ],
    );
}

/// Text has no columns, but labels, lists and sentences.
#[test]
fn in_letters_lists_and_forms() {
    let env = prepared();
    let them = people(89, 60);
    let one = &them[..1];
    let letter = |p: &Person| {
        format!(
            "Re: {}, born {}\n\nDiagnosis: type 2 diabetes (E11.9). HIV positive.\n",
            p.name, p.born
        )
    };
    let contact = |p: &Person| {
        format!(
            "Write to {} or ring {}.\n\nThe diagnosis is asthma.\n",
            p.email, p.phone
        )
    };
    let card = |p: &Person| {
        format!(
            "BEGIN:VCARD\nVERSION:3.0\nFN:{}\nBDAY:{}\nEND:VCARD",
            p.name, p.born
        )
    };
    refuses(
        &env,
        &them,
        &[
            ("letter.txt", joined(one, "", letter)),
            (
                "sentence.txt",
                "Agnes Ashbury is HIV positive.\n".to_owned(),
            ),
            ("contact.txt", joined(one, "", contact)),
            (
                "forms.txt",
                joined(&them, "\n\n", |p| {
                    format!("Patient: {}\nDate of birth: {}", p.name, p.born)
                }),
            ),
            (
                "same.txt",
                joined(one, "", |p| {
                    format!("Patient: {}\nDate of birth: {}\n\n", p.name, p.born).repeat(1000)
                }),
            ),
            ("names.txt", joined(&them, "\n", |p| p.name.clone())),
            (
                "people.yaml",
                joined(&them, "\n", |p| {
                    format!("- name: {}\n  dob: {}", p.name, p.born)
                }),
            ),
            ("people.vcf", joined(&them, "\n", card)),
            (
                "people.md",
                joined(&them, "\n", |p| {
                    format!("| {} | {} | asthma |", p.name, p.born)
                }),
            ),
            (
                "wide.txt",
                joined(&them, "\n", |p| format!("{:40}{:14}North", p.name, p.born)),
            ),
            (
                "people.ini",
                joined(&them, "\n\n", |p| {
                    format!("[person]\nname={}\ndob={}", p.name, p.born)
                }),
            ),
        ],
    );
}

/// Keys of objects and first rows may be names and diagnoses.
#[test]
fn no_column_is_called_by_a_value() {
    let env = prepared();
    let them = people(90, 60);
    let under = |p: &Person| format!("\"{}\":{{\"diagnosis\":\"asthma\"}}", p.name);
    let nested = |p: &Person| {
        let (first, last) = p.name.split_once(' ').unwrap();
        let key = format!("{}_{first}", last.to_uppercase());
        format!("\"{key}\":{{\"email\":\"{}\"}}", p.email)
    };
    let row = |p: &Person| format!("type 2 diabetes,{},{}", p.born, p.nhs);
    for (name, content) in [
        ("keys.json", format!("{{{}}}", joined(&them, ",", under))),
        (
            "nested.json",
            format!("{{\"patients\":{{{}}}}}", joined(&them, ",", nested)),
        ),
        ("first.csv", joined(&them, "\n", row)),
        (
            "turned.csv",
            format!(
                "{}\n{}\n",
                joined(&them, ",", |p| p.name.clone()),
                joined(&them, ",", |p| p.email.clone())
            ),
        ),
    ] {
        env.write(name, content);
        for form in ["", " --json"] {
            let ran = env.by("sender", &format!("check {name} --plain{form}"));
            assert_names_nobody(&them, &ran);
            assert!(!ran.out.contains("diabetes"), "{ran}");
        }
    }
}

/// JSON has more places than the values of keys of their own.
#[test]
fn anywhere_in_json() {
    let env = prepared();
    let them = people(82, 60);
    let quoted = |p: &Person| format!("\"{}\"", p.nhs);
    let pairs = them
        .chunks(2)
        .map(|two| joined(two, ",", |p| format!("\"nhs_number\":\"{}\"", p.nhs)));
    let pairs: Vec<_> = pairs.map(|pair| format!("{{{pair}}}")).collect();
    let all = joined(&them, ",", quoted);
    refuses(
        &env,
        &them,
        &[
            ("list.json", format!("{{\"nhs_numbers\":[{all}]}}")),
            ("bare.json", format!("[{all}]")),
            (
                "rows.json",
                format!(
                    "[[\"nhs_number\",\"ward\"],{}]",
                    joined(&them, ",", |p| format!("[{},\"N\"]", quoted(p)))
                ),
            ),
            (
                "keys.json",
                format!(
                    "{{{}}}",
                    joined(&them, ",", |p| format!("{}:\"{}\"", quoted(p), p.name))
                ),
            ),
            (
                "twice.json",
                format!(
                    "{{{}}}",
                    joined(&them, ",", |p| format!("\"nhs_number\":{}", quoted(p)))
                ),
            ),
            ("pairs.json", format!("[{}]", pairs.join(","))),
            (
                "text.json",
                format!(
                    "{{\"text\":\"NHS numbers: {}\"}}",
                    joined(&them, ", ", |p| p.nhs.clone())
                ),
            ),
        ],
    );
}

/// A quote that nobody closed makes the rest one cell: nobody has seen it.
#[test]
fn behind_an_unclosed_quote() {
    let env = prepared();
    let them = people(83, 60);
    let after_header = |text: String| text.replacen('\n', "\n\"", 1);
    refuses(
        &env,
        &them,
        &[
            ("ill.csv", after_header(diagnoses(&them))),
            ("contacts.csv", after_header(table(&them))),
            ("first.csv", format!("\"{}", diagnoses(&them))),
            (
                "nameless.csv",
                format!(
                    "name,diagnosis\n\"{}",
                    joined(&them, "\n", |p| format!("{},E11.9", p.name))
                ),
            ),
            (
                "short.csv",
                "name,diagnosis\n\"Quenby,E11.9\nOriel,I10\n".into(),
            ),
        ],
    );
}

/// Nobody's sensitive data: one row is somebody's.
#[test]
fn a_table_of_one_row() {
    let env = prepared();
    let rows = [
        ("diagnosis", "E11.9"),
        ("diagnosis", "type 2 diabetes"),
        ("ethnicity", "White - Irish"),
        ("religion", "Methodist"),
        ("conviction", "burglary 2009"),
        // Made up; what standards and card schemes print as examples is nobody's.
        ("iban", "GB73WEST12345600000000"),
        ("sort_code,account_number", "08-99-99,66374958"),
        ("card_number", "4111111110000000"),
    ];
    let names: Vec<_> = rows
        .iter()
        .map(|(column, value)| format!("{column} {value}"))
        .collect();
    let person = &people(84, 1)[0];
    let by_number = |(column, value): &(&str, &str)| {
        let Person { nhs, name, .. } = person;
        format!("nhs_number,name,{column}\n{nhs},{name},{value}\n")
    };
    let by_name =
        |(column, value): &(&str, &str)| format!("name,{column}\n{},{value}\n", person.name);
    let contents = rows.iter().map(by_number).chain(rows.iter().map(by_name));
    let mut passed = Vec::new();
    for (name, content) in names.iter().chain(&names).zip(contents) {
        env.write("one.csv", content);
        let ran = unchanged(&env, || env.by("sender", "check one.csv --plain"));
        if ran.code != Some(3) {
            passed.push(name);
        }
    }
    assert!(passed.is_empty(), "would leave in the clear: {passed:?}");
}

/// The names of files and what links point to leave with them.
#[test]
fn in_names() {
    let env = prepared();
    let them = people(85, 60);
    for p in &them {
        env.write(
            format!("names/{} {}.txt", p.nhs, p.name),
            "See the letter.\n",
        );
        env.write(format!("folders/{} {}/.keep", p.nhs, p.name), "");
        env.write("links/readme.txt", "See the links.\n");
        symlink(
            format!("{} {}", p.nhs, p.name),
            env.path(format!("links/{}", &p.nhs[6..])),
        )
        .unwrap();
    }
    let mut passed = Vec::new();
    for source in ["names", "folders", "links"] {
        if plain(&env, source).code != Some(3) {
            passed.push(source);
        }
    }
    assert!(passed.is_empty(), "left in the clear: {passed:?}");
}

/// Many short runs are as good as one long one.
#[test]
fn in_many_short_runs() {
    let env = prepared();
    let them = people(86, 900);
    let hex = |p: &Person| {
        p.nhs
            .bytes()
            .map(|b| format!("{b:02x}"))
            .collect::<String>()
    };
    let lines = them.chunks(100).map(|part| joined(part, "0a", hex));
    let short: Vec<_> = lines.collect();
    refuses(
        &env,
        &them,
        &[
            ("one.txt", short[0].clone()),
            ("many.txt", short.join("\n--\n")),
            ("table.csv", format!("id,data\n1,{}\n", short.join("\n2,"))),
        ],
    );
}

/// A ledger that the policy names is that one, whatever the environment says.
/// (One's own ledger is no barrier: the manual says so.)
#[test]
fn another_ledger() {
    let env = prepared();
    let state = env.path("../state").canonicalize().unwrap().join("exeat");
    fs::create_dir_all(&state).unwrap();
    let site = state.join("ledger.jsonl");
    env.write(
        "sender/policy.toml",
        format!("[ledger]\npath = \"{}\"\n", site.display()),
    );
    env.write("a.csv", table(&people(87, 40)));
    env.write("b.csv", table(&people(88, 40)));
    plain(&env, "a.csv").ends(0);
    plain(&env, "b.csv").ends(3).says("quota-exceeded");
    assert_eq!(ledger::entries(&env).len(), 3);
    let mut passed = Vec::new();
    for variable in ["XDG_STATE_HOME", "HOME", "XDG_CONFIG_HOME"] {
        let mut command = env.exeat();
        if variable == "HOME" {
            command.env_remove("XDG_STATE_HOME");
        }
        command.env(variable, env.path("../elsewhere"));
        command.args([
            "--config-dir",
            "sender",
            "export",
            "b.csv",
            "--to",
            "out",
            "--plain",
        ]);
        if command.output().unwrap().status.code() != Some(3) {
            passed.push(variable);
        }
    }
    assert!(passed.is_empty(), "a new ledger by {passed:?}");
}
