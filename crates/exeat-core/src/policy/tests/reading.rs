//! What a file may say, and how mistakes are told.

use super::*;

/// The messages of all problems, each with line and column.
fn told(text: &str) -> Vec<String> {
    let errors = read(text).expect_err("problems");
    assert_eq!(errors.fault(), Fault::Configuration);
    let problems = errors.problems().iter();
    problems
        .map(|p| format!("{}:{}: {}", p.line, p.column, p.kind))
        .collect()
}

#[test]
fn every_key_is_read_and_shown_with_its_line() {
    let text = format!(
        "[bulk]\npeople = 1\nrecords = 2\nbytes = \"3 kB\"\nfiles = 4\n\
         [recipients]\nfile = \"r.toml\"\nrequired = [\"North\"]\npassphrase = false\n\
         [approvals]\napprovers = [\"b\", \"a\"]\npeople = [{{ from = 5, count = 1 }}]\nfile = \"a\"\n\
         [ceiling]\npeople = 6\n\
         [[quota]]\ngroup = \"g\"\npeople = 7\nrecords = 8\nper = \"1 week\"\nby = \"group\"\n\
         [destinations]\nallow = [\"optical\", \"/srv\"]\n\
         [signing]\nrequired = true\nsigners = [\"{}\"]\n\
         [purpose]\nrequired = true\nallowed = [\"audit\"]\n\
         [ledger]\npath = \"/var/lib/exeat/ledger\"\n\
         [inspection]\nmode = \"full\"\nuninspected = \"refuse\"\n\
         columns = [{{ class = \"health\", named = [\"Read_Code\"] }}]\n",
        SIGNERS[0]
    );
    let book = format!(
        "[[recipient]]\nname = \"North\"\nkey = \"{}\"\n",
        RECIPIENTS[0]
    );
    let policy = Policy::from_layers(&[file("/etc/exeat/p.toml", &text)], |path| {
        match path.to_str() {
            Some("/etc/exeat/r.toml") => Ok(book.clone()),
            other => {
                assert_eq!(other, Some("/etc/exeat/a"));
                Ok(String::new())
            }
        }
    });
    let settings = policy.expect("valid").settings();
    let lines: Vec<_> = settings
        .iter()
        .map(|s| format!("{} = {} # {}", s.key, s.value, s.origin))
        .collect();
    let signers = format!(
        "signing.signers = [\"{}\"] # /etc/exeat/p.toml:26",
        SIGNERS[0]
    );
    assert_eq!(
        lines,
        [
            "approvals.approvers = [\"a\", \"b\"] # /etc/exeat/p.toml:11",
            "approvals.file = \"/etc/exeat/a\" # /etc/exeat/p.toml:13",
            "approvals.people = { from = 5, count = 1 } # /etc/exeat/p.toml:12",
            "bulk.bytes = \"3000 B\" # /etc/exeat/p.toml:4",
            "bulk.files = 4 # /etc/exeat/p.toml:5",
            "bulk.people = 1 # /etc/exeat/p.toml:2",
            "bulk.records = 2 # /etc/exeat/p.toml:3",
            "ceiling.people = 6 # /etc/exeat/p.toml:15",
            "destinations.allow = [\"optical\", \"/srv\"] # /etc/exeat/p.toml:23",
            "inspection.columns = { class = \"health\", named = [\"Read_Code\"] } \
             # /etc/exeat/p.toml:35",
            "inspection.mode = \"full\" # /etc/exeat/p.toml:33",
            "inspection.uninspected = \"refuse\" # /etc/exeat/p.toml:34",
            "ledger.path = \"/var/lib/exeat/ledger\" # /etc/exeat/p.toml:31",
            "purpose.allowed = [\"audit\"] # /etc/exeat/p.toml:29",
            "purpose.required = true # /etc/exeat/p.toml:28",
            "quota = { by = \"group\", group = \"g\", people = 7, records = 8, per = \"7 days\" } \
             # /etc/exeat/p.toml:17",
            "recipients.file = \"/etc/exeat/r.toml\" # /etc/exeat/p.toml:7",
            "recipients.passphrase = false # /etc/exeat/p.toml:9",
            "recipients.post_quantum = false # floor",
            "recipients.required = [\"North\"] # /etc/exeat/p.toml:8",
            "signing.required = true # floor",
            &signers,
        ]
    );
}

#[test]
fn people_see_every_problem_with_its_place() {
    let site = file(
        "/etc/exeat/policy.toml",
        "[bulk]\npeople = 100\nrecord = 10\n\n[objections]\nfile = \"o.csv\"\n",
    );
    let user = file("my.toml", "[ceiling]\npeople = -1\n\tper = \"30 days\"\n");
    let errors = Policy::from_layers(&[site, user], |_| Err(io::ErrorKind::NotFound.into()));
    let shown = errors.expect_err("five problems").to_string();
    let expected = "\
the policy has 5 problems

/etc/exeat/policy.toml:2:10: [bulk] people = 100 is looser than the floor's 51
  help: a policy can only make the rules stricter: write 51 or less, or leave the line out

/etc/exeat/policy.toml:3:1: there is no 'record' in [bulk]
  help: did you mean 'records'?

/etc/exeat/policy.toml:5:2: this version of exeat can't enforce [objections]
  help: leave it out until a version that can: it would protect nobody

my.toml:2:10: [ceiling] people has to be a whole number, 0 or more, not a negative number

my.toml:3:2: there is no 'per' in [ceiling]
  help: there is only 'people'";
    assert_eq!(shown, expected);
}

#[test]
fn looser_than_the_floor_is_an_error() {
    for (text, message) in [
        (
            "[bulk]\nrecords = 1001\n",
            "2:11: [bulk] records = 1001 is looser than the floor's 1000",
        ),
        (
            "[bulk]\nbytes = \"1 GiB\"\n",
            "2:9: [bulk] bytes = 1 GiB is looser than the floor's 100 MiB",
        ),
        (
            "[bulk]\nbytes = 104857601\n",
            "2:9: [bulk] bytes = 104857601 B is looser than the floor's 100 MiB",
        ),
        (
            "[bulk]\nfiles = 0xffff\n",
            "2:9: [bulk] files = 65535 is looser than the floor's 1000",
        ),
        (
            "[signing]\nrequired = false\n",
            "2:12: [signing] required = false is looser than the floor's true",
        ),
    ] {
        assert_eq!(told(text), [message]);
    }
    good("[bulk]\npeople = 51\nrecords = 0\nbytes = \"100 MiB\"\n[signing]\nrequired = true\n");
}

#[test]
fn mistyped_keys_are_told_with_what_was_meant() {
    let help = |text: &str| {
        let errors = read(text).expect_err("a mistyped key");
        errors.problems()[0].help.clone().unwrap_or_default()
    };
    assert_eq!(
        help("[destination]\nallow = []\n"),
        "did you mean 'destinations'?"
    );
    assert_eq!(help("[Bulk]\n"), "did you mean 'bulk'?");
    assert_eq!(help("people = 10\n"), "it belongs below a line [approvals]");
    assert_eq!(
        help("approvers = []\n"),
        "it belongs below a line [approvals]"
    );
    assert_eq!(help("[ledger]\nxyzzy = 1\n"), "there is only 'path'");
    assert_eq!(
        help("[destinations]\nallow = [\"removeable\"]\n"),
        "did you mean 'removable'?"
    );
    assert_eq!(
        help("[inspection]\nmode = \"fully\"\n"),
        "did you mean 'full'?"
    );
}

#[test]
fn values_that_cannot_be_used() {
    for (text, message) in [
        (
            "[bulk]\nbytes = \"10 parsecs\"\n",
            "2:9: [bulk] bytes: '10 parsecs' is not a size",
        ),
        (
            "[bulk]\nbytes = \"99999999999 GiB\"\n",
            "2:9: [bulk] bytes: '99999999999 GiB' is not",
        ),
        (
            "[bulk]\npeople = 1.5\n",
            "2:10: [bulk] people has to be a whole number, 0 or more, not a number with",
        ),
        ("bulk = 5\n", "1:8: bulk has to be a section"),
        ("[quota]\ngroup = \"*\"\n", "1:1: quota has to be a list"),
        (
            "[[quota]]\ngroup = \"*\"\npeople = 5\n",
            "1:1: [[quota]] needs 'per'",
        ),
        (
            "[[quota]]\ngroup = \"*\"\npeople = 5\nper = \"0 days\"\n",
            "4:7: [[quota]] per: '0 days'",
        ),
        (
            "[[quota]]\ngroup = \"*\"\npeople = 5\nper = \"900 weeks\"\n",
            "4:7: [[quota]] per: '900",
        ),
        (
            "[[quota]]\ngroup = \"a*\"\npeople = 5\nper = \"1 day\"\n",
            "2:9: [[quota]] group: 'a*'",
        ),
        (
            "[approvals]\npeople = [{ from = 1, count = 0 }]\n",
            "2:31: [approvals] people: '0' is",
        ),
        (
            "[approvals]\npeople = [{ from = 1 }]\n",
            "2:11: [approvals] people needs 'count'",
        ),
        (
            "[approvals]\npeople = { 1000 = 2 }\n",
            "2:10: [approvals] people has to be a list such",
        ),
        (
            "[destinations]\nallow = [\"../x\"]\n",
            "2:10: [destinations] allow: '../x' is neither",
        ),
        (
            "[destinations]\nallow = [\"/a/../x\"]\n",
            "2:10: [destinations] allow: '/a/../x' has a",
        ),
        (
            "[ledger]\npath = \"ledger\"\n",
            "2:8: [ledger] path: 'ledger' is not a path from the",
        ),
        (
            "[signing]\nsigners = [\"MD5:00\"]\n",
            "2:12: [signing] signers: 'MD5:00' is not a fing",
        ),
        (
            "[purpose]\nallowed = [\"a\\u202eb\"]\n",
            "2:12: [purpose] allowed: 'a\\u{202e}b' has char",
        ),
        (
            "[purpose]\nallowed = [\"\"]\n",
            "2:12: [purpose] allowed: '' is empty",
        ),
        (
            "[purpose]\nallowed = [5]\n",
            "2:12: [purpose] allowed has to be a list of texts in",
        ),
        (
            "[purpose]\ncolumns = [\"a\"]\n",
            "2:1: this version of exeat can't enforce [purpose] co",
        ),
        (
            "[recipients]\nrequired = [\"age1abc\"]\n",
            "2:13: 'age1abc' is not a recipient: ",
        ),
    ] {
        let told = told(text);
        assert!(
            told.len() == 1 && told[0].starts_with(message),
            "{text}: {told:?}"
        );
    }
}

#[test]
fn columns_that_cannot_be_named() {
    let of = |columns: &str| told(&format!("[inspection]\ncolumns = {columns}\n"));
    let names = |names: &str| of(&format!("[{{ class = \"health\", named = {names} }}]"));
    for (told, message) in [
        (
            of("5"),
            "2:11: [inspection] columns has to be a list such as",
        ),
        (of("[]"), "2:11: [inspection] columns: '[]' names no column"),
        (
            of("[\"ethcat\"]"),
            "2:12: [inspection] columns has to be a list such as",
        ),
        (
            of("[{ class = \"health\" }]"),
            "2:12: [inspection] columns needs 'named'",
        ),
        (
            of("[{ named = [\"a\"] }]"),
            "2:12: [inspection] columns needs 'class'",
        ),
        (
            of("[{ class = \"health\", named = [\"a\"], not = [\"b\"] }]"),
            "2:47: there is no 'not' in [inspection] columns",
        ),
        (
            of("[{ class = \"helth\", named = [\"a\"] }]"),
            "2:22: [inspection] columns: 'helth' is none of the values it can have",
        ),
        (
            of("[{ class = \"health\", named = \"a\" }]"),
            "2:40: [inspection] columns named has to be a list of texts",
        ),
        (
            names("[]"),
            "2:40: [inspection] columns: '[]' names no column",
        ),
        (names("[\"\"]"), "2:41: [inspection] columns: '' is empty"),
        (
            names("[\"*\"]"),
            "2:41: [inspection] columns: '*' would name every column",
        ),
        (
            names("[\"a\", \"_*\"]"),
            "2:46: [inspection] columns: '_*' would name every column",
        ),
        (
            names("[\"--\"]"),
            "2:41: [inspection] columns: '--' has no letters",
        ),
        (
            names("[\"a*b\"]"),
            "2:41: [inspection] columns: 'a*b' has a '*' that does not",
        ),
        (
            names("[\"a\\u0007\"]"),
            "2:41: [inspection] columns: 'a\\x07' has characters",
        ),
        (
            names("[5]"),
            "2:41: [inspection] columns named has to be a list",
        ),
    ] {
        assert!(
            told.len() == 1 && told[0].starts_with(message),
            "{message}: {told:?}"
        );
    }
    // Every mistake of an item is told.
    assert_eq!(
        of("[{ class = \"helth\", named = [\"*\", \"\"] }]").len(),
        3
    );
    let errors = read("[inspection]\ncolumns = [{ class = \"ethnic\", named = [\"a\"] }]\n");
    let help = errors.expect_err("a mistyped class").problems()[0]
        .help
        .clone();
    assert_eq!(help.as_deref(), Some("did you mean 'ethnicity'?"));
    // Once more is as good as once.
    good("[inspection]\ncolumns = [{ class = \"health\", named = [\"a_b\", \"AB\"] }]\n");
}

#[test]
fn twice_is_once_too_often() {
    let quota = "[[quota]]\ngroup = \"*\"\npeople = 5\nper = \"1 week\"\n";
    let again = quota.replace("1 week", "7 days");
    let told_of = told(&format!("{quota}{again}"));
    assert_eq!(
        told_of,
        ["6:9: [[quota]] group: '*' has a quota for 7 days already"]
    );
    let steps = "[approvals]\npeople = [{ from = 1, count = 1 }, { from = 1, count = 2 }]\n";
    assert_eq!(
        told(steps),
        ["2:45: [approvals] people: '1' stands there twice"]
    );
    assert_eq!(told("[bulk]\npeople = 5\npeople = 6\n").len(), 1);
}

#[test]
fn a_secret_key_in_the_wrong_file_is_not_repeated() {
    let secret = "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQ";
    for text in [
        format!("[recipients]\nrequired = [\"{secret}\"]\n"),
        format!("[recipients]\nrequired = [\"{}\"]\n", secret.to_lowercase()),
        format!("[purpose]\nallowed = [\" {secret}\"]\n"),
        format!("\"{secret}\" = 1\n"),
        format!("[bulk]\npeople = {secret}\n"),
        format!("[destinations]\nallow = [\"{secret}\"]\n"),
    ] {
        let errors = read(&text).expect_err("a problem");
        let shown = format!("{errors} {errors:?}").to_uppercase();
        assert!(!shown.contains("QQQQ"), "{shown}");
    }
}

/// Whoever names a file of people for the policy is not shown what is in it.
#[test]
fn what_is_no_policy_is_not_repeated() {
    let people = [
        "nhs_number,name,date_of_birth\n9990000018,Isolde Umbersmith,1980-02-29\n\
         9990000026,Barnaby Cobblepot,1971-11-03\n",
        "\"Isolde Umbersmith\" = 1980-02-29\nBarnaby = { Cobblepot = \"9990000018\" }\n",
        "[Umbersmith]\nisolde = 9990000018\n[Cobblepot]\n",
        "[Umbersmith]\nisolde = Barnaby, Cobblepot\n",
        "# [bulk]\nUmbersmith, Isolde\n",
    ];
    let assert_silent = |text: &str, errors: &PolicyErrors| {
        let shown = format!("{errors} {errors:?}").to_lowercase();
        for word in ["umbersmith", "isolde", "cobblepot", "999000", "1980"] {
            assert!(!shown.contains(word), "{word} of {text} in {shown}");
        }
    };
    for text in people {
        let errors = read(text).expect_err("no policy");
        assert_silent(text, &errors);
        let by = file("p.toml", "[recipients]\nfile = \"people.csv\"\n");
        let errors = Policy::from_layers(&[by], |_| Ok(text.to_owned()));
        assert_silent(text, &errors.expect_err("no recipients"));
    }
    let told = told(people[0]);
    assert_eq!(told.len(), 1, "one is enough: {told:?}");
    // Nor is the bad line of a policy or of its recipients.
    let text = "[bulk]\npeople = 5 Isolde Umbersmith, 9990000018\n";
    assert_silent(text, &read(text).expect_err("a problem"));
    let by = file("p.toml", "[recipients]\nfile = \"r.toml\"\n");
    for book in [
        "[[recipient]]\nname = \"Isolde\"\nkey = \"Umbersmith\"\n",
        "[[recipient]]\nname = [\"Isolde\"]\nkey = \"Umbersmith\"\n",
        "[[recipient]]\nname = 9990000018\nkey = \"Umbersmith\"\n",
        "[[recipient]]\nUmbersmith = 1\n",
        "recipient = \"Umbersmith\"\n",
    ] {
        let errors = Policy::from_layers(std::slice::from_ref(&by), |_| Ok(book.to_owned()));
        assert_silent(book, &errors.expect_err("a problem"));
    }
}

#[test]
fn the_recipients_file_is_read_from_beside_the_policy() {
    let text = "[recipients]\nfile = \"r.toml\"\nrequired = [\"North\", \"south\"]\n";
    let policy = |book: io::Result<String>| {
        let mut book = Some(book);
        Policy::from_layers(&[file("/etc/exeat/p.toml", text)], |path| {
            assert_eq!(path, Path::new("/etc/exeat/r.toml"));
            book.take().expect("read once")
        })
    };
    let entry = |name: &str, key: &str| {
        format!("[[recipient]]\nname = \"{name}\"\nkey = \"{key}\"\nexpires = 2027-03-31\n")
    };
    let messages = |book| {
        let errors = policy(book).expect_err("a problem");
        let told = errors
            .problems()
            .iter()
            .map(|p| format!("{}:{}: {}", p.path.display(), p.line, p.kind));
        told.collect::<Vec<_>>()
    };
    let missing = messages(Err(io::Error::from_raw_os_error(2)));
    assert_eq!(
        missing[0],
        "/etc/exeat/p.toml:2: cannot read the recipients file \
                            /etc/exeat/r.toml: No such file or directory"
    );
    let broken = messages(Ok(entry("North", "age1no")));
    assert!(
        broken[0].starts_with("/etc/exeat/r.toml:3: the key is not a recipient"),
        "{broken:?}"
    );
    let unknown = messages(Ok(entry("North", RECIPIENTS[0])));
    assert_eq!(unknown.len(), 1);
    assert!(unknown[0].starts_with("/etc/exeat/p.toml:3: [recipients] required: 'south' is not"));

    let book = entry("North", RECIPIENTS[0]) + &entry("south", RECIPIENTS[1]);
    let policy = policy(Ok(book)).expect("valid");
    let day = |text: &str| text.parse::<Date>().expect("a date");
    let key = |n: usize| Recipient::parse(RECIPIENTS[n]).expect("a key");
    assert!(
        policy
            .forbids_recipient(&key(0), day("2027-03-31"))
            .is_none()
    );
    assert!(
        policy
            .forbids_recipient(&key(0), day("2027-04-01"))
            .is_some()
    );
    let line = policy
        .forbids_recipient(&key(2), day("2026-01-01"))
        .expect("not listed");
    assert_eq!(line.to_string(), "/etc/exeat/p.toml:2");
    assert!(policy.forbids_passphrase().is_some());
    // The key counts, whatever the sender calls it.
    let met = |recipient: &Recipient| {
        policy
            .required_recipients()
            .filter(|(r, _)| r.is(recipient))
            .count()
    };
    assert_eq!(met(&key(0).named("somebody", None)), 1);
    assert_eq!(met(&key(2).named("North", None)), 0);
    assert!(policy.warnings(LedgerKeeper::Other).is_empty());
}

#[test]
fn two_ledgers_are_a_problem_of_the_second_file() {
    let a = file("a.toml", "[ledger]\npath = \"/var/lib/exeat/ledger\"\n");
    let b = file("b.toml", "\n[ledger]\npath = \"/tmp/mine\"\n");
    let same = file("c.toml", "[ledger]\npath = \"/var/lib/exeat//ledger\"\n");
    let never = |_: &Path| Err(io::ErrorKind::NotFound.into());
    let errors = Policy::from_layers(&[a.clone(), b], never).expect_err("two ledgers");
    let shown = errors.to_string();
    let message = "b.toml:3:1: the ledger is /var/lib/exeat/ledger already, by a.toml:2";
    assert!(shown.contains(message), "{shown}");
    let policy = Policy::from_layers(&[a, same], never).expect("the same");
    assert_eq!(
        policy.ledger_rule().map(|rule| rule.origin.to_string()),
        Some("a.toml:2".into())
    );
}

#[test]
fn hostile_files_are_told_in_bounds() {
    let many = format!(
        "[bulk]\n{}",
        (0..20_000)
            .map(|n| format!("k{n} = 1\n"))
            .collect::<String>()
    );
    let errors = read(&many).expect_err("many problems");
    assert_eq!(errors.problems().len(), 50);
    assert!(errors.to_string().ends_with("and 19950 more"), "{errors}");

    let long = format!("[bulk]\npeople = 100 # {}\n", "é\u{202e}".repeat(100_000));
    assert!(read(&long).expect_err("a problem").to_string().len() < 2000);
    let far = format!("[purpose]\nallowed = [{}5]\n", "\"é\", ".repeat(10_000));
    assert!(read(&far).expect_err("a problem").to_string().len() < 2000);

    let large = "#".repeat((1 << 20) + 1);
    assert_eq!(told(&large), ["1:1: the file is larger than 1024 KiB"]);
    let deep = format!("x = {}", "[".repeat(100_000));
    assert!(!told(&deep).is_empty());
    for text in [
        "[bulk",
        "= 1",
        "[bulk]\npeople = ",
        "\0",
        "[bulk]\r\npeople = 100",
        "a.b.c.d = 1",
    ] {
        assert!(!told(text).is_empty(), "{text:?}");
    }
    assert_eq!(told("[bulk]\r\npeople = 100\r\n").len(), 1);
    good("\u{feff}[bulk]\r\npeople = 10\r\n");
    good("");
}

#[test]
fn all_mistakes_of_the_notation_are_told() {
    let told = told("[bulk]\npeople = \n[ceiling]\npeople = yes\n");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("2:") && told[1].starts_with("4:"),
        "{told:?}"
    );
}
