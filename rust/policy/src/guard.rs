//! Guards over a module's text, before the engine's parser sees it.
//!
//! The parser's time doubles with each nested literal, its recursion has no bound outside of
//! parentheses, a NUL byte ends its reading without an error, and a number such as `1e999999999`
//! is expanded digit by digit. This scanner is not recursive and reads every byte once.

use crate::finding::{Code, Finding};
use crate::limits::Limits;
use crate::scan::{Kind, Scanner, Token};

/// What the scan of an accepted text says about its dialect.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Words that only Rego v1 (or an import) makes keywords, with the place of their first use.
    pub(crate) future_words: Vec<(&'static str, u32, u32)>,
}

const FUTURE_WORDS: [&str; 3] = ["every", "if", "in"];
/// Digits of a number beside its exponent, and the exponent: both well beyond a double.
const MAX_NUMBER_CHARS: usize = 64;
const MAX_EXPONENT: u32 = 308;
/// Brackets of every kind that may be open at once.
const MAX_BRACKETS: usize = 32;
const MAX_SIGNS: usize = 2;

/// One open bracket, or the text outside of all brackets.
#[derive(Default)]
struct Level {
    /// Operators in the chain being read: the tree leans to the left, one level for each.
    operators: usize,
    /// Deepest bracket inside the chain being read.
    nested: usize,
    /// Deepest finished chain.
    deepest: usize,
    literal: bool,
}

impl Level {
    fn depth(&self) -> usize {
        self.deepest.max(self.operators + self.nested)
    }

    fn end_chain(&mut self) {
        self.deepest = self.depth();
        self.operators = 0;
        self.nested = 0;
    }
}

#[derive(PartialEq)]
enum Before {
    Nothing,
    Operand,
    Operator,
}

/// Accepts a text whose size, nesting and numbers are within the bounds.
///
/// The first fault is reported with its place.
pub(crate) fn check(file: &str, text: &str, limits: &Limits) -> Result<Scan, Finding> {
    let too_large = |what: String| Finding::error(Code::TooLarge, file, what);
    if text.len() > limits.max_file_bytes {
        return Err(too_large(format!(
            "the module is larger than {} bytes",
            limits.max_file_bytes
        ))
        .help("split the module, or raise limits.max_file_bytes"));
    }
    if text.lines().count() > limits.max_lines {
        return Err(too_large(format!("the module has more than {} lines", limits.max_lines))
            .help("split the module, or raise limits.max_lines"));
    }
    let long = |line: &str| line.chars().count() > limits.max_columns as usize;
    if let Some(at) = text.lines().position(long) {
        return Err(too_large(format!("a line is longer than {}", limits.max_columns))
            .at(at as u32 + 1, limits.max_columns)
            .help("break the line, or raise limits.max_columns"));
    }
    let mut scan = Scan::default();
    let mut levels = vec![Level::default()];
    let mut before = Before::Nothing;
    let mut after_dot = false;
    let mut signs = 0usize;
    for token in Scanner::new(text) {
        let Token { kind, text: word, line, column } = token;
        let nesting = |what: String| Finding::error(Code::Nesting, file, what).at(line, column);
        let dotted = std::mem::take(&mut after_dot);
        if !(kind == Kind::Symbol && word == "-") {
            signs = 0;
        }
        let Some(level) = levels.last_mut() else {
            break;
        };
        match kind {
            Kind::Bad => {
                return Err(Finding::error(
                    Code::Syntax,
                    file,
                    "a character or an unfinished string that Rego does not know",
                )
                .at(line, column));
            }
            Kind::Symbol => match word {
                "(" | "[" | "{" => {
                    if before == Before::Operand && word != "{" {
                        level.operators += 1;
                    }
                    let literal = word != "(";
                    levels.push(Level { literal, ..Level::default() });
                    before = Before::Nothing;
                    // The outermost bracket is the rule's body.
                    let literals = levels.iter().skip(2).filter(|l| l.literal).count();
                    if literals > limits.max_literal_depth {
                        return Err(nesting(format!(
                            "brackets are nested deeper than {}",
                            limits.max_literal_depth
                        ))
                        .help("give the inner parts names, or raise limits.max_literal_depth"));
                    }
                    if levels.len() > MAX_BRACKETS {
                        return Err(nesting(format!("more than {MAX_BRACKETS} open brackets")));
                    }
                }
                ")" | "]" | "}" => {
                    level.end_chain();
                    let depth = level.depth() + 1;
                    if levels.len() == 1 {
                        return Err(Finding::error(
                            Code::Syntax,
                            file,
                            format!("`{word}` closes nothing"),
                        )
                        .at(line, column));
                    }
                    levels.pop();
                    if let Some(outer) = levels.last_mut() {
                        outer.nested = outer.nested.max(depth);
                    }
                    before = Before::Operand;
                }
                "," | ";" | ":" | ":=" | "=" => {
                    level.end_chain();
                    before = Before::Nothing;
                }
                _ => {
                    if word == "-" && before != Before::Operand {
                        signs += 1;
                        if signs > MAX_SIGNS {
                            return Err(nesting(format!("more than {MAX_SIGNS} signs in a row")));
                        }
                    }
                    level.operators += 1;
                    before = Before::Operator;
                    after_dot = word == ".";
                }
            },
            Kind::Word if word == "in" && before == Before::Operand => {
                level.operators += 1;
                before = Before::Operator;
                note_future(&mut scan, word, line, column);
            }
            Kind::Number if before == Before::Operand && word.starts_with('-') => {
                level.operators += 1;
                check_number(file, word, line, column)?;
            }
            Kind::Word | Kind::Number | Kind::Text => {
                if before == Before::Operand {
                    level.end_chain();
                }
                before = Before::Operand;
                if kind == Kind::Number {
                    check_number(file, word, line, column)?;
                }
                if kind == Kind::Word && !dotted {
                    note_future(&mut scan, word, line, column);
                }
            }
        }
        if levels.last().map_or(0, Level::depth) > limits.max_expression_depth {
            return Err(Finding::error(
                Code::Nesting,
                file,
                format!("an expression is deeper than {}", limits.max_expression_depth),
            )
            .at(line, column)
            .help("give parts of it names, or raise limits.max_expression_depth"));
        }
    }
    Ok(scan)
}

fn note_future(scan: &mut Scan, word: &str, line: u32, column: u32) {
    if let Some(known) = FUTURE_WORDS.iter().find(|w| **w == word) {
        if !scan.future_words.iter().any(|(seen, ..)| seen == known) {
            scan.future_words.push((known, line, column));
        }
    }
}

/// Refuses numbers whose expansion would be large, or that no double can hold.
fn check_number(file: &str, word: &str, line: u32, column: u32) -> Result<(), Finding> {
    if number_is_bounded(word) {
        return Ok(());
    }
    Err(Finding::error(Code::TooLarge, file, "a number is outside of the range of a double")
        .at(line, column))
}

/// Whether the text of a number has few digits and an exponent that a double can hold.
pub(crate) fn number_is_bounded(word: &str) -> bool {
    if word.len() > MAX_NUMBER_CHARS {
        return false;
    }
    word.split(['e', 'E']).skip(1).all(|after| {
        let after = after.trim_start_matches(['+', '-']);
        let end = after.find(|c: char| !(c.is_ascii_digit() || c == '_')).unwrap_or(after.len());
        let digits = after.get(..end).unwrap_or_default().replace('_', "");
        digits.is_empty() || digits.parse::<u32>().is_ok_and(|exponent| exponent <= MAX_EXPONENT)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth_is_fine(text: &str) -> bool {
        check("p", text, &Limits::default()).is_ok()
    }

    #[test]
    fn chains_end_with_their_statement() {
        assert!(depth_is_fine(&"x := 1 + 2\n".repeat(500)));
        assert!(depth_is_fine(&"a.b == c.d\n".repeat(500)));
        assert!(depth_is_fine(&format!("x := [{}]", "a.b, ".repeat(500))));
        assert!(!depth_is_fine(&format!("x := 1{}", " + 2".repeat(500))));
        assert!(!depth_is_fine(&format!("x := 1{}", " +\n2".repeat(500))));
        assert!(!depth_is_fine(&format!("x := 1{}", " -1".repeat(500))));
        assert!(!depth_is_fine(&format!("x := a{}", ".b".repeat(500))));
        assert!(!depth_is_fine(&format!("x := a{}", "[0]".repeat(500))));
    }

    #[test]
    fn depth_adds_up_along_chains_and_brackets() {
        let inner = format!("1{}", " + 1".repeat(20));
        let outer = |part: &str| format!("({part}){}", " + 1".repeat(20));
        assert!(depth_is_fine(&format!("x := {}", outer(&outer(&inner)))));
        assert!(!depth_is_fine(&format!("x := {}", outer(&outer(&outer(&inner))))));
    }

    #[test]
    fn keywords_of_v1_are_noted_once_and_not_as_members() {
        let scan = check("p", "x if a.in\ny if b", &Limits::default());
        let words = scan.map(|scan| scan.future_words).unwrap_or_default();
        assert_eq!(words, [("if", 1, 3)]);
    }

    #[test]
    fn numbers_are_bounded() {
        for good in ["1", "-1.5e10", "1e308", "10E", "2.5e3K", "1_000"] {
            assert!(number_is_bounded(good), "{good}");
        }
        for bad in ["1e309", "1e-999999999", "1e99999999999999999999", &"9".repeat(65)] {
            assert!(!number_is_bounded(bad), "{bad}");
        }
    }
}
