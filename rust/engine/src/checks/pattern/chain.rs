//! Patterns that are a chain of classes, each with its repetition, such as those of e-mail addresses
//! and identifiers: the form that [`kernels::marks`](crate::kernels::marks) decides.

use regex_syntax::hir::{Class as HirClass, Hir, HirKind, Look};

use crate::kernels::marks::{Chain, Class, Step, CLASSES};

/// Most steps of a chain, and most bytes of a bounded repetition: beyond, an automaton is faster.
const STEPS: usize = 24;
const MOST: u32 = 16;
/// No text that is looked at holds longer runs.
const RUN: u32 = 63;

/// The chain that decides what `hir` does, if it is one.
pub(super) fn chain(hir: &Hir) -> Option<Chain> {
    let mut parts = Vec::new();
    flatten(hir, &mut parts);
    let from_start = matches!(parts.first()?.kind(), HirKind::Look(Look::Start));
    let to_end = matches!(parts.last()?.kind(), HirKind::Look(Look::End));
    let inner = parts.get(usize::from(from_start)..parts.len() - usize::from(to_end))?;
    let mut made =
        Chain { classes: Vec::new(), steps: Vec::new(), from_start, to_end, beyond: false };
    for part in inner {
        add(&mut made, part)?;
    }
    (made.steps.len() <= STEPS && !made.steps.is_empty()).then_some(made)
}

/// The members of a sequence, without the groups around them.
fn flatten<'a>(hir: &'a Hir, parts: &mut Vec<&'a Hir>) {
    match hir.kind() {
        HirKind::Concat(members) => members.iter().for_each(|member| flatten(member, parts)),
        HirKind::Capture(group) => flatten(&group.sub, parts),
        HirKind::Empty => {}
        _ => parts.push(hir),
    }
}

fn add(made: &mut Chain, part: &Hir) -> Option<()> {
    match part.kind() {
        HirKind::Literal(literal) => {
            for byte in &literal.0 {
                let class = number(made, Class::of([*byte].into_iter()), !byte.is_ascii())?;
                run(made, class, 1);
            }
            Some(())
        }
        HirKind::Class(class) => {
            let class = class_of(made, class)?;
            run(made, class, 1);
            Some(())
        }
        HirKind::Repetition(repeated) => {
            let class = match sub(&repeated.sub).kind() {
                HirKind::Class(class) => class_of(made, class)?,
                HirKind::Literal(literal) => match *literal.0 {
                    [byte] => number(made, Class::of([byte].into_iter()), !byte.is_ascii())?,
                    _ => return None,
                },
                _ => return None,
            };
            if repeated.min > RUN {
                return None;
            }
            run(made, class, repeated.min as u8);
            match repeated.max {
                None => made.steps.push(Step::Any(class)),
                Some(max) if max == repeated.min => {}
                Some(max) if max - repeated.min <= MOST => {
                    made.steps.push(Step::Most(class, (max - repeated.min) as u8));
                }
                Some(_) => return None,
            }
            Some(())
        }
        _ => None,
    }
}

fn sub(hir: &Hir) -> &Hir {
    match hir.kind() {
        HirKind::Capture(group) => sub(&group.sub),
        _ => hir,
    }
}

/// Adds `count` bytes of the class, to the run before if it is one of the same.
fn run(made: &mut Chain, class: u8, count: u8) {
    if count == 0 {
        return;
    }
    match made.steps.last_mut() {
        Some(Step::Run(last, length)) if *last == class && *length + count <= RUN as u8 => {
            *length += count;
        }
        _ => made.steps.push(Step::Run(class, count)),
    }
}

fn class_of(made: &mut Chain, class: &HirClass) -> Option<u8> {
    let (bytes, beyond): (Vec<u8>, bool) = match class {
        HirClass::Unicode(class) => (
            class
                .iter()
                .flat_map(|range| range.start() as u32..=(range.end() as u32).min(0x7f))
                .map(|point| point as u8)
                .collect(),
            class.iter().any(|range| range.end() > '\x7f'),
        ),
        HirClass::Bytes(class) => (
            class.iter().flat_map(|range| range.start()..=range.end()).collect(),
            class.iter().any(|range| range.end() > 0x7f),
        ),
    };
    number(made, Class::of(bytes.into_iter()), beyond)
}

fn number(made: &mut Chain, class: Class, beyond: bool) -> Option<u8> {
    made.beyond |= beyond;
    let known = made.classes.iter().position(|known| *known == class);
    let at = known.unwrap_or_else(|| {
        made.classes.push(class);
        made.classes.len() - 1
    });
    (at < CLASSES).then_some(at as u8)
}
