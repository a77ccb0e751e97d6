//! Finds in the syntax tree what cargo-mutants would change, and writes the change
//! beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use proc_macro2::Span as Tokens;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr, UnOp};

use crate::edits::{Edits, Lines};
use crate::{Mutant, Place, Span};

/// The numbers of changes at one place, and what each puts there.
type Choices = Vec<(usize, String)>;

struct Finder<'a> {
    text: &'a str,
    lines: Lines<'a>,
    /// By genre and span.
    wanted: BTreeMap<(String, Span), Choices>,
    edits: Edits,
    made: BTreeSet<usize>,
    unviable: BTreeSet<usize>,
}

/// A text with changes in it.
pub struct Switched {
    pub text: String,
    /// The numbers of the changes that can be switched on.
    pub made: BTreeSet<usize>,
    /// And of those that no compiler would take.
    pub unviable: BTreeSet<usize>,
}

/// The text with every change that can be switched on.
pub fn switched(text: &str, mutants: &[(usize, &Mutant)]) -> Result<Switched, syn::Error> {
    let mut wanted: BTreeMap<_, Choices> = BTreeMap::new();
    for (number, mutant) in mutants {
        let key = (mutant.genre.clone(), mutant.span);
        let choices = wanted.entry(key).or_default();
        choices.push((*number, mutant.replacement.clone()));
    }
    let mut finder = Finder {
        text,
        lines: Lines::of(text),
        wanted,
        edits: Edits::default(),
        made: BTreeSet::new(),
        unviable: BTreeSet::new(),
    };
    finder.visit_file(&syn::parse_file(text)?);
    Ok(Switched {
        text: finder.edits.made(text),
        made: finder.made,
        unviable: finder.unviable,
    })
}

fn on(number: usize) -> String {
    format!("crate::switch::on({number})")
}

/// `if` the first is on, then that, and so on.
fn chain(choices: &Choices, then: impl Fn(&str) -> String) -> String {
    let parts = choices.iter();
    let parts = parts.map(|(n, new)| format!("if {} {{ {} }} else ", on(*n), then(new)));
    parts.collect()
}

/// Whether an expression binds names, as part of a chain of conditions.
fn binds(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(e) => binds(&e.left) || binds(&e.right),
        _ => false,
    }
}

impl Finder<'_> {
    fn range(&self, tokens: Tokens) -> Range<usize> {
        self.lines.at(tokens.start())..self.lines.at(tokens.end())
    }

    /// What is wanted at a place; it is then made by whoever asks.
    fn choices(&mut self, genre: &str, tokens: Tokens) -> Option<Choices> {
        let place = |at: proc_macro2::LineColumn| Place {
            line: at.line,
            column: at.column + 1,
        };
        let span = Span {
            start: place(tokens.start()),
            end: place(tokens.end()),
        };
        self.wanted.remove(&(genre.to_owned(), span))
    }

    fn make(&mut self, choices: &Choices) {
        self.made.extend(choices.iter().map(|(number, _)| number));
    }

    fn binary(&mut self, expr: &syn::ExprBinary) {
        let Some(choices) = self.choices("BinaryOperator", expr.op.span()) else {
            return;
        };
        let (whole, op) = (self.range(expr.span()), self.range(expr.op.span()));
        let (left, right) = (self.range(expr.left.span()), self.range(expr.right.span()));
        match expr.op {
            BinOp::And(_) | BinOp::Or(_) => {
                // By De Morgan's law, so that neither side is there twice.
                let [(number, new)] = choices.as_slice() else {
                    return;
                };
                if binds(&expr.left) || binds(&expr.right) {
                    // A chain of conditions is one of '&&' alone.
                    self.unviable.insert(*number);
                    return;
                }
                if !matches!(new.as_str(), "&&" | "||") {
                    return;
                }
                for piece in [whole, left, right] {
                    let after = format!(") ^ {})", on(*number));
                    self.edits.around(piece, "((".into(), after);
                }
            }
            BinOp::Eq(_)
            | BinOp::Ne(_)
            | BinOp::Lt(_)
            | BinOp::Le(_)
            | BinOp::Gt(_)
            | BinOp::Ge(_) => {
                let old = &self.text[op.clone()];
                let rest = chain(&choices, |new| format!("*l {new} *r"));
                let after = format!(")) {{ (l, r) => {rest}{{ *l {old} *r }} }})");
                self.edits.around(whole, "(match (&(".into(), after);
                self.edits.instead(op, "), &(");
            }
            BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_) => {
                let (left, right) = (&self.text[left], &self.text[right]);
                let (left, right) = (in_line(left), in_line(right));
                let rest = chain(&choices, |new| format!("{left} {new} {right}"));
                self.edits
                    .around(whole, format!("({rest}{{ "), " })".into());
            }
            _ => {
                let old = &self.text[op.clone()];
                let rest = chain(&choices, |new| format!("l {new} r"));
                let after = format!(")) {{ (l, r) => {rest}{{ l {old} r }} }})");
                self.edits.around(whole, "(match ((".into(), after);
                self.edits.instead(op, "), (");
            }
        }
        self.make(&choices);
    }

    fn unary(&mut self, expr: &syn::ExprUnary) {
        let Some(choices) = self.choices("UnaryOperator", expr.op.span()) else {
            return;
        };
        let whole = self.range(expr.span());
        let (number, _) = choices[0];
        if matches!(expr.op, UnOp::Not(_)) {
            let after = format!(") ^ {})", on(number));
            self.edits.around(whole, "((".into(), after);
        } else {
            let inner = in_line(&self.text[self.range(expr.expr.span())]);
            let before = format!("(if {} {{ {inner} }} else {{ ", on(number));
            self.edits.around(whole, before, " })".into());
        }
        self.make(&choices);
    }

    /// What a function begins with: to give something back at once.
    fn body(&mut self, block: &syn::Block) {
        let (Some(first), Some(last)) = (block.stmts.first(), block.stmts.last()) else {
            return;
        };
        let Some(tokens) = first.span().join(last.span()) else {
            return;
        };
        let Some(choices) = self.choices("FnValue", tokens) else {
            return;
        };
        let start = self.range(tokens).start;
        let parts = choices.iter();
        let parts = parts.map(|(n, new)| format!("if {} {{ return {}; }} ", on(*n), in_line(new)));
        let text: String = parts.collect();
        self.edits.around(start..start, text, String::new());
        self.make(&choices);
    }

    /// A field that is taken from the rest instead.
    fn field(&mut self, field: &syn::FieldValue, comma: Option<&syn::Token![,]>, rest: &Expr) {
        let syn::Member::Named(name) = &field.member else {
            return;
        };
        // The comma behind it goes with it.
        let tokens = comma.and_then(|comma| field.span().join(comma.span()));
        let Some(choices) = self.choices("StructField", tokens.unwrap_or(field.span())) else {
            return;
        };
        let (number, _) = choices[0];
        let rest = in_line(&self.text[self.range(rest.span())]);
        let new = format!("if {} {{ ({rest}).{name} }} else {{ ", on(number));
        let before = match field.colon_token {
            Some(_) => new,
            None => format!("{name}: {new}"),
        };
        let piece = self.range(field.expr.span());
        self.edits.around(piece, before, " }".into());
        self.make(&choices);
    }

    fn arm(&mut self, arm: &syn::Arm) {
        let guard = arm.guard.as_ref().map(|(_, guard)| guard);
        if let Some(choices) = self.choices("MatchArm", arm.span()) {
            let (number, _) = choices[0];
            match guard {
                Some(guard) => {
                    let before = format!("!{} && (", on(number));
                    self.edits
                        .around(self.range(guard.span()), before, ")".into());
                }
                None => {
                    let end = self.range(arm.pat.span()).end;
                    let text = format!(" if !{}", on(number));
                    self.edits.around(end..end, text, String::new());
                }
            }
            self.make(&choices);
        }
        let Some(guard) = guard else { return };
        if let Some(choices) = self.choices("MatchArmGuard", guard.span()) {
            let rest = chain(&choices, str::to_owned);
            let before = format!("({rest}{{ ");
            self.edits
                .around(self.range(guard.span()), before, " })".into());
            self.make(&choices);
        }
    }
}

/// Line numbers have to stay what they are, for the messages of the compiler.
fn in_line(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once("//") {
        Some((code, _)) => code.trim(),
        None => line.trim(),
    });
    lines.collect::<Vec<_>>().join(" ")
}

impl<'ast> Visit<'ast> for Finder<'_> {
    // Constants are evaluated when there is nobody to choose.
    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}
    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}
    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}
    fn visit_type(&mut self, _: &'ast syn::Type) {}
    fn visit_pat(&mut self, _: &'ast syn::Pat) {}

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if item.sig.constness.is_none() {
            self.body(&item.block);
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if item.sig.constness.is_none() {
            self.body(&item.block);
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.body(block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_expr_binary(&mut self, expr: &'ast syn::ExprBinary) {
        self.binary(expr);
        visit::visit_expr_binary(self, expr);
    }

    fn visit_expr_struct(&mut self, expr: &'ast syn::ExprStruct) {
        if let Some(rest) = &expr.rest {
            for pair in expr.fields.pairs() {
                self.field(pair.value(), pair.punct().copied(), rest);
            }
        }
        visit::visit_expr_struct(self, expr);
    }

    fn visit_expr_unary(&mut self, expr: &'ast syn::ExprUnary) {
        self.unary(expr);
        visit::visit_expr_unary(self, expr);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.arm(arm);
        visit::visit_arm(self, arm);
    }
}
