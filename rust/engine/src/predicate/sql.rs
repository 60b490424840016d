//! The front end for SQL-style text: what `row_expression` and `when` are written in.
//!
//! The text is parsed by `sqlparser` with a dialect of its own and then converted, construct by
//! construct, into the untyped form. Whatever has no conversion is refused with its place; nothing
//! is ignored. Length, number of tokens and nesting are bounded before anything recurses.

mod convert;
mod functions;

use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use super::ast::{Expr, Place, MAX_DEPTH};
use crate::error::{Code, Error, Result};

/// Bytes of an expression.
const MAX_BYTES: usize = 64 * 1024;
/// Words, literals and signs of an expression.
const MAX_TOKENS: usize = 10_000;
/// Those of them that can make the tree deeper.
const MAX_OPERATORS: usize = 1_000;

/// Plain SQL: names in double quotes, text in single quotes, nothing of any product.
#[derive(Debug)]
struct Plain;

impl Dialect for Plain {
    fn is_identifier_start(&self, c: char) -> bool {
        c.is_alphabetic() || c == '_'
    }

    fn is_identifier_part(&self, c: char) -> bool {
        c.is_alphanumeric() || c == '_'
    }

    fn is_delimited_identifier_start(&self, c: char) -> bool {
        c == '"'
    }

    fn supports_nested_comments(&self) -> bool {
        true
    }
}

impl From<Location> for Place {
    fn from(at: Location) -> Self {
        Self { line: at.line.max(1), column: at.column.max(1) }
    }
}

/// Reads one expression.
///
/// # Errors
/// `plan.bad_expression` with the place in the text, `limit.too_large`.
pub(crate) fn parse(text: &str) -> Result<Expr> {
    if text.len() > MAX_BYTES {
        return Err(too_large(format!("an expression of over {MAX_BYTES} bytes")));
    }
    let tokens = Tokenizer::new(&Plain, text).tokenize_with_location().map_err(|error| {
        Place::from(error.location)
            .refuse("the text cannot be read: a quote or a comment may not be closed")
            .help("text stands in 'single quotes', names of columns in \"double quotes\"")
    })?;
    let count =
        |counts: &dyn Fn(&Token) -> bool| tokens.iter().filter(|t| counts(&t.token)).count();
    let all = count(&|token| !matches!(token, Token::Whitespace(_)));
    if all == 0 {
        return Err(Place { line: 1, column: 1 }
            .refuse("the expression is empty")
            .help("write a condition such as amount > 0"));
    }
    if all > MAX_TOKENS {
        return Err(too_large(format!("an expression of over {MAX_TOKENS} words and signs")));
    }
    if count(&deepens) > MAX_OPERATORS {
        return Err(too_large(format!("an expression of over {MAX_OPERATORS} operators")));
    }
    let start = tokens.iter().find(|t| !matches!(t.token, Token::Whitespace(_))).cloned();
    let mut parser =
        Parser::new(&Plain).with_recursion_limit(MAX_DEPTH).with_tokens_with_locations(tokens);
    let parsed = parser.parse_expr().map_err(|error| match error {
        ParserError::RecursionLimitExceeded => too_deep(),
        _ => unexpected(parser.peek_token_ref(), start.as_ref()),
    })?;
    if parser.peek_token_ref().token != Token::EOF {
        return Err(unexpected(parser.peek_token_ref(), start.as_ref()));
    }
    convert::expression(&parsed)
}

/// Everything but names, literals and the commas between them.
fn deepens(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.keyword != Keyword::NoKeyword && word.quote_style.is_none(),
        Token::Whitespace(_)
        | Token::Comma
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::EOF => false,
        _ => true,
    }
}

fn too_large(what: String) -> Error {
    Error::new(Code::TooLarge, what).help("split it into several checks")
}

pub(super) fn too_deep() -> Error {
    too_large(format!("an expression nests over {MAX_DEPTH} deep"))
}

fn unexpected(found: &TokenWithSpan, start: Option<&TokenWithSpan>) -> Error {
    let statement = start.is_some_and(|start| match &start.token {
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::SELECT
                | Keyword::WITH
                | Keyword::INSERT
                | Keyword::UPDATE
                | Keyword::DELETE
                | Keyword::MERGE
                | Keyword::CREATE
                | Keyword::ALTER
                | Keyword::DROP
                | Keyword::TRUNCATE
                | Keyword::COPY
                | Keyword::CALL
                | Keyword::SET
        ),
        _ => false,
    });
    if let (true, Some(start)) = (statement, start) {
        return Place::from(start.span.start)
            .refuse("a statement stands where a condition is needed")
            .help("write a condition over the columns of one row, such as amount > 0");
    }
    let place = match found.token {
        Token::EOF => None,
        _ => Some(Place::from(found.span.start)),
    };
    match place {
        Some(place) => place
            .refuse("the expression cannot be read from here on")
            .help("it is one SQL condition; names that are SQL words need double quotes"),
        None => Error::new(Code::BadExpression, "the expression breaks off")
            .help("an operand, a quote or a closing parenthesis is missing at its end"),
    }
}
