//! Logs are about nobody, whatever their times and numbers look like.

use crate::SEEDS;
use crate::harmless::check_harmless;
use crate::look::{Failures, file};
use crate::random::Random;

#[test]
fn logs() {
    let mut failures = Failures::default();
    for seed in SEEDS {
        let mut random = Random::new(seed);
        let mut lines = |make: &dyn Fn(&mut Random, u64) -> String| -> String {
            (0..2000)
                .map(|number| make(&mut random, number) + "\n")
                .collect()
        };
        let logs = [
            (
                "ISO times",
                lines(&|random, number| {
                    format!(
                        "2024-03-{:02}T{:02}:{:02}:{:02}.{:03}Z INFO worker-{} finished job {} in {} ms",
                        number / 100 + 1,
                        number % 24,
                        number % 60,
                        number % 59,
                        number % 1000,
                        number % 8,
                        random.digits(7),
                        random.below(4000)
                    )
                }),
            ),
            (
                "epochs",
                lines(&|random, number| {
                    format!(
                        "{} [{}] GET /health 200 {}",
                        1_700_000_000 + number * 3,
                        random.digits(10),
                        random.below(9000)
                    )
                }),
            ),
            (
                "syslog",
                lines(&|random, number| {
                    format!(
                        "Mar {:2} {:02}:{:02}:07 host kernel: [{:6}.{}] eth0: link up, {} Mbps",
                        number % 28 + 1,
                        number % 24,
                        number % 60,
                        number,
                        random.digits(6),
                        1000
                    )
                }),
            ),
            (
                "key and value",
                lines(&|random, number| {
                    format!(
                        "ts={} level=warn msg=\"slow query\" rows={} id={:016x} took={}.{}s",
                        1_700_000_000 + number,
                        random.below(99_999),
                        random.next(),
                        random.below(9),
                        random.digits(3)
                    )
                }),
            ),
            (
                "uuids",
                lines(&|random, number| {
                    format!(
                        "{number} {:08x}-{:04x}-4{:03x}-a{:03x}-{:012x} ok",
                        random.below(1 << 32),
                        random.below(1 << 16),
                        random.below(1 << 12),
                        random.below(1 << 12),
                        random.below(1 << 48)
                    )
                }),
            ),
            (
                "a build",
                lines(&|random, number| {
                    format!(
                        "   Compiling crate-{number} v{}.{}.{} (/src/crate-{number})",
                        random.below(4),
                        random.below(30),
                        random.below(200)
                    )
                }),
            ),
        ];
        for (what, text) in logs {
            check_harmless(what, seed, &[file("app.log", text)], &mut failures);
        }
    }
    failures.end();
}
