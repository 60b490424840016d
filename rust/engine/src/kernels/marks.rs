//! Texts of up to 63 ASCII bytes against a chain of classes, by the bits of a few words.
//!
//! Bit `i` of a word of marks says that what was matched so far may end before byte `i`. A class of
//! the text is a word too: bit `i` says that byte `i` belongs to it. One class is then one `and` and
//! one shift for all places at once, and a repetition without end is one addition, whose carry runs
//! through the bytes of the class (Cameron et al., "Bitwise data parallelism in regular expression
//! matching", PACT 2014). The words of eight texts take each step together. What this does not
//! decide is left to an automaton.
#![allow(unsafe_code)] // calls of code for processor features that were just detected
#![allow(
    clippy::inline_always,
    reason = "a loop takes the features of the function that it is inlined into"
)]

#[cfg(target_arch = "x86_64")]
mod x86;

use std::array::from_fn;
use std::fmt;

use super::rows::Rows;

/// Bytes of a text whose places, and the one behind it, are the bits of a word.
const LONGEST: usize = 63;
/// Most different classes of a chain.
pub(crate) const CLASSES: usize = 8;
/// Texts whose words take a step together.
const LANES: usize = 8;

/// A set of ASCII bytes: bit `h` of byte `l` stands for the byte `16 h + l`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class([u8; 16]);

impl Class {
    /// Those of the bytes that are ASCII.
    pub(crate) fn of(bytes: impl Iterator<Item = u8>) -> Self {
        let mut rows = [0; 16];
        for byte in bytes.filter(u8::is_ascii) {
            rows[usize::from(byte & 15)] |= 1 << (byte >> 4);
        }
        Self(rows)
    }
}

/// One step along a chain; the number is that of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// So many bytes of the class, at least one.
    Run(u8, u8),
    /// Up to so many bytes of the class.
    Most(u8, u8),
    /// Any number of bytes of the class.
    Any(u8),
}

/// A chain of steps, which begins and ends anywhere in the text, or at its ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) classes: Vec<Class>,
    pub(crate) steps: Vec<Step>,
    pub(crate) from_start: bool,
    pub(crate) to_end: bool,
    /// Some class has characters beyond ASCII: then a text that has some is not decided.
    pub(crate) beyond: bool,
}

/// What a chain asks of a text where every byte has its class: the length, and for each class the
/// places of its bytes.
struct Exact {
    len: usize,
    places: [u64; CLASSES],
}

/// A word of each text.
type Lanes = [u64; LANES];

/// What is seen of a group of texts.
#[derive(Clone, Copy)]
struct Group {
    /// The places of each class.
    classes: [Lanes; CLASSES],
    lens: Lanes,
}

/// What is known of the rows of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) found: u64,
    /// Rows that are not decided.
    pub(crate) open: u64,
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bits of {} classes in short texts", self.classes.len())
    }
}

impl Chain {
    /// Looks at the asked rows, on a processor where that is faster than an automaton.
    pub(crate) fn ask<R: Rows>(&self, rows: &R, first: usize, asked: u64) -> Known {
        #[cfg(target_arch = "x86_64")]
        if self.classes.len() <= CLASSES {
            use super::cpu::{level, Level};
            match (level(), self.exact()) {
                // SAFETY: this level is only used on processors that have its features.
                (Level::V4, None) => return unsafe { x86::v4(self, rows, first, asked) },
                (Level::V4, Some(exact)) => {
                    // SAFETY: as above.
                    return unsafe { x86::exact_v4(self, &exact, rows, first, asked) };
                }
                // SAFETY: as above.
                (Level::V3, None) => return unsafe { x86::v3(self, rows, first, asked) },
                (Level::V3, Some(exact)) => {
                    // SAFETY: as above.
                    return unsafe { x86::exact_v3(self, &exact, rows, first, asked) };
                }
                (Level::Base, _) => {}
            }
        }
        let _ = (rows, first);
        Known { found: 0, open: asked }
    }

    /// Whether a text of this length, with bytes beyond ASCII in these places, is left to others.
    #[inline(always)]
    fn leaves(&self, len: usize, other: u64) -> bool {
        self.beyond && other & ((1 << len) - 1) != 0
    }

    /// The rows of a chain that wants one class at each place. `look` says where a text has bytes
    /// beyond ASCII, and where it has not what is wanted.
    #[inline(always)]
    fn compare<R: Rows>(
        &self,
        exact: &Exact,
        rows: &R,
        first: usize,
        asked: u64,
        look: impl Fn(&[u8; 64], &[Class], &[u64; CLASSES]) -> (u64, u64),
    ) -> Known {
        let mut known = Known { found: 0, open: 0 };
        let mut rest = asked;
        while rest != 0 {
            let row = rows.row(first + rest.trailing_zeros() as usize);
            let bit = rest & rest.wrapping_neg();
            rest &= rest - 1;
            if row.len() > LONGEST {
                known.open |= bit;
                continue;
            }
            let (other, missing) = look(&row.word(0), &self.classes, &exact.places);
            if self.leaves(row.len(), other) {
                known.open |= bit;
            } else {
                let yes = missing == 0 && row.len() == exact.len;
                known.found |= bit & u64::from(yes).wrapping_neg();
            }
        }
        known
    }

    /// The rows of any chain. `look` says where a text has bytes beyond ASCII, and puts the places
    /// of each class into the words of a lane.
    #[inline(always)]
    fn follow<R: Rows>(
        &self,
        rows: &R,
        first: usize,
        asked: u64,
        look: impl Fn(&[u8; 64], &[Class], &mut [Lanes; CLASSES], usize) -> u64,
    ) -> Known {
        // All texts are looked at before any is walked through: words that were just stored one by
        // one are slow to read together.
        let mut groups = [Group { classes: [[0; LANES]; CLASSES], lens: [0; LANES] }; 64 / LANES];
        let mut open = 0;
        let mut rest = asked;
        while rest != 0 {
            let at = rest.trailing_zeros() as usize;
            let row = rows.row(first + at);
            rest &= rest - 1;
            if row.len() > LONGEST {
                open |= 1 << at;
                continue;
            }
            let group = &mut groups[at / LANES];
            group.lens[at % LANES] = row.len() as u64;
            let other = look(&row.word(0), &self.classes, &mut group.classes, at % LANES);
            open |= u64::from(self.leaves(row.len(), other)) << at;
        }
        let walked = groups.iter().enumerate().map(|(at, group)| self.walk(group) << (at * LANES));
        let found = walked.fold(0, |found, here| found | here);
        Known { found: found & asked & !open, open }
    }

    #[inline(always)]
    fn exact(&self) -> Option<Exact> {
        let mut exact = Exact { len: 0, places: [0; CLASSES] };
        for step in &self.steps {
            let Step::Run(number, count) = *step else { return None };
            let end = exact.len + usize::from(count);
            if end > LONGEST {
                return None;
            }
            exact.places[usize::from(number) % CLASSES] |= (1 << end) - (1 << exact.len);
            exact.len = end;
        }
        (self.from_start && self.to_end).then_some(exact)
    }

    /// Through which of the texts the chain leads, in the lowest bits.
    #[inline(always)]
    fn walk(&self, texts: &Group) -> u64 {
        let within: Lanes = from_fn(|i| (1 << (texts.lens[i] & 63)) - 1);
        let ends: Lanes = from_fn(|i| within[i] << 1 | 1);
        let mut marks = if self.from_start { [1; LANES] } else { ends };
        for step in &self.steps {
            let (Step::Run(number, _) | Step::Most(number, _) | Step::Any(number)) = *step;
            let class = &texts.classes[usize::from(number) % CLASSES];
            let class: Lanes = from_fn(|i| class[i] & within[i]);
            match *step {
                Step::Run(_, count) => {
                    let places = run(class, count);
                    marks = from_fn(|i| (marks[i] & places[i]) << (count & 63));
                }
                Step::Most(_, count) => {
                    for _ in 0..count {
                        marks = from_fn(|i| marks[i] | (marks[i] & class[i]) << 1);
                    }
                }
                Step::Any(_) => {
                    marks = from_fn(|i| {
                        marks[i] | (marks[i] & class[i]).wrapping_add(class[i]) ^ class[i]
                    });
                }
            }
        }
        let ends = if self.to_end { from_fn(|i| ends[i] ^ within[i]) } else { ends };
        (0..LANES).fold(0, |found, i| found | u64::from(marks[i] & ends[i] != 0) << i)
    }
}

/// The places from which so many bits in a row are set; `count` is 1 to 63.
#[inline(always)]
fn run(class: Lanes, count: u8) -> Lanes {
    let (mut places, mut have) = (class, 1);
    while have < count {
        let more = have.min(count - have);
        places = from_fn(|i| places[i] & places[i] >> (more & 63));
        have += more;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::super::cpu::each_level;
    use super::super::{bits, rows, testing};
    use super::*;
    use proptest::prelude::*;

    /// The chain in the notation of regular expressions.
    fn pattern(chain: &Chain, sets: &[Vec<u8>]) -> String {
        let step = |step: &Step| {
            let (Step::Run(number, _) | Step::Most(number, _) | Step::Any(number)) = *step;
            let set = sets[usize::from(number)].iter().map(|byte| format!(r"\x{byte:02x}"));
            let times = match *step {
                Step::Run(_, count) => format!("{{{count}}}"),
                Step::Most(_, count) => format!("{{0,{count}}}"),
                Step::Any(_) => "*".into(),
            };
            format!("[{}]{times}", set.collect::<String>())
        };
        let steps: String = chain.steps.iter().map(step).collect();
        let start = if chain.from_start { r"(?-u)\A" } else { "(?-u)" };
        format!("{start}{steps}{}", if chain.to_end { r"\z" } else { "" })
    }

    struct Ask<'a>(&'a Chain, &'a std::cell::Cell<u64>);

    impl rows::Question for Ask<'_> {
        fn ask<R: Rows>(&self, rows: &R, first: usize, asked: u64) -> u64 {
            let known = self.0.ask(rows, first, asked);
            assert_eq!(known.found & known.open, 0);
            assert_eq!((known.found | known.open) & !asked, 0);
            self.1.set(self.1.get() + u64::from(known.open.count_ones()));
            known.found
        }
    }

    fn set() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop::sample::select(b"abcAZ09.-_@\x00\x7f".to_vec()), 1..6)
    }

    /// Some chains have runs only: they ask for one class at each place.
    fn steps(classes: u8) -> impl Strategy<Value = Vec<Step>> {
        (1u8..=3).prop_flat_map(move |kinds| prop::collection::vec(step(classes, kinds), 0..7))
    }

    fn step(classes: u8, kinds: u8) -> impl Strategy<Value = Step> {
        (0..classes, 1u8..6, 0..kinds).prop_map(|(class, count, kind)| match kind {
            0 => Step::Run(class, count),
            1 => Step::Most(class, count),
            _ => Step::Any(class),
        })
    }

    proptest! {
        #[test]
        fn a_chain_finds_what_the_regular_expression_matches(
            sets in prop::collection::vec(set(), 3..=3),
            steps in steps(3),
            ends in (any::<bool>(), any::<bool>()),
            texts in prop::collection::vec(
                prop::option::of(prop::collection::vec(prop::sample::select(b"abcAZ09.-_@\x00\x7f\x80".to_vec()), 0..66)),
                0..150,
            ),
            offset in 0usize..64,
        ) {
            let chain = Chain {
                classes: sets.iter().map(|set| Class::of(set.iter().copied())).collect(),
                steps,
                from_start: ends.0,
                to_end: ends.1,
                beyond: false,
            };
            let oracle = regex::bytes::Regex::new(&pattern(&chain, &sets)).unwrap();
            let expected: Vec<usize> = (0..texts.len())
                .filter(|row| texts[*row].as_deref().is_some_and(|t| t.len() <= LONGEST && oracle.is_match(t)))
                .collect();
            let long = texts.iter().flatten().filter(|t| t.len() > LONGEST).count() as u64;
            let all = each_level(|| {
                let open = std::cell::Cell::new(0);
                let found = testing::in_all_layouts(&texts, b"a", offset, |array, valid, out| {
                    open.set(0);
                    rows::fill(array, valid, out, true, &Ask(&chain, &open)).unwrap();
                });
                (found, open.get())
            });
            for (found, open) in &all[1..] {
                prop_assert_eq!(found, &expected);
                prop_assert_eq!(*open, long);
            }
        }

        #[test]
        fn places_of_runs_are_those_of_a_count(class: u64, count in 1u8..64) {
            let expected = bits::ones_of(&[class])
                .filter(|from| (*from..from + usize::from(count)).all(|at| at < 64 && class >> at & 1 == 1))
                .fold(0u64, |word, from| word | 1 << from);
            prop_assert_eq!(run([class; LANES], count), [expected; LANES]);
        }
    }

    #[test]
    fn text_beyond_ascii_is_open_where_a_class_goes_beyond() {
        let texts = [Some("aé".as_bytes().to_vec()), Some(b"ab".to_vec())];
        for beyond in [false, true] {
            let chain = Chain {
                classes: vec![Class::of(b'a'..=b'z')],
                steps: vec![Step::Any(0)],
                from_start: true,
                to_end: true,
                beyond,
            };
            for open in each_level(|| {
                let open = std::cell::Cell::new(0);
                testing::in_all_layouts(&texts, b"a", 0, |array, valid, out| {
                    open.set(0);
                    rows::fill(array, valid, out, true, &Ask(&chain, &open)).unwrap();
                });
                open.get()
            })
            .into_iter()
            .skip(1)
            {
                assert_eq!(open, u64::from(beyond));
            }
        }
    }
}
