//! Rich Text Format 1.9: a stream of groups, control words and text. What
//! shows and what does not is passed on: headers, notes, comments, deleted and
//! hidden text, fields, who wrote it. Pictures and objects are files of their
//! own.

use std::io::{BufReader, Read};

use exeat_core::inspect::reader::Reason;

use crate::input::Input;
use crate::output::Output;
use crate::problem::Problem;

mod page;
mod words;

#[cfg(test)]
mod tests;

use page::Page;
use words::{Token, Tokens};

pub(crate) fn read(input: Input<'_>, out: &mut Output) -> Result<(), Problem> {
    let mut tokens = Tokens::new(BufReader::with_capacity(64 << 10, input.into_read()));
    let mut page = Page::default();
    let read = all(&mut tokens, &mut page, out);
    // What was read until it broke is not lost.
    page.end(out)?;
    read
}

fn all<R: Read>(tokens: &mut Tokens<R>, page: &mut Page, out: &mut Output) -> Result<(), Problem> {
    while let Some(token) = tokens.next()? {
        match token {
            Token::Open => page.open()?,
            Token::Close => page.close(out)?,
            Token::Word(word, number) => {
                if word == "bin" {
                    let count =
                        usize::try_from(number.unwrap_or(0)).map_err(|_| Reason::Damaged)?;
                    page.binary(&tokens.binary(count)?)?;
                } else {
                    page.word(&word, number, out)?;
                }
            }
            Token::Byte(byte) => page.escaped(byte, out)?,
            Token::Symbol(symbol) => page.symbol(symbol, out)?,
            Token::Text(byte) => page.byte(byte, out)?,
        }
        if page.is_done() {
            return trailer(tokens, out);
        }
    }
    Err(Reason::CutShort.into())
}

/// After the last group there is nothing but white space and zeros.
fn trailer<R: Read>(tokens: &mut Tokens<R>, out: &mut Output) -> Result<(), Problem> {
    let rest = tokens.rest()?;
    if rest
        .iter()
        .all(|byte| byte.is_ascii_whitespace() || *byte == 0)
    {
        return Ok(());
    }
    out.text(&rest)?;
    Err(Reason::Unaccounted.into())
}
