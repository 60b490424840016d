//! From a program to the table of a dense automaton, within limits of time and memory.

use std::collections::HashMap;

use regex_automata::dfa::{dense, Automaton, StartKind};
use regex_automata::nfa::thompson::NFA;
use regex_automata::{Input, MatchKind};

use crate::kernels::dfa::{Dfa, Draft, ACCEPT, REJECT};

/// Bytes of an automaton's table, and of what it takes to determine it.
const TABLE_BYTES: usize = 2 << 20;
const DETERMINIZE_BYTES: usize = 8 << 20;

/// The dense automaton, unless it would be too large.
pub(super) fn determine(nfa: &NFA, lengths: (usize, usize)) -> Option<Dfa> {
    let config = dense::Config::new()
        .accelerate(false)
        .start_kind(StartKind::Unanchored)
        .match_kind(MatchKind::All)
        .dfa_size_limit(Some(TABLE_BYTES))
        .determinize_size_limit(Some(DETERMINIZE_BYTES));
    let dfa = dense::Builder::new().configure(config).build_from_nfa(nfa).ok()?;
    let start = dfa.start_state_forward(&Input::new(b"")).ok()?;
    // One byte of every class.
    let classes: [u8; 256] = std::array::from_fn(|byte| dfa.byte_classes().get(byte as u8));
    let mut samples: Vec<u8> = Vec::new();
    for byte in 0..=u8::MAX {
        if usize::from(classes[usize::from(byte)]) == samples.len() {
            samples.push(byte);
        }
    }
    let mut found = vec![start];
    let mut names = HashMap::from([(start, ACCEPT + 1)]);
    let width = samples.len();
    let mut next = vec![vec![REJECT; width], vec![ACCEPT; width]];
    let mut accepts = vec![false, true];
    let mut at = 0;
    while let Some(state) = found.get(at).copied() {
        let row = samples.iter().map(|byte| {
            let to = dfa.next_state(state, *byte);
            if dfa.is_dead_state(to) {
                REJECT
            } else if dfa.is_match_state(to) {
                ACCEPT
            } else {
                *names.entry(to).or_insert_with(|| {
                    found.push(to);
                    found.len() + ACCEPT
                })
            }
        });
        next.push(row.collect());
        accepts.push(dfa.is_match_state(dfa.next_eoi_state(state)));
        at += 1;
    }
    let mut draft = Draft { classes: Box::new(classes), next, accepts, start: ACCEPT + 1 };
    settle(&mut draft);
    Dfa::new(draft, lengths, TABLE_BYTES)
}

/// Replaces states from which only acceptance, or only rejection, can follow. The automaton of the
/// crate tells a match one byte late; this tells it in time. A few rounds find what matters.
fn settle(draft: &mut Draft) {
    for _ in 0..8 {
        let mut names: Vec<usize> = (0..draft.next.len()).collect();
        for (state, (row, accepts)) in draft.next.iter().zip(&draft.accepts).enumerate().skip(2) {
            let fate = if *accepts { ACCEPT } else { REJECT };
            if row.iter().all(|to| *to == fate || *to == state) {
                names[state] = fate;
            }
        }
        if names.iter().enumerate().all(|(state, name)| state == *name) {
            return;
        }
        // Only states that can still be reached keep a place.
        let mut places = HashMap::from([(REJECT, REJECT), (ACCEPT, ACCEPT)]);
        let mut order = vec![REJECT, ACCEPT];
        let mut place = |state: usize, order: &mut Vec<usize>| {
            let state = names[state];
            *places.entry(state).or_insert_with(|| {
                order.push(state);
                order.len() - 1
            })
        };
        draft.start = place(draft.start, &mut order);
        let mut next = Vec::new();
        while let Some(state) = order.get(next.len()).copied() {
            next.push(draft.next[state].iter().map(|to| place(*to, &mut order)).collect());
        }
        draft.accepts = order.iter().map(|state| draft.accepts[*state]).collect();
        draft.next = next;
    }
}
