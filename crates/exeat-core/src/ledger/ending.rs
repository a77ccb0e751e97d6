//! How an export ended, where several entries may say so.

use super::entry::Ending;

/// What the entries so far say of one export. The first word stands unless a
/// later one is worse: what was delivered cannot be taken back, and what failed may
/// have been delivered all the same.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ended(Option<Ending>);

impl Ended {
    /// Takes what one more entry says.
    pub(super) fn hear(&mut self, ending: Ending) {
        if matches!(self.0, None | Some(Ending::Failed)) {
            self.0 = Some(ending);
        }
    }

    /// Whether nobody has got anything. Where nothing is said, somebody may have.
    pub(super) fn has_failed(self) -> bool {
        self.0 == Some(Ending::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_stands_unless_a_later_one_is_worse() {
        use Ending::{Delivered, Failed, Interrupted};
        for (said, has_failed) in [
            (&[][..], false),
            (&[Failed], true),
            (&[Failed, Failed], true),
            (&[Failed, Delivered], false),
            (&[Failed, Interrupted, Failed], false),
            (&[Delivered, Failed], false),
            (&[Interrupted, Failed], false),
        ] {
            let mut ended = Ended::default();
            said.iter().for_each(|&ending| ended.hear(ending));
            assert_eq!(ended.has_failed(), has_failed, "{said:?}");
        }
    }
}
