//! Folders that web servers of this machine are configured to serve: the
//! directives `root` of nginx and `DocumentRoot` of Apache.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::read_text;

/// Where their settings are on Debian, Fedora, Arch and their kin.
const SETTINGS: &[&str] = &[
    "/etc/nginx",
    "/etc/nginx/conf.d",
    "/etc/nginx/sites-enabled",
    "/etc/apache2",
    "/etc/apache2/conf-enabled",
    "/etc/apache2/sites-enabled",
    "/etc/httpd/conf",
    "/etc/httpd/conf.d",
];

/// Those that can be read; a setting that cannot be is one folder less that is
/// known to be served.
pub(super) fn roots() -> Vec<PathBuf> {
    let folders = SETTINGS
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok());
    let files = folders.flatten().flatten().map(|item| item.path());
    let texts = files.filter(|path| path.is_file());
    let texts = texts.filter_map(|path| read_text(&path).ok());
    texts.flat_map(|text| served(&text)).collect()
}

/// The folders that a configuration names.
fn served(text: &str) -> Vec<PathBuf> {
    let line = |line: &str| {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace)?;
        let is_root = word == "root" || word.eq_ignore_ascii_case("DocumentRoot");
        let path = rest.trim().trim_end_matches(';').trim().trim_matches('"');
        (is_root && Path::new(path).is_absolute()).then(|| PathBuf::from(path))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_of_both_servers_are_understood() {
        let text = "server {\n  root /srv/a;\n  # root /srv/no;\n}\n\
                    <VirtualHost>\n\tDocumentRoot \"/srv/b c\"\n  rootless /x\n  root relative;\n";
        assert_eq!(
            served(text),
            [PathBuf::from("/srv/a"), PathBuf::from("/srv/b c")]
        );
    }
}
