//! A scanner of Rego's tokens that never fails and never recurses: for the guards only.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier or keyword.
    Word,
    /// A number, with its sign when one stands directly before it.
    Number,
    /// A string or raw string; its text is empty.
    Text,
    /// Everything else that Rego knows.
    Symbol,
    /// What Rego does not know, or a string without an end.
    Bad,
}

/// One token and its place, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// The tokens of a text; ends after the first [`Kind::Bad`].
pub(crate) struct Scanner<'a> {
    rest: &'a str,
    line: u32,
    column: u32,
    done: bool,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text, line: 1, column: 1, done: false }
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        for c in taken.chars() {
            if c == '\n' {
                self.line = self.line.saturating_add(1);
                self.column = 1;
            } else {
                self.column = self.column.saturating_add(1);
            }
        }
        self.rest = rest;
        taken
    }

    fn skip_blank(&mut self) {
        loop {
            let blank =
                self.rest.len() - self.rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
            self.take(blank);
            if !self.rest.starts_with('#') {
                return;
            }
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            self.take(end);
        }
    }

    /// Bytes of the string at the beginning of the rest, with its quotes.
    fn string_length(&self, quote: char) -> Option<usize> {
        let mut escaped = false;
        for (at, c) in self.rest.char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\n' | '\0' if quote == '"' => return None,
                '\0' => return None,
                '\\' if quote == '"' => escaped = true,
                _ if c == quote => return Some(at + 1),
                _ => {}
            }
        }
        None
    }

    fn number_length(&self) -> usize {
        let mut before = '-';
        for (at, c) in self.rest.char_indices() {
            let sign = matches!(c, '+' | '-') && (at == 0 || matches!(before, 'e' | 'E'));
            if !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || sign) {
                return at;
            }
            before = c;
        }
        self.rest.len()
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if self.done {
            return None;
        }
        self.skip_blank();
        let mut ahead = self.rest.chars();
        let first = ahead.next()?;
        let second = ahead.next().unwrap_or(' ');
        let (line, column) = (self.line, self.column);
        let (kind, bytes) = match first {
            '"' | '`' => self.string_length(first).map_or((Kind::Bad, 1), |n| (Kind::Text, n)),
            '-' | '.' if second.is_ascii_digit() => (Kind::Number, self.number_length()),
            '0'..='9' => (Kind::Number, self.number_length()),
            'a'..='z' | 'A'..='Z' | '_' => {
                let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
                (Kind::Word, end.unwrap_or(self.rest.len()))
            }
            ':' | '<' | '>' | '=' | '!' if second == '=' => (Kind::Symbol, 2),
            '{' | '}' | '[' | ']' | '(' | ')' | '+' | '-' | '*' | '/' | '%' | ',' | ';' | '.'
            | '&' | '|' | ':' | '<' | '>' | '=' => (Kind::Symbol, 1),
            _ => (Kind::Bad, first.len_utf8()),
        };
        self.done = kind == Kind::Bad;
        let taken = self.take(bytes);
        let text = if kind == Kind::Text { "" } else { taken };
        Some(Token { kind, text, line, column })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(Kind, &str)> {
        Scanner::new(text).map(|t| (t.kind, t.text)).collect()
    }

    #[test]
    fn strings_and_comments_hide_brackets() {
        let tokens = words("a # [[[\n\"[\\\"[\" `[[\n[` {");
        assert_eq!(
            tokens,
            [(Kind::Word, "a"), (Kind::Text, ""), (Kind::Text, ""), (Kind::Symbol, "{")]
        );
    }

    #[test]
    fn numbers_keep_sign_and_exponent() {
        assert_eq!(
            words("-1.5e+10 - 2"),
            [(Kind::Number, "-1.5e+10"), (Kind::Symbol, "-"), (Kind::Number, "2"),]
        );
    }

    #[test]
    fn an_unfinished_string_or_a_nul_byte_ends_the_scan() {
        assert_eq!(words("x \"abc\ny").last(), Some(&(Kind::Bad, "\"")));
        assert_eq!(words("x \0 y").last().map(|t| t.0), Some(Kind::Bad));
        assert_eq!(words("x := \"a\0b\" y").last().map(|t| t.0), Some(Kind::Bad));
    }

    #[test]
    fn places_count_characters_from_one() {
        let token = Scanner::new("a\n  é").last();
        assert_eq!(token.map(|t| (t.line, t.column)), Some((2, 3)));
    }
}
