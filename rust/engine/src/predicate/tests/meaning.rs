//! What expressions mean where it is not obvious.

use super::Outcome::{Fault, No, Unknown, Yes};
use super::{outcomes, Row};

fn numbers() -> Vec<Row> {
    let f = |f| Row { f: Some(f), ..Row::default() };
    vec![f(1.0), f(f64::NAN), f(-0.0), f(f64::INFINITY), Row::default()]
}

#[test]
fn every_comparison_with_nan_is_false() {
    let rows = numbers();
    for text in ["f = 1", "f <> 1", "f < 1", "f >= 1", "f BETWEEN 0 AND 9", "f IN (1, 2)"] {
        assert_eq!(outcomes(text, &rows)[1], No, "{text}");
    }
    for text in ["f NOT BETWEEN 0 AND 9", "f NOT IN (1, 2)", "f = f", "f <> f", "f > f + 1"] {
        assert_eq!(outcomes(text, &rows)[1], No, "{text}");
    }
    // NOT turns over what was found, whatever it was.
    assert_eq!(outcomes("NOT (f = 1)", &rows)[1], Yes);
    assert_eq!(outcomes("f IS NULL", &rows)[1], No);
    assert_eq!(outcomes("f IS NOT DISTINCT FROM f", &rows)[1], Yes);
    assert_eq!(outcomes("f IS DISTINCT FROM 1", &rows), [No, Yes, Yes, Yes, Yes]);
    assert_eq!(outcomes("f = 0", &rows), [No, No, Yes, No, Unknown]);
}

#[test]
fn a_bound_beyond_all_doubles_leaves_infinity_outside() {
    let rows = numbers();
    assert_eq!(outcomes("f < 1e399", &rows), [Yes, No, Yes, No, Unknown]);
    assert_eq!(outcomes("f > 1e399", &rows), [No, No, No, Yes, Unknown]);
    assert_eq!(outcomes("f >= -1e399", &rows), [Yes, No, Yes, Yes, Unknown]);
    assert_eq!(outcomes("f < -1e399", &rows), [No, No, No, No, Unknown]);
}

#[test]
fn literals_are_exact_in_the_type_of_their_column() {
    let row = |a, d| Row { a: Some(a), d: Some(d), b: Some(1), ..Row::default() };
    let rows = [row(9_007_199_254_740_993, 10), row(9_007_199_254_740_992, 30)];
    assert_eq!(outcomes("a <= 9007199254740992.0", &rows), [No, Yes]);
    assert_eq!(outcomes("d >= 0.1 AND d <= 0.3", &rows), [Yes, Yes]);
    assert_eq!(outcomes("d > 0.1", &rows), [No, Yes]);
    assert_eq!(outcomes("d = 0.105", &rows), [No, No]);
    assert_eq!(outcomes("d <> 0.105", &rows), [Yes, Yes]);
    assert_eq!(outcomes("d < 0.105", &rows), [Yes, No]);
    assert_eq!(outcomes("b < 300 AND b > -300 AND b <> 300", &rows), [Yes, Yes]);
    assert_eq!(outcomes("b > 300 OR b = 300", &rows), [No, No]);
    assert_eq!(outcomes("d + d = 0.20", &rows), [Yes, No]);
    assert_eq!(outcomes("a * a > 81129638414606681695789005144064", &rows), [Yes, No]);
    assert_eq!(outcomes("-a = -9007199254740993", &rows), [Yes, No]);
}

#[test]
fn null_spreads_as_in_sql() {
    let flag = |flag| Row { flag, a: Some(1), ..Row::default() };
    let rows = [flag(Some(true)), flag(Some(false)), flag(None)];
    assert_eq!(outcomes("flag AND d > 0", &rows), [Unknown, No, Unknown]);
    assert_eq!(outcomes("flag OR d > 0", &rows), [Yes, Unknown, Unknown]);
    assert_eq!(outcomes("NOT flag", &rows), [No, Yes, Unknown]);
    assert_eq!(outcomes("flag IS NOT TRUE", &rows), [No, Yes, Yes]);
    assert_eq!(outcomes("flag IS NULL", &rows), [No, No, Yes]);
    assert_eq!(outcomes("flag IS DISTINCT FROM NULL", &rows), [Yes, Yes, No]);
    assert_eq!(outcomes("flag = (a = 1)", &rows), [Yes, No, Unknown]);
    assert_eq!(outcomes("d + a > 0", &rows), [Unknown, Unknown, Unknown]);
    assert_eq!(outcomes("COALESCE(flag, a = 2)", &rows), [Yes, No, No]);
    assert_eq!(outcomes("CASE WHEN flag THEN 'x' ELSE 'yz' END = 'x'", &rows), [Yes, No, No]);
    assert_eq!(outcomes("CASE WHEN flag THEN 1 END = 1", &rows), [Yes, Unknown, Unknown]);
    assert_eq!(
        outcomes("CASE a WHEN 2 THEN FALSE WHEN 1 THEN flag END", &rows),
        [Yes, No, Unknown]
    );
}

#[test]
fn texts_count_code_points_and_compare_by_bytes() {
    let s = |s: &str| Row { s: Some(s.into()), u: Some(s.into()), ..Row::default() };
    let rows = [s("é"), s("e\u{301}"), s("😀"), s("a%b"), s("")];
    assert_eq!(outcomes("LENGTH(s) = 1", &rows), [Yes, No, Yes, No, No]);
    assert_eq!(outcomes("CHAR_LENGTH(u) BETWEEN 2 AND 3", &rows), [No, Yes, No, Yes, No]);
    assert_eq!(outcomes("s > 'z'", &rows), [Yes, No, Yes, No, No]);
    assert_eq!(outcomes("UPPER(s) = 'É'", &rows), [Yes, No, No, No, No]);
    assert_eq!(outcomes("s LIKE '_'", &rows), [Yes, No, Yes, No, No]);
    assert_eq!(outcomes("u LIKE '%!%%' ESCAPE '!'", &rows), [No, No, No, Yes, No]);
    assert_eq!(outcomes("s NOT LIKE '%'", &rows), [No; 5]);
    assert_eq!(outcomes("s = u", &rows), [Yes; 5]);
}

#[test]
fn times_compare_as_instants() {
    let at = |at, day| Row { at: Some(at), day: Some(day), ..Row::default() };
    let rows = [at(0, 0), at(1, 59), Row::default()];
    assert_eq!(outcomes("at = TIMESTAMP '1970-01-01T02:00:00+02:00'", &rows), [Yes, No, Unknown]);
    assert_eq!(outcomes("at > '1970-01-01T00:00:00Z'", &rows), [No, Yes, Unknown]);
    assert_eq!(outcomes("day < DATE '1970-02-28'", &rows), [Yes, No, Unknown]);
    assert_eq!(outcomes("COALESCE(day, DATE '1970-03-01') > '1970-01-01'", &rows), [No, Yes, Yes]);
    assert_eq!(outcomes("COALESCE(at, at) = at", &rows), [Yes, Yes, Unknown]);
}

/// Decimal(5, 2) to the tenth power, two of them: the product has more digits than there are.
const HUGE: &str = "d*d*d*d*d*d*d*d*d*d*d*d*d*d*d*d*d*d*d*d*d*d*d*d*d*d*d";

#[test]
fn what_does_not_fit_is_a_fault_only_where_the_outcome_depends_on_it() {
    let d = |d| Row { d, flag: Some(false), a: Some(1), ..Row::default() };
    let rows = [d(Some(99_999)), d(Some(100)), d(None)];
    assert_eq!(outcomes(&format!("{HUGE} > 2"), &rows), [Fault, No, Unknown]);
    assert_eq!(outcomes(&format!("flag AND {HUGE} > 2"), &rows), [No, No, No]);
    assert_eq!(outcomes(&format!("NOT flag OR {HUGE} > 2"), &rows), [Yes, Yes, Yes]);
    assert_eq!(outcomes(&format!("{HUGE} IS NULL"), &rows), [Fault, No, Yes]);
    assert_eq!(outcomes(&format!("({HUGE} > 2) IS UNKNOWN"), &rows), [Fault, No, Yes]);
    assert_eq!(outcomes(&format!("COALESCE({HUGE}, 1) = 1"), &rows), [Fault, Yes, Yes]);
    assert_eq!(outcomes(&format!("{HUGE} IS DISTINCT FROM b"), &rows), [Fault, Yes, No]);
    assert_eq!(outcomes(&format!("{HUGE} > b"), &rows), [Unknown; 3]);
    assert_eq!(outcomes(&format!("CASE WHEN flag THEN {HUGE} ELSE 1 END = 1"), &rows), [Yes; 3]);
    assert_eq!(
        outcomes(&format!("CASE WHEN {HUGE} > 2 THEN flag ELSE TRUE END"), &rows),
        [Fault, Yes, Yes]
    );
    assert_eq!(outcomes(&format!("({HUGE} > 2) = flag"), &rows), [Fault, Yes, Unknown]);
}

#[test]
fn arithmetic_with_a_float_is_that_of_doubles() {
    let row = |f, d| Row { f: Some(f), d: Some(d), ..Row::default() };
    let rows = [row(0.1, 20), row(f64::MAX, 20), row(f64::INFINITY, 20)];
    assert_eq!(outcomes("f + d = 0.3", &rows), [No, No, No]);
    assert_eq!(outcomes("f + d > 0.3", &rows), [Yes, Yes, Yes]);
    assert_eq!(outcomes("f * 10 < 1e399", &rows), [Yes, No, No]);
    assert_eq!(outcomes("f - f = 0", &rows), [Yes, Yes, No]);
}
