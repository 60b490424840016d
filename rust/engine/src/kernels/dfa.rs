//! Deterministic automata over bytes, eight rows at a time.
//!
//! One row is a chain: each byte's state waits for the one before it. Eight rows are eight chains
//! that the processor follows at once. They end at different places, so every lane runs to the end
//! of the longest row, over whatever stands behind its own, and leaves a trace of its states; the
//! one at the row's end is the answer. That costs less than a branch for every end.

use super::rows::{Question, Row, Rows};

const LANES: usize = 8;
/// Bytes of a row between two looks at where rows end.
const BLOCK: usize = 64;
/// Bytes of a row between two looks at whether all lanes are settled.
const STEP: usize = 8;

/// The state that no byte leaves and that rejects.
pub(crate) const REJECT: usize = 0;
/// The state that no byte leaves and that accepts.
pub(crate) const ACCEPT: usize = 1;
/// Most states of a [`Narrow`] table.
pub(crate) const NARROW: usize = 256;

/// Where each byte leads from each state.
pub(crate) trait Transitions {
    type State: Copy;

    fn next(&self, state: Self::State, byte: u8) -> Self::State;

    /// Whether no state can still be left.
    fn settled(states: [Self::State; LANES]) -> bool;
}

/// One byte per transition, for at most 256 states.
#[derive(Debug)]
pub(crate) struct Narrow(Box<[u8; NARROW * 256]>);

impl Transitions for Narrow {
    type State = u8;

    #[inline]
    fn next(&self, state: u8, byte: u8) -> u8 {
        self.0[usize::from(state) << 8 | usize::from(byte)]
    }

    #[inline]
    fn settled(states: [u8; LANES]) -> bool {
        states.iter().fold(0, |all, s| all | s) <= ACCEPT as u8
    }
}

/// Two bytes per transition, and bytes that no state tells apart share a column.
#[derive(Debug)]
pub(crate) struct Wide {
    classes: Box<[u8; 256]>,
    shift: u32,
    next: Box<[u16]>,
}

impl Transitions for Wide {
    type State = u16;

    #[inline]
    fn next(&self, state: u16, byte: u8) -> u16 {
        let class = self.classes[usize::from(byte)];
        let at = usize::from(state) << self.shift | usize::from(class);
        self.next.get(at).copied().unwrap_or(REJECT as u16)
    }

    #[inline]
    fn settled(states: [u16; LANES]) -> bool {
        states.iter().fold(0, |all, s| all | s) <= ACCEPT as u16
    }
}

/// The states of an automaton while it is written down: for each the states that the classes of
/// bytes lead to, and whether the text may end there. The first two are [`REJECT`] and [`ACCEPT`].
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) classes: Box<[u8; 256]>,
    pub(crate) next: Vec<Vec<usize>>,
    pub(crate) accepts: Vec<bool>,
    pub(crate) start: usize,
}

#[derive(Debug)]
enum Table {
    Narrow(Narrow),
    Wide(Wide),
}

/// A complete automaton, and the lengths in bytes beyond which it accepts nothing.
#[derive(Debug)]
pub(crate) struct Dfa {
    table: Table,
    accepts: Box<[bool]>,
    start: u16,
    shortest: usize,
    longest: usize,
}

impl Dfa {
    /// The automaton, unless its table would take more than `most_bytes`.
    pub(crate) fn new(draft: Draft, lengths: (usize, usize), most_bytes: usize) -> Option<Self> {
        let Draft { classes, next, accepts, start } = draft;
        let start = u16::try_from(start).ok()?;
        u16::try_from(next.len().checked_sub(1)?).ok()?;
        let table = if next.len() <= NARROW {
            let mut bytes = vec![0u8; NARROW * 256];
            for (row, next) in bytes.chunks_exact_mut(256).zip(&next) {
                for (to, class) in row.iter_mut().zip(classes.iter()) {
                    *to = u8::try_from(*next.get(usize::from(*class))?).ok()?;
                }
            }
            Table::Narrow(Narrow(bytes.into_boxed_slice().try_into().ok()?))
        } else {
            let width = next.first()?.len().next_power_of_two();
            if next.len() * width * 2 > most_bytes {
                return None;
            }
            let mut words = vec![0u16; next.len() * width];
            for (row, next) in words.chunks_exact_mut(width).zip(&next) {
                for (to, state) in row.iter_mut().zip(next) {
                    *to = u16::try_from(*state).ok()?;
                }
            }
            Table::Wide(Wide { classes, shift: width.trailing_zeros(), next: words.into() })
        };
        let accepts = accepts.into();
        Some(Self { table, accepts, start, shortest: lengths.0, longest: lengths.1 })
    }

    /// Whether every text is accepted.
    pub(crate) fn accepts_all(&self) -> bool {
        usize::from(self.start) == ACCEPT && self.shortest == 0 && self.longest == usize::MAX
    }

    /// States of the automaton.
    pub(crate) fn states(&self) -> usize {
        self.accepts.len()
    }
}

impl Question for Dfa {
    fn ask<R: Rows>(&self, rows: &R, first: usize, asked: u64) -> u64 {
        let mut asked = asked;
        if self.shortest > 0 || self.longest < usize::MAX {
            let mut rest = asked;
            while rest != 0 {
                let len = rows.len_of(first + rest.trailing_zeros() as usize);
                if len < self.shortest || len > self.longest {
                    asked &= !(rest & rest.wrapping_neg());
                }
                rest &= rest - 1;
            }
        }
        let accepts = |state: usize| self.accepts.get(state).copied().unwrap_or(false);
        match &self.table {
            Table::Narrow(table) => in_lanes(rows, first, asked, |lanes| {
                run(table, self.start as u8, lanes).map(|s| accepts(usize::from(s)))
            }),
            Table::Wide(table) => in_lanes(rows, first, asked, |lanes| {
                run(table, self.start, lanes).map(|s| accepts(usize::from(s)))
            }),
        }
    }
}

/// Deals the asked rows to the lanes, and collects the bits of those that are accepted.
#[inline]
fn in_lanes<R: Rows>(
    rows: &R,
    first: usize,
    asked: u64,
    accepted: impl Fn(&[Row<'_>; LANES]) -> [bool; LANES],
) -> u64 {
    let mut found = 0;
    let mut rest = asked;
    while rest != 0 {
        // A lane without a row of its own repeats the row before it.
        let mut row = Row::default();
        let mut lanes = [row; LANES];
        let mut bits = [0u64; LANES];
        for (lane, bit) in lanes.iter_mut().zip(&mut bits) {
            if rest != 0 {
                row = rows.row(first + rest.trailing_zeros() as usize);
                *bit = rest & rest.wrapping_neg();
                rest &= rest - 1;
            }
            *lane = row;
        }
        for (yes, bit) in accepted(&lanes).into_iter().zip(bits) {
            found |= bit & u64::from(yes).wrapping_neg();
        }
    }
    found
}

/// The state of each row at its end.
#[inline]
fn run<T: Transitions>(table: &T, start: T::State, lanes: &[Row<'_>; LANES]) -> [T::State; LANES] {
    let longest = lanes.iter().map(Row::len).max().unwrap_or(0);
    let mut states = [start; LANES];
    let mut ends = states;
    let mut base = 0;
    loop {
        let mut trace = [[start; BLOCK + 1]; LANES];
        for (trace, state) in trace.iter_mut().zip(states) {
            trace[0] = state;
        }
        let mut done = 0;
        let mut settled = false;
        while done < (longest - base).min(BLOCK) && !settled {
            let words = lanes.map(|lane| lane.word::<STEP>(base + done));
            for at in 0..STEP {
                for lane in 0..LANES {
                    let state = table.next(states[lane], words[lane][at]);
                    states[lane] = state;
                    trace[lane][done + at + 1] = state;
                }
            }
            done += STEP;
            settled = T::settled(states);
        }
        for lane in 0..LANES {
            match lanes[lane].len().checked_sub(base) {
                Some(at) if at <= done => ends[lane] = trace[lane][at],
                Some(_) if settled => ends[lane] = states[lane],
                _ => {}
            }
        }
        base += BLOCK;
        if settled || base >= longest {
            return ends;
        }
    }
}
