//! What people read when something is refused: the cause, how much, where, and
//! what to do, word for word.

use crate::environment::{Env, noise};
use crate::people::{diagnoses, people, table};
use crate::plain::{plain, prepared};

#[track_caller]
fn reads(said: &str, expected: &str) {
    assert!(said == expected, "is:\n{said}\nought to be:\n{expected}");
}

fn files(env: &Env) {
    env.write("clinic/contacts.csv", table(&people(70, 60)));
    env.write("clinic/ill.csv", diagnoses(&people(70, 4)));
    env.write("scans/1.raw", noise(9000));
    env.write("scans/readme.txt", "Nothing about anybody.\n");
}

#[test]
fn too_many_and_too_private() {
    let env = prepared();
    files(&env);
    let ran = plain(&env, "clinic").ends(3);
    reads(
        &ran.err,
        "\
exeat: refused; nothing was written
  people         60 people
  records        64 records, about people
  date of birth  60 values in clinic/contacts.csv, column 'date_of_birth'
  e-mail         60 values in clinic/contacts.csv, column 'email'
  health         4 values in clinic/ill.csv, column 'diagnosis'
  name           64 values in clinic/contacts.csv, column 'name'; clinic/ill.csv, column 'name'
  NHS number     64 values in clinic/contacts.csv, column 'nhs_number'; clinic/ill.csv, column 'nhs_number'
  telephone      60 values in clinic/contacts.csv, column 'telephone'
  plaintext-bulk: bulk data would leave in the clear: 60 people (bulk from 51 on)
    clinic/contacts.csv, column 'date_of_birth' (date of birth: 60)
    clinic/contacts.csv, column 'email' (e-mail: 60)
    clinic/contacts.csv, column 'name' (name: 60)
    clinic/contacts.csv, column 'nhs_number' (NHS number: 60)
    clinic/contacts.csv, column 'telephone' (telephone: 60)
    seal it: leave out --plain and name a recipient with -r
  plaintext-sensitive: sensitive data would leave in the clear: health
    clinic/ill.csv, column 'diagnosis' (health: 4)
    seal it: leave out --plain and name a recipient with -r
",
    );
}

#[test]
fn nobody_knows_what_it_is() {
    let env = prepared();
    files(&env);
    let ran = plain(&env, "scans").ends(3);
    reads(
        &ran.err,
        "\
exeat: refused; nothing was written
  people         nobody that could be seen
  records        1 record, none about people
  not inspected  1 file:
                 scans/1.raw (not text)
  plaintext-uninspected: 1 file could not be inspected, and may hold anything
    scans/1.raw (not text)
    seal it: leave out --plain and name a recipient with -r; or leave these files out with --exclude
",
    );
}

#[test]
fn the_rules_of_the_house() {
    let env = prepared();
    files(&env);
    let rules = "[recipients]\nrequired = [\"recovery\"]\n[purpose]\nallowed = [\"audit\"]\n";
    env.write("sender/policy.toml", rules);
    let line = "export clinic --to out -R recipient/recipient.txt --purpose fun";
    let ran = env.by("sender", line).ends(3);
    reads(
        &ran.err,
        "\
exeat: refused; nothing was written
  recovery-recipient-missing: 'recovery' has to be among the recipients
    add it with a further -r
    rule: sender/policy.toml:2
  purpose-not-allowed: nothing may be exported for that purpose
    'exeat policy show' lists the purposes that are allowed
    rule: sender/policy.toml:4
",
    );
}
