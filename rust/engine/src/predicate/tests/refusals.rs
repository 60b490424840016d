//! What is no expression, or not supported, is refused with its place; nothing panics or hangs.

use proptest::prelude::*;

use super::{columns, evaluate, sql, Outcome, Row};
use crate::error::Code;

fn refused(text: &str) -> (Code, String) {
    let rows = [Row { u: Some("x".into()), ..Row::default() }];
    match evaluate(text, &columns(&rows), 1) {
        Ok(_) => panic!("compiled: {text}"),
        Err(error) => {
            let help = error.help.unwrap_or_default();
            (error.code, format!("{}; {help}", error.message))
        }
    }
}

#[test]
fn the_place_is_named() {
    for (text, place) in [
        ("a > 0 AND\n  LEN(s) > 1", "line 2, column 3"),
        ("a > 0 AND s > 5", "line 1, column 15"),
        ("a >", "breaks off"),
        ("(a > 0", "breaks off"),
        ("a > 0)", "line 1, column 6"),
        ("a > 0; DROP TABLE t", "line 1, column 6"),
        ("s = 'open", "line 1, column 5"),
        ("a = NULL", "line 1, column 5"),
        ("a + 1", "line 1, column 1"),
        ("day > DATE '2026-02-30'", "line 1, column 12"),
    ] {
        let (_, message) = refused(text);
        assert!(message.contains(place), "{text}: {message}");
    }
}

#[test]
fn what_is_not_supported_is_refused() {
    for (text, said) in [
        ("SELECT 1", "a statement"),
        ("DROP TABLE t", "a statement"),
        ("DELETE FROM t WHERE a > 1", "a statement"),
        ("a IN (SELECT a FROM t)", "IN with anything but"),
        ("EXISTS (SELECT 1)", "a subquery"),
        ("(SELECT 1) = a", "a subquery"),
        ("a > ALL (SELECT 1)", "a subquery"),
        ("a > ANY (SELECT 1)", "a subquery"),
        ("COUNT(*) > 1", "no function"),
        ("SUM(a) OVER () > 1", "no function"),
        ("LENGTH(DISTINCT s) > 1", "plain arguments"),
        ("LENGTH(s, s) > 1", "one argument"),
        ("LENGTH() > 1", "one argument"),
        ("LENGHT(s) > 1", "did you mean LENGTH?"),
        ("SUBSTRING(s FROM 1) = 'a'", "no function"),
        ("pg_sleep(10) IS NULL", "no function"),
        ("current_date > day", "no function"),
        ("CAST(s AS INT) > 1", "a cast"),
        ("s::int > 1", "a cast"),
        ("s ILIKE 'a%'", "ILIKE"),
        ("s SIMILAR TO 'a%'", "a regular expression"),
        ("s ~ 'a'", "operator"),
        ("s || s = 'aa'", "operator"),
        ("a / 2 > 1", "division"),
        ("a % 2 = 1", "division"),
        ("a & 1 = 1", "operator"),
        ("a -> 'x' IS NULL", "operator"),
        ("day + INTERVAL '1 day' > day", "arithmetic with times"),
        ("at AT TIME ZONE 'UTC' > at", "arithmetic with times"),
        ("s = X'00'", "literal"),
        ("s = $1", "literal"),
        ("s = ?", "literal"),
        ("a[1] = 1", "construct"),
        ("(a, b) = (1, 2)", "construct"),
        ("a = 10L", "literal"),
        ("s COLLATE \"de\" = 'a'", "construct"),
        ("s LIKE u", "a pattern"),
        ("s LIKE 'a' ESCAPE 'ab'", "ESCAPE"),
        ("s LIKE 'ab' ESCAPE 'a'", "escape"),
        ("at > TIMESTAMP WITH TIME ZONE '2026-01-01 00:00:00'", "zone"),
        ("", "empty"),
        ("  -- nothing\n", "empty"),
    ] {
        let (code, message) = refused(text);
        assert_eq!(code, Code::BadExpression, "{text}: {message}");
        assert!(message.contains(said), "{text}: {message}");
    }
}

#[test]
fn kinds_do_not_mix() {
    for (text, code) in [
        ("a", Code::BadExpression),
        ("1", Code::BadExpression),
        ("s", Code::BadExpression),
        ("a AND flag", Code::BadExpression),
        ("a = s", Code::BadExpression),
        ("a = flag", Code::BadExpression),
        ("flag = 1", Code::BadExpression),
        ("1 = 1", Code::BadExpression),
        ("day = at", Code::BadExpression),
        ("a = '1'", Code::BadLiteral),
        ("s = 1", Code::BadLiteral),
        ("day = TIME '10:00'", Code::BadLiteral),
        ("day > 5", Code::BadLiteral),
        ("at > TIMESTAMP '2026-01-01T00:00:00'", Code::BadLiteral),
        ("at > 'yesterday'", Code::BadLiteral),
        ("a IN (1, NULL)", Code::BadExpression),
        ("a BETWEEN NULL AND 1", Code::BadExpression),
        ("a + s > 1", Code::BadExpression),
        ("day + 1 > day", Code::BadExpression),
        ("-s = 'a'", Code::BadExpression),
        ("a + NULL > 1", Code::BadExpression),
        ("LENGTH(a) > 1", Code::BadExpression),
        ("LOWER('A') = s", Code::BadExpression),
        ("COALESCE(a, s) = 1", Code::BadExpression),
        ("COALESCE(TIME '10:00') = at", Code::BadExpression),
        ("COALESCE(NULL) = a", Code::BadExpression),
        ("COALESCE(1, 'a') = a", Code::BadLiteral),
        ("COALESCE(a, flag)", Code::BadExpression),
        ("CASE WHEN a THEN 1 END = 1", Code::BadExpression),
        ("a + 1e300 > 1", Code::BadLiteral),
    ] {
        assert_eq!(refused(text).0, code, "{text}");
    }
}

#[test]
fn size_and_depth_are_bounded() {
    let deep = [
        format!("{}a > 0{}", "(".repeat(5_000), ")".repeat(5_000)),
        format!("{}a > 0{}", "(".repeat(400), ")".repeat(400)),
        format!("{} flag", "NOT ".repeat(900)),
        format!("flag{}", " IS TRUE".repeat(400)),
        format!("a{} > 0", " + a".repeat(900)),
        format!("{}a{} > 0", "COALESCE(a, ".repeat(300), ")".repeat(300)),
        format!("{}a{} > 0", "CASE WHEN flag THEN ".repeat(200), " END".repeat(200)),
        format!("{}1{} = a", "CASE ".repeat(60), " WHEN 1 THEN 1 WHEN 2 THEN 2 END".repeat(60)),
        format!("flag{}", " AND flag".repeat(20_000)),
        format!("a IN ({})", "1, ".repeat(10_000) + "1"),
        format!("s = '{}'", "x".repeat(70_000)),
        format!("{} a > 0", "- ".repeat(900)),
        format!("{}flag{}", "flag = (".repeat(300), ")".repeat(300)),
        format!("{}1{}", "f(".repeat(300), ")".repeat(300)),
    ];
    for text in deep {
        let (code, message) = refused(&text);
        let start: String = text.chars().take(40).collect();
        assert!(matches!(code, Code::TooLarge | Code::BadExpression), "{start}: {message}");
        assert!(message.len() < 400, "{start}");
    }
    let rows = [Row { flag: Some(true), a: Some(7), ..Row::default() }];
    let wide = format!("flag{}", " AND flag".repeat(900));
    assert_eq!(super::outcomes(&wide, &rows), [Outcome::Yes]);
    let many: Vec<_> = (0..4_000).map(|n| n.to_string()).collect();
    assert_eq!(super::outcomes(&format!("a IN ({})", many.join(",")), &rows), [Outcome::Yes]);
}

#[test]
fn names_are_data() {
    for (text, path) in [
        (r#""a.b" > 1"#, "a.b"),
        ("a.b.c > 1", "a.b.c"),
        (r#"a."b; DROP TABLE t" > 1"#, "a.b; DROP TABLE t"),
        (r#""with ""quotes""" > 1"#, r#"with "quotes""#),
        (r#""select" > 1"#, "select"),
        ("größe > 1", "größe"),
        ("\"\u{1b}[31m\" > 1", "\u{1b}[31m"),
    ] {
        let expr = sql::parse(text).unwrap();
        let columns: Vec<_> = expr.columns().iter().map(|column| column.path).collect();
        assert_eq!(columns, [path], "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,80}") {
        let _ = sql::parse(&text);
    }

    #[test]
    fn no_words_make_the_compiler_panic(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "a", "d", "f", "s", "flag", "day", "at", "1", "0.5", "'a'", "NULL", "TRUE", "AND",
                "OR", "NOT", "IS", "IN", "(", ")", ",", "=", "<", "+", "-", "*", "BETWEEN", "LIKE",
                "CASE", "WHEN", "THEN", "ELSE", "END", "COALESCE", "LENGTH", "DISTINCT", "FROM",
                "DATE", ".", "SELECT", "::", "[", "]", "INTERVAL", "CAST", "AS",
            ]),
            0..14,
        )
    ) {
        let rows = [Row::default()];
        let known = |text: &str| {
            sql::parse(text).is_ok_and(|expr| {
                expr.columns().iter().all(|c| columns(&rows).iter().any(|(name, _)| *name == c.path))
            })
        };
        let text = words.join(" ");
        if known(&text) {
            let _ = evaluate(&text, &columns(&rows), 1);
        }
    }
}
