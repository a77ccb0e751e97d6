//! What a crash leaves, at any byte, and whatever happened before: the sum is
//! never lower than what was delivered.

use std::fs::{self, File};
use std::io::Write as _;

use proptest::prelude::*;

use super::*;

/// Cuts off some of what was written last, or leaves zeros there, as some file
/// systems do when the power fails.
fn crash(path: &Path, before: u64, kept: usize, zeros: bool) {
    let file = File::options().write(true).open(path).expect("opens");
    let length = file.metadata().expect("there").len();
    let written = length - before;
    file.set_len(before + kept as u64 % written.max(1))
        .expect("cut");
    if zeros {
        file.set_len(length).expect("zeros");
    }
}

#[test]
fn every_cut_of_the_last_entry_is_put_on_record() {
    let (folder, path) = folder();
    NOW.set(0);
    let ledger = open(&path);
    intend(&ledger, 7, 1).delivered(9, None).expect("recorded");
    let before = text(&path);
    std::mem::forget(intend(&ledger, 7, 2));
    let whole = fs::read(&path).expect("readable");
    for cut in before.len()..whole.len() {
        for zeros in [false, true] {
            let path = folder.path().join("cut");
            fs::write(&path, &whole[..cut]).expect("written");
            if zeros {
                let file = File::options().append(true).open(&path).expect("opens");
                let missing = vec![0; whole.len() - cut];
                (&file).write_all(&missing).expect("written");
            }
            let left = fs::read(&path).expect("readable");
            let ledger = open(&path);
            let account = ledger.account(&[]).expect("in order");
            let all_but_its_end = !zeros && cut + 1 == whole.len();
            assert_eq!(account.entries, if all_but_its_end { 3 } else { 2 });
            let torn = account.unfinished;
            assert_eq!(
                torn.is_some(),
                left.len() > before.len() && !all_but_its_end
            );
            intend(&ledger, 7, 4).delivered(9, None).expect("recorded");
            let now = fs::read(&path).expect("readable");
            assert!(now.starts_with(&left), "something was taken away");
            let account = ledger.account(&[]).expect("in order");
            assert_eq!(account.unfinished, None);
            let recorded = String::from_utf8_lossy(&now[left.len()..]).contains("\"torn\":{");
            assert_eq!(recorded, torn.is_some(), "cut at {cut}");
            assert_eq!(people(&ledger, 7), if all_but_its_end { 7 } else { 5 });
        }
    }
}

#[test]
fn every_cut_of_the_cure_is_cured() {
    let (folder, path) = folder();
    NOW.set(0);
    let ledger = open(&path);
    intend(&ledger, 7, 1).delivered(9, None).expect("recorded");
    let good = fs::read(&path).expect("readable").len();
    let torn = [text(&path), "{\"version\":2,\"sequ".into()].concat();
    fs::write(&path, &torn).expect("written");
    std::mem::forget(intend(&ledger, 7, 2));
    let whole = fs::read(&path).expect("readable");
    let cut_path = folder.path().join("cut");
    for cut in good..whole.len() {
        fs::write(&cut_path, &whole[..cut]).expect("written");
        let ledger = open(&cut_path);
        ledger.account(&[]).expect("in order");
        intend(&ledger, 7, 4).delivered(9, None).expect("recorded");
        let account = ledger.account(&[]).expect("in order");
        assert_eq!(account.unfinished, None, "cut at {cut}");
        assert!(people(&ledger, 7) >= 5);
    }
}

#[derive(Debug, Clone)]
enum Step {
    Refuse {
        user: u32,
    },
    Export {
        user: u32,
        most: u64,
        plain: bool,
        ending: u8,
    },
    /// Time passes.
    Wait(i64),
    /// The clock falls back to long ago, or is right again.
    Clock(bool),
    Reopen,
}

/// Whether the machine stops while the entry is written: how much of it is
/// kept, and whether zeros stand for the rest.
type Stop = Option<(usize, bool)>;

fn step() -> impl Strategy<Value = Step> {
    let user = 0_u32..3;
    let most = prop_oneof![9 => 0_u64..100, 1 => Just(u64::MAX)];
    prop_oneof![
        1 => user.clone().prop_map(|user| Step::Refuse { user }),
        6 => (user, most, any::<bool>(), 0_u8..5).prop_map(|(user, most, plain, ending)| {
            Step::Export { user, most, plain, ending }
        }),
        2 => (0..20 * DAY).prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::Clock),
        1 => Just(Step::Reopen),
    ]
}

/// An export whose intent was acknowledged, so that it may have been delivered.
struct Left {
    user: u32,
    most: u64,
    time: i64,
}

/// What really happened, beside the file that speaks of it.
struct World {
    path: PathBuf,
    /// The true time.
    time: i64,
    clock_is_behind: bool,
    left: Vec<Left>,
    tried: [u64; 3],
}

impl World {
    fn length(&self) -> u64 {
        fs::metadata(&self.path).expect("there").len()
    }

    fn stop(&self, stop: Stop, before: u64) -> bool {
        if let Some((kept, zeros)) = stop {
            crash(&self.path, before, kept, zeros);
        }
        stop.is_some()
    }

    fn set_clock(&self) {
        let behind = if self.clock_is_behind { 9000 * DAY } else { 0 };
        NOW.set(self.time - behind);
    }

    fn export(&mut self, ledger: &Ledger, stop: Stop, asked: &Export, most: u64, ending: u8) {
        let plain = asked.form == Form::Plaintext;
        let user = asked.requester.user;
        if plain {
            let tried = &mut self.tried[user as usize];
            *tried = tried.saturating_add(most);
        }
        let before = self.length();
        let intent = ledger.record_intent(asked, &found(most)).expect("recorded");
        // It stops while the intent is written, or while the outcome is.
        if ending == 0 && self.stop(stop, before) {
            std::mem::forget(intent);
            return;
        }
        if plain && ending != 1 {
            let time = self.time;
            self.left.push(Left { user, most, time });
        }
        let before = self.length();
        match ending {
            1 => intent.failed("x").expect("recorded"),
            2 => intent.delivered(1, None).expect("recorded"),
            3 => drop(intent),
            _ => return std::mem::forget(intent),
        }
        self.stop(stop, before);
    }

    fn delivered(&self, user: u32) -> u64 {
        self.left
            .iter()
            .filter(|left| left.user == user && left.time >= self.time - 30 * DAY)
            .fold(0, |sum, left| sum.saturating_add(left.most))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_sum_is_never_lower_than_what_was_delivered(
        steps in proptest::collection::vec(
            (step(), proptest::option::weighted(0.3, (0_usize..2000, any::<bool>()))),
            1..25,
        ),
    ) {
        let (_folder, path) = folder();
        let mut world = World {
            path: path.clone(),
            time: 0,
            clock_is_behind: false,
            left: Vec::new(),
            tried: [0; 3],
        };
        world.set_clock();
        let mut ledger = open(&path);
        ledger.record_refusal(&export(0, Form::Plaintext), None).expect("recorded");
        for (step, stop) in steps {
            world.set_clock();
            match step {
                Step::Refuse { user } => {
                    let before = world.length();
                    ledger.record_refusal(&export(user, Form::Plaintext), None).expect("recorded");
                    world.stop(stop, before);
                }
                Step::Export { user, most, plain, ending } => {
                    let form = if plain { Form::Plaintext } else { Form::Encrypted };
                    world.export(&ledger, stop, &export(user, form), most, ending);
                }
                Step::Wait(seconds) => world.time += seconds,
                Step::Clock(is_behind) => world.clock_is_behind = is_behind,
                Step::Reopen => ledger = open(&path),
            }
            NOW.set(world.time);
            for user in 0..3 {
                let sum = people(&ledger, user);
                prop_assert!(sum >= world.delivered(user), "{sum} for {user}");
                prop_assert!(sum <= world.tried[user as usize]);
            }
        }
    }
}
