//! One line of allowed signers: `principals [options] key [comment]`.

use std::fmt;

use jiff::Timestamp;

use super::options::Options;
use super::{LineProblem, PatternList, PublicKey, shortened, without_mark};
use crate::path::misleads;

/// The most bytes in a line: room for an RSA key of 16,384 bits.
const MAX_LINE: usize = 8 * 1024;
/// The longest principal or namespace that can be given to
/// [`AllowedSigner::new`], in bytes.
const MAX_PLAIN: usize = 255;

const BLANK: [char; 2] = [' ', '\t'];

/// One line: a key, whose it is, and what it may sign and when.
///
/// `Display` writes it in a canonical form that reads back as the same line,
/// here and in ssh-keygen. Two are equal if they mean the same; the comment and
/// the line number do not count.
///
/// ```
/// use exeat_core::signature::{AllowedSigner, PACKAGE_NAMESPACE};
///
/// // A partner's line trusts the key with anything; it is narrowed before use.
/// let key = "ssh-ed25519 \
///     AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
/// let line = AllowedSigner::parse(&format!("ada@clinic.example {key}"))?
///     .narrowed(&[PACKAGE_NAMESPACE])?;
/// assert_eq!(
///     line.to_string(),
///     format!("ada@clinic.example namespaces=\"exeat.package.v1\" {key}"),
/// );
/// # Ok::<(), exeat_core::signature::LineProblem>(())
/// ```
#[derive(Clone, Debug)]
pub struct AllowedSigner {
    principals: PatternList,
    options: Options,
    key: PublicKey,
    line: Option<usize>,
}

impl AllowedSigner {
    /// A line that lets `key` sign as `principal`, a plain name, for the given
    /// purposes.
    ///
    /// # Errors
    ///
    /// [`LineProblem::BadName`] if the principal or a namespace is empty,
    /// longer than 255 bytes, or could be taken for something else than one
    /// plain name: white space, control or invisible characters, `"`, `\`, `,`, `*` or `?`
    /// anywhere, `!` or `#` at the beginning. [`LineProblem::BadPattern`] if
    /// there are no namespaces: the key would be trusted with anything.
    pub fn new(principal: &str, namespaces: &[&str], key: PublicKey) -> Result<Self, LineProblem> {
        let principals = PatternList::read("principals", plain("principal", principal)?)?;
        let options = Options {
            namespaces: Some(plain_list(namespaces)?),
            ..Options::default()
        };
        Ok(Self {
            principals,
            options,
            key,
            line: None,
        })
    }

    /// Reads one line.
    ///
    /// # Errors
    ///
    /// What is wrong with it; [`LineProblem::NoEntry`] if it is empty or a
    /// comment.
    pub fn parse(line: &str) -> Result<Self, LineProblem> {
        Self::read(without_mark(line))
    }

    pub(super) fn read(line: &str) -> Result<Self, LineProblem> {
        if line.len() > MAX_LINE {
            return Err(LineProblem::LongLine);
        }
        let line = line.trim_matches([' ', '\t', '\r', '\n']);
        if line.is_empty() || line.starts_with('#') {
            return Err(LineProblem::NoEntry);
        }
        if line.contains(|c: char| c.is_control() && c != '\t') {
            return Err(LineProblem::ControlCharacter);
        }
        let (principals, rest) = first_field(line)?;
        let principals = PatternList::read("principals", principals.to_owned())?;
        // What is before the key's kind is options. Base64 of a key begins with
        // `AAAA`, as its kind has a short name.
        let (word, after) = split_word(rest)?;
        let (options, key) = if after.starts_with("AAAA") {
            ("", rest)
        } else {
            (word, after)
        };
        if key.is_empty() {
            return Err(LineProblem::MissingKey);
        }
        let options = Options::read(options)?;
        let key = PublicKey::read(key).map_err(|reason| LineProblem::BadKey { reason })?;
        Ok(Self {
            principals,
            options,
            key,
            line: None,
        })
    }

    pub(super) fn at_line(self, line: usize) -> Self {
        Self {
            line: Some(line),
            ..self
        }
    }

    /// The same key of the same signer, for these purposes and no others. A
    /// line from somebody else may claim any name and any purpose; this leaves
    /// one plain name.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new): above all, principals that are a pattern or
    /// more than one name.
    pub fn narrowed(mut self, namespaces: &[&str]) -> Result<Self, LineProblem> {
        plain("principal", self.principals.as_str())?;
        self.options.namespaces = Some(plain_list(namespaces)?);
        Ok(self)
    }

    /// Whose key it is.
    #[must_use]
    pub fn principals(&self) -> &PatternList {
        &self.principals
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether the key is that of a certificate authority. Such a line vouches
    /// for no signature here.
    #[must_use]
    pub fn is_cert_authority(&self) -> bool {
        self.options.cert_authority
    }

    /// The purposes the key may sign for; without, any.
    #[must_use]
    pub fn namespaces(&self) -> Option<&PatternList> {
        self.options.namespaces.as_ref()
    }

    /// Whether the key may sign for the purpose `namespace`.
    #[must_use]
    pub fn permits(&self, namespace: &str) -> bool {
        self.namespaces().is_none_or(|list| list.matches(namespace))
    }

    /// The first second in which the key is valid.
    #[must_use]
    pub fn valid_after(&self) -> Option<Timestamp> {
        self.options.valid_after
    }

    /// The last second in which the key is valid.
    #[must_use]
    pub fn valid_before(&self) -> Option<Timestamp> {
        self.options.valid_before
    }

    /// The number of the line in its file, from 1; nothing if it was not read
    /// from one.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl PartialEq for AllowedSigner {
    fn eq(&self, other: &Self) -> bool {
        (&self.principals, &self.options, &self.key)
            == (&other.principals, &other.options, &other.key)
    }
}

impl Eq for AllowedSigner {}

impl fmt::Display for AllowedSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let principals = self.principals.as_str();
        if principals.contains(BLANK) || principals.starts_with('#') {
            write!(f, "\"{principals}\" ")?;
        } else {
            write!(f, "{principals} ")?;
        }
        write!(f, "{}{}", self.options, self.key.to_openssh())?;
        match self.key.comment() {
            "" => Ok(()),
            comment => write!(f, " {comment}"),
        }
    }
}

/// The principals and what comes after them. They may stand in quotation marks
/// as a whole; ssh-keygen has no escapes there.
fn first_field(line: &str) -> Result<(&str, &str), LineProblem> {
    let (field, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or(LineProblem::Quote)?,
        None => line.split_at(line.find(BLANK).unwrap_or(line.len())),
    };
    if field.contains('"') || !(rest.is_empty() || rest.starts_with(BLANK)) {
        return Err(LineProblem::Quote);
    }
    Ok((field, rest.trim_start_matches(BLANK)))
}

/// The text up to the first blank outside quotation marks, and what comes after
/// it. `\"` neither opens nor closes them.
fn split_word(text: &str) -> Result<(&str, &str), LineProblem> {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.find(|character| {
        if character == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = character == '\\';
        !quoted && BLANK.contains(&character)
    });
    if quoted {
        return Err(LineProblem::Quote);
    }
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    Ok((word, rest.trim_start_matches(BLANK)))
}

/// Checks that `name` is one name for OpenSSH, whatever the place it is put in.
fn plain(field: &'static str, name: &str) -> Result<String, LineProblem> {
    let special = |c: char| c.is_whitespace() || misleads(c) || "\"\\,*?".contains(c);
    if (1..=MAX_PLAIN).contains(&name.len())
        && !name.starts_with(['!', '#'])
        && !name.contains(special)
    {
        Ok(name.to_owned())
    } else {
        Err(LineProblem::BadName {
            field,
            name: shortened(name),
        })
    }
}

fn plain_list(namespaces: &[&str]) -> Result<PatternList, LineProblem> {
    let names = namespaces
        .iter()
        .map(|name| plain("namespace", name))
        .collect::<Result<Vec<_>, _>>()?;
    PatternList::read("namespaces", names.join(","))
}
