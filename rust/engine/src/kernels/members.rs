//! Primitive values against a list of members.

use super::mask;
use crate::literal::Native;

/// Sets the bits of the values that are among the sorted `members`, or of those that are not
/// (`inside` false). NaN is neither: it is in no list, and it is no value that a list could
/// exclude.
pub(crate) fn among<T: Native>(values: &[T], members: &[T], inside: bool, out: &mut [u64]) {
    match members {
        [only] => mask::fill(values, out, |v| (v == *only) == inside && !v.is_nan()),
        members if members.len() <= 8 => mask::fill(values, out, |v| {
            let mut found = false;
            for m in members {
                found |= v == *m;
            }
            found == inside && !v.is_nan()
        }),
        members => mask::fill(values, out, |v| {
            let at = members.partition_point(|m| *m < v);
            let found = members.get(at).is_some_and(|m| *m == v);
            found == inside && !v.is_nan()
        }),
    }
}
