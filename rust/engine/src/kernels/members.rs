//! Primitive values against a set of members, in the form that answers fastest.
//!
//! Integers, dates and times that lie near each other are bits of a table; those that lie far apart
//! have a perfect hash table, in which a value can only be the one member of its slot. Floats and
//! values of more than 64 bits are searched for among the sorted members. Very few members of any
//! kind are compared one by one.

use super::hashed::Hashed;
use super::mask;
use crate::literal::Native;

/// So many are compared one by one rather than hashed, and so many rather than searched for.
const HASHED_FROM: usize = 4;
const SEARCHED_FROM: usize = 9;
/// Bits of a table: 8 KiB, which stay in the nearest cache.
const SPAN: u64 = 1 << 16;
/// A set of values.
#[derive(Debug)]
pub(crate) struct Members<T> {
    /// Sorted, without repeats.
    sorted: Vec<T>,
    form: Form<T>,
}

#[derive(Debug)]
enum Form<T> {
    Few,
    Near { low: u64, bits: Box<[u64; (SPAN / 64) as usize]> },
    Far(Hashed<T>),
    Sorted,
}

impl<T> Members<T> {
    pub(crate) fn len(&self) -> usize {
        self.sorted.len()
    }
}

impl<T: Native> Members<T> {
    /// The set of these values, of which none is NaN.
    pub(crate) fn new(mut members: Vec<T>) -> Self {
        members.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        members.dedup_by(|a, b| a == b);
        let form = Self::form(&members);
        Self { sorted: members, form }
    }

    fn form(members: &[T]) -> Form<T> {
        if members.len() < 2 {
            return Form::Few;
        }
        if let Some((low, bits)) = near(members) {
            return Form::Near { low, bits };
        }
        let hashed = if members.len() < HASHED_FROM { None } else { Hashed::new(members) };
        match hashed {
            Some(table) => Form::Far(table),
            None if members.len() < SEARCHED_FROM => Form::Few,
            None => Form::Sorted,
        }
    }

    /// What runs, in a few words.
    pub(crate) fn explain(&self) -> &'static str {
        match self.form {
            Form::Few => "compared one by one",
            Form::Near { .. } => "bits of a table",
            Form::Far(_) => "a perfect hash table",
            Form::Sorted => "a binary search",
        }
    }

    /// Estimated nanoseconds per value.
    pub(crate) fn cost(&self) -> f64 {
        match self.form {
            Form::Few => 0.2 + 0.4 * self.sorted.len() as f64,
            Form::Near { .. } => 0.6,
            Form::Far(_) => 1.4,
            Form::Sorted => 1.0 + f64::from(self.sorted.len().ilog2()),
        }
    }

    /// Whether every value of the type is a member; never so of types of over 16 bits.
    pub(crate) fn is_everything(&self) -> bool {
        let (low, high) = (T::MIN.key(), T::MAX.key());
        let range = low.zip(high).map(|(low, high)| high.wrapping_sub(low));
        range.is_some_and(|range| self.sorted.len() as u64 == range.saturating_add(1))
    }

    /// Sets the bits of the values that are members, or of those that are not (`inside` false). NaN
    /// is neither: it is in no set, and it is no value that a set could exclude.
    pub(crate) fn among(&self, values: &[T], inside: bool, out: &mut [u64]) {
        match &self.form {
            Form::Few => few(values, &self.sorted, inside, out),
            Form::Near { low, bits } => mask::fill(values, out, |v| {
                let at = v.key().unwrap_or_default().wrapping_sub(*low);
                let word = bits.get((at % SPAN / 64) as usize).copied().unwrap_or_default();
                (word >> (at % 64) & u64::from(at < SPAN) == 1) == inside
            }),
            Form::Far(table) => mask::fill(values, out, |v| table.has(v) == inside),
            Form::Sorted => mask::fill(values, out, |v| {
                let at = self.sorted.partition_point(|m| *m < v);
                let found = self.sorted.get(at).is_some_and(|m| *m == v);
                found == inside && !v.is_nan()
            }),
        }
    }
}

fn few<T: Native>(values: &[T], members: &[T], inside: bool, out: &mut [u64]) {
    match members {
        [only] => mask::fill(values, out, |v| (v == *only) == inside && !v.is_nan()),
        members => mask::fill(values, out, |v| {
            let mut found = false;
            for m in members {
                found |= v == *m;
            }
            found == inside && !v.is_nan()
        }),
    }
}

/// The least member and a bit for each, if all lie within one table.
#[allow(clippy::type_complexity)] // the parts of one form
fn near<T: Native>(sorted: &[T]) -> Option<(u64, Box<[u64; (SPAN / 64) as usize]>)> {
    let low = sorted.first()?.key()?;
    let mut bits = Box::new([0; (SPAN / 64) as usize]);
    for member in sorted {
        let at = member.key()?.wrapping_sub(low);
        *bits.get_mut(usize::try_from(at / 64).ok()?)? |= 1 << (at % 64);
    }
    Some((low, bits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn agrees<T: Native>(members: Vec<T>, values: &[T]) {
        for inside in [true, false] {
            let set = Members::new(members.clone());
            let mut found = vec![0; values.len().div_ceil(64)];
            set.among(values, inside, &mut found);
            for (at, value) in values.iter().enumerate() {
                let plain = members.iter().any(|m| m == value) == inside && !value.is_nan();
                assert_eq!(found[at / 64] >> (at % 64) & 1 == 1, plain, "{value:?} {inside}");
            }
        }
    }

    #[test]
    fn the_form_follows_from_the_members() {
        let form = |members: Vec<i64>| Members::new(members).explain();
        assert_eq!(form(vec![7]), "compared one by one");
        assert_eq!(form(vec![0, 1 << 40]), "compared one by one");
        assert_eq!(form(vec![0, 1, 1 << 40]), "compared one by one");
        assert_eq!(form(vec![0, 1]), "bits of a table");
        assert_eq!(form((-30_000..30_000).step_by(7).collect()), "bits of a table");
        assert_eq!(form((0..9).map(|n| n << 40).collect()), "a perfect hash table");
        let edges = vec![i64::MIN, -1, 0, 1, 2, 3, 4, 5, i64::MAX];
        assert_eq!(form(edges.clone()), "a perfect hash table");
        agrees(edges.clone(), &edges);
        assert_eq!(Members::new((0..8).map(f64::from).collect()).explain(), "compared one by one");
        assert_eq!(Members::new((0..9).map(f64::from).collect()).explain(), "a binary search");
        assert_eq!(Members::new((0..9).map(i128::from).collect()).explain(), "a binary search");
    }

    #[test]
    fn large_sets_have_a_table_without_collisions() {
        for step in [1 << 13, 1_000_003, 1 << 20] {
            let members: Vec<i64> = (0..20_000).map(|n| n * step - (1 << 40)).collect();
            let set = Members::new(members.clone());
            assert_eq!(set.explain(), "a perfect hash table", "{step}");
            let mut found = vec![0; members.len().div_ceil(64)];
            set.among(&members, false, &mut found);
            assert!(found.iter().all(|word| *word == 0), "{step}");
            let beside: Vec<i64> = members.iter().map(|m| m + 1).collect();
            set.among(&beside, true, &mut found);
            assert!(found.iter().all(|word| *word == 0), "{step}");
        }
    }

    #[test]
    fn only_small_types_can_be_listed_in_full() {
        assert!(Members::new((i8::MIN..=i8::MAX).collect()).is_everything());
        assert!(!Members::new((i8::MIN..i8::MAX).collect()).is_everything());
        assert!(Members::new((0..=u16::MAX).collect()).is_everything());
        assert!(!Members::new(vec![0_u64]).is_everything());
        assert!(!Members::new(vec![0.0_f32]).is_everything());
    }

    proptest! {
        #[test]
        fn near_or_far_it_is_the_same_set(
            members in prop::collection::vec(any::<i64>(), 1..60),
            values in prop::collection::vec(any::<i64>(), 0..200),
            shift in 0_u32..60,
        ) {
            let members: Vec<i64> = members.iter().map(|m| m >> shift).collect();
            let mut values: Vec<i64> = values.iter().map(|v| v >> shift).collect();
            values.extend(&members);
            values.extend(members.iter().map(|m| m.wrapping_add(1)));
            agrees(members, &values);
        }

        #[test]
        fn every_width_is_the_same_set(
            members in prop::collection::vec(any::<i32>(), 1..60),
            values in prop::collection::vec(any::<i32>(), 0..200),
        ) {
            let all: Vec<i32> = values.iter().chain(&members).copied().collect();
            agrees(members.iter().map(|m| *m as i8).collect(), &all.iter().map(|v| *v as i8).collect::<Vec<_>>());
            agrees(members.iter().map(|m| *m as u16).collect(), &all.iter().map(|v| *v as u16).collect::<Vec<_>>());
            agrees(members.iter().map(|m| *m as u32).collect(), &all.iter().map(|v| *v as u32).collect::<Vec<_>>());
            agrees(members.iter().map(|m| f64::from(*m)).collect(), &all.iter().map(|v| f64::from(*v)).collect::<Vec<_>>());
            agrees(members.clone(), &all);
        }
    }

    #[test]
    fn nan_is_in_no_set_and_in_no_complement() {
        let members: Vec<f64> = (0..9).map(f64::from).collect();
        agrees(members, &[f64::NAN, -0.0, 0.0, 8.0, 9.0]);
    }
}
