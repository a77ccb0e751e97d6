//! Numbers and causes in words, the same wherever they are said.

/// Digits in groups of three: `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 file`, `2,034 files`.
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{} {noun}", grouped(number))
}

/// What the system said, without its number.
#[must_use]
pub fn without_errno(text: &str) -> &str {
    let end = text.rfind(" (os error ").unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_causes() {
        assert_eq!(counted(1, "file", "files"), "1 file");
        assert_eq!(counted(0, "file", "files"), "0 files");
        assert_eq!(counted(1_234_567, "file", "files"), "1,234,567 files");
        let error = std::io::Error::from_raw_os_error(2).to_string();
        assert_eq!(without_errno(&error), "No such file or directory");
        assert_eq!(without_errno("as it is"), "as it is");
    }
}
