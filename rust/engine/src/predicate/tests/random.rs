//! Random expressions over random rows mean what the naive interpreter says, in every layout.

use arrow_array::{Array, ArrayRef};
use arrow_select::concat::concat;
use proptest::prelude::*;

use super::naive::{Bool, Num, Op, Text};
use super::{columns, evaluate, read, Outcome, Row};
use crate::kernels::encoding;

const TEXTS: [&str; 7] = ["", "a", "ab", "AB", "É", "é'", "b%"];

fn op() -> impl Strategy<Value = Op> {
    prop::sample::select(Op::ALL.to_vec())
}

fn literal_number() -> impl Strategy<Value = Num> {
    prop_oneof![
        (-3i64..4).prop_map(|n| Num::Literal(n * 100)),
        (-400i64..400).prop_map(Num::Literal)
    ]
}

fn literal_text() -> impl Strategy<Value = Text> {
    prop::sample::select(TEXTS.to_vec()).prop_map(Text::Literal)
}

fn number(depth: u32) -> BoxedStrategy<Num> {
    let leaf = prop::sample::select(vec![Num::A, Num::B, Num::D, Num::F]);
    if depth == 0 {
        return leaf.boxed();
    }
    let other = move || prop_oneof![number(depth - 1), literal_number()];
    let sign = prop::sample::select(vec!['+', '-', '*']);
    prop_oneof![
        4 => leaf,
        1 => (sign, number(depth - 1), other())
            .prop_map(|(sign, l, r)| Num::Calculate(sign, l.into(), r.into())),
        1 => number(depth - 1).prop_map(|n| Num::Negate(n.into())),
        1 => text(depth - 1).prop_map(Num::Length),
        1 => (number(depth - 1), other()).prop_map(|(l, r)| Num::Coalesce(l.into(), r.into())),
        1 => (condition(depth - 1), other(), number(depth - 1))
            .prop_map(|(w, t, o)| Num::Case(w.into(), t.into(), o.into())),
    ]
    .boxed()
}

fn text(depth: u32) -> BoxedStrategy<Text> {
    let leaf = prop::sample::select(vec![Text::S, Text::U]);
    if depth == 0 {
        return leaf.boxed();
    }
    let other = move || prop_oneof![text(depth - 1), literal_text()];
    prop_oneof![
        4 => leaf,
        1 => text(depth - 1).prop_map(|t| Text::Lower(t.into())),
        1 => text(depth - 1).prop_map(|t| Text::Upper(t.into())),
        1 => (text(depth - 1), other()).prop_map(|(l, r)| Text::Coalesce(l.into(), r.into())),
        1 => (condition(depth - 1), text(depth - 1))
            .prop_map(|(w, t)| Text::Case(w.into(), t.into())),
    ]
    .boxed()
}

fn condition(depth: u32) -> BoxedStrategy<Bool> {
    let flat = depth.min(1);
    let other = move || prop_oneof![number(flat), literal_number()];
    let leaf = prop_oneof![
        1 => Just(Bool::Flag),
        4 => (op(), number(flat), other()).prop_map(|(op, l, r)| Bool::Numbers(op, l, r)),
        1 => (op(), literal_number(), number(flat)).prop_map(|(op, l, r)| Bool::Numbers(op, l, r)),
        2 => (op(), text(flat), prop_oneof![text(flat), literal_text()])
            .prop_map(|(op, l, r)| Bool::Texts(op, l, r)),
        1 => (op(), 0i32..5).prop_map(|(op, day)| Bool::Days(op, day)),
        1 => (number(flat), other(), other(), any::<bool>())
            .prop_map(|(n, l, h, negated)| Bool::Between(n, l, h, negated)),
        1 => (number(flat), prop::collection::vec(literal_number(), 1..12), any::<bool>())
            .prop_map(|(n, members, negated)| Bool::In(n, members, negated)),
        1 => (number(flat), prop::collection::vec(other(), 1..3), any::<bool>())
            .prop_map(|(n, members, negated)| Bool::In(n, members, negated)),
        1 => (text(flat), prop::collection::vec(literal_text(), 1..4), any::<bool>())
            .prop_map(|(t, members, negated)| Bool::InTexts(t, members, negated)),
        1 => (text(flat), prop::sample::select(vec!["", "a", "é"]), any::<bool>())
            .prop_map(|(t, prefix, negated)| Bool::Prefix(t, prefix, negated)),
        1 => (number(flat), any::<bool>()).prop_map(|(n, negated)| Bool::NullNumber(n, negated)),
        1 => (text(flat), any::<bool>()).prop_map(|(t, negated)| Bool::NullText(t, negated)),
        1 => (number(flat), other(), any::<bool>())
            .prop_map(|(l, r, negated)| Bool::Distinct(l, r, negated)),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let inner = move || condition(depth - 1);
    let constant = prop::sample::select(vec![Some(true), Some(false), None]);
    prop_oneof![
        4 => leaf,
        1 => inner().prop_map(|b| Bool::Not(b.into())),
        2 => prop::collection::vec(inner(), 2..4).prop_map(Bool::And),
        2 => prop::collection::vec(inner(), 2..4).prop_map(Bool::Or),
        1 => (inner(), constant).prop_map(|(b, c)| Bool::Or(vec![b, Bool::Constant(c)])),
        1 => (op(), inner(), inner()).prop_map(|(op, l, r)| Bool::Bools(op, l.into(), r.into())),
        1 => (inner(), prop::sample::select(vec![Some(true), Some(false), None]), any::<bool>())
            .prop_map(|(b, truth, negated)| Bool::Is(b.into(), truth, negated)),
        1 => (inner(), inner(), any::<bool>())
            .prop_map(|(l, r, negated)| Bool::DistinctBools(l.into(), r.into(), negated)),
        1 => (inner(), inner()).prop_map(|(l, r)| Bool::Coalesce(l.into(), r.into())),
        1 => (inner(), inner(), inner())
            .prop_map(|(w, t, o)| Bool::Case(w.into(), t.into(), o.into())),
    ]
    .boxed()
}

fn row() -> impl Strategy<Value = Row> {
    fn maybe<T: std::fmt::Debug + Clone>(
        values: impl Strategy<Value = T>,
    ) -> impl Strategy<Value = Option<T>> {
        prop::option::weighted(0.8, values)
    }
    let floats = vec![f64::NAN, f64::INFINITY, -0.0, 0.0, 0.1, 0.5, 1.0, -1.25, 2.0, -3.0];
    let texts = || prop::sample::select(TEXTS.to_vec()).prop_map(str::to_owned);
    (
        maybe(-4i64..5),
        maybe(-4i8..5),
        maybe(-400i128..400),
        maybe(prop::sample::select(floats)),
        maybe(texts()),
        maybe(texts()),
        maybe(any::<bool>()),
        maybe(0i32..5),
    )
        .prop_map(|(a, b, d, f, s, u, flag, day)| Row {
            a,
            b,
            d,
            f,
            s,
            u,
            flag,
            day,
            at: None,
        })
}

/// The same columns behind other rows, so that buffers start elsewhere.
fn sliced(columns: Vec<(&'static str, ArrayRef)>) -> Vec<(&'static str, ArrayRef)> {
    let shift = |array: ArrayRef| {
        let plain = encoding::decode(&array).unwrap();
        let ahead = plain.slice(0, plain.len().min(3));
        let joined = concat(&[&ahead, &plain]).unwrap();
        joined.slice(ahead.len(), plain.len())
    };
    columns.into_iter().map(|(name, array)| (name, shift(array))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn an_expression_means_what_the_naive_interpreter_says(
        expression in condition(3), rows in prop::collection::vec(row(), 0..150)
    ) {
        let text = expression.to_string();
        let truth = evaluate(&text, &columns(&rows), rows.len())
            .unwrap_or_else(|error| panic!("{text}: {error:?}"));
        let expected: Vec<_> = rows.iter().map(|row| Outcome::from(expression.truth(row))).collect();
        prop_assert_eq!(read(&truth, rows.len()), expected, "{}", text);
        let again = evaluate(&text, &sliced(columns(&rows)), rows.len()).unwrap();
        prop_assert_eq!(again.yes, truth.yes);
        prop_assert_eq!(again.no, truth.no);
    }
}
