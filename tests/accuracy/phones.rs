//! Telephone numbers are told from other numbers in text.

use exeat_core::inspect::Class;

use crate::SEEDS;
use crate::contacts::PHONE_CONTEXTS;
use crate::identifiers::phone;
use crate::look::{Failures, Share, count, look_at};
use crate::random::Random;

/// Something that is written with digits and is no telephone number.
fn no_phone(random: &mut Random) -> String {
    let amount = |random: &mut Random| {
        format!(
            "{},{}.{}",
            random.between(1, 999),
            random.digits(3),
            random.digits(2)
        )
    };
    match random.below(16) {
        0 => format!("the order {}", random.digits(8)),
        1 => format!("the reference {}/{}", random.digits(5), random.digits(4)),
        2 => format!(
            "on {:02}/{:02}/{}",
            random.between(1, 28),
            random.between(1, 12),
            random.between(1940, 2030)
        ),
        3 => format!(
            "at {}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            random.between(1990, 2030),
            random.between(1, 12),
            random.between(1, 28),
            random.below(24),
            random.below(60),
            random.below(60)
        ),
        4 => format!("£{}", amount(random)),
        5 => format!("{} EUR", amount(random)),
        6 => format!(
            "from {:02}:{:02} to {:02}:{:02}",
            random.below(24),
            random.below(60),
            random.below(24),
            random.below(60)
        ),
        7 => format!(
            "invoice INV-{}-{}",
            random.between(1990, 2030),
            random.digits(5)
        ),
        8 => format!("number {}{}", random.between(1, 9), random.digits(9)),
        9 => format!("id {}{}", random.between(1, 9), random.digits(10)),
        10 => format!("second {}", random.between(1_000_000_000, 1_900_000_000)),
        11 => format!(
            "part {}-{}-{}",
            random.digits(3),
            random.digits(4),
            random.digits(2)
        ),
        12 => format!(
            "at {}.{}, -{}.{}",
            random.between(50, 58),
            random.digits(6),
            random.below(6),
            random.digits(6)
        ),
        13 => format!(
            "version {}.{}.{}",
            random.below(20),
            random.below(20),
            random.below(2000)
        ),
        14 => format!("the barcode {}", random.digits(13)),
        _ => format!(
            "a count of {} in {}",
            random.below(100_000),
            random.between(1900, 2030)
        ),
    }
}

#[test]
fn phones_are_told_from_other_numbers() {
    let (mut failures, mut recall, mut precision) =
        (Failures::default(), Share::default(), Share::default());
    for seed in SEEDS {
        let mut random = Random::new(seed);
        let others: Vec<String> = (0..1500).map(|_| no_phone(&mut random)).collect();
        let phones: Vec<String> = (0..1500)
            .map(|_| {
                let (before, after) = random.pick(&PHONE_CONTEXTS);
                format!("{before}{}{after}", phone(&mut random))
            })
            .collect();
        let text = |lines: &[String]| {
            let lines: Vec<String> = lines
                .iter()
                .map(|line| format!("We noted {line}\nand went on.\n"))
                .collect();
            lines.concat()
        };
        let false_ones = count(&look_at("notes.txt", text(&others)), Class::Phone);
        let found = count(&look_at("notes.txt", text(&phones)), Class::Phone).min(1500);
        let mut mixed = [others.clone(), phones].concat();
        random.shuffle(&mut mixed);
        let both = count(&look_at("notes.txt", text(&mixed)), Class::Phone);
        recall.add(found, 1500);
        precision.add(found, found + false_ones);
        failures.check(both.abs_diff(found + false_ones) * 50 <= found, || {
            format!(
                "seed {seed}: {found} phones and {false_ones} others, but {both} among each other"
            )
        });
        let wrong =
            |other: &&String| count(&look_at("n.txt", text(&[(*other).clone()])), Class::Phone) > 0;
        let wrong: Vec<_> = others.iter().take(200).filter(wrong).take(4).collect();
        if !wrong.is_empty() {
            println!("  taken for phones: {wrong:?}");
        }
    }
    println!("phones in text among as many other numbers: recall {recall}, precision {precision}");
    failures.check(recall.is_at_least(8500), || format!("recall {recall}"));
    failures.check(precision.is_at_least(9000), || {
        format!("precision {precision}")
    });
    failures.end();
}
